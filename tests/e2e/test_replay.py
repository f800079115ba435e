"""A session is recorded, looked at again from the command line and from within, and forked."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.terminal import ENTER, ESC, Terminal
from tests.fakes.surroundings import agent_tui

pytestmark = pytest.mark.slow

RIGHT, LEFT, HOME, END = "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F"
NEXT_RUN = "\x1b[1;3C"  # alt+right
F7 = "\x1b[18~"
QUIT = "\x11"  # ctrl+q


def at(terminal: Terminal) -> int:
    """The event that the bar says it stands at."""
    found = re.search(r"event ([\d,]+) of", terminal.text())
    return int(found[1].replace(",", "")) if found else 0


def bar(terminal: Terminal) -> int:
    """The row of the bar, counted from 1 as the mouse does."""
    rows = terminal.screen.display
    return next(number for number, row in enumerate(rows, 1) if "●" in row and "─" in row)


def record(start: Start) -> None:
    terminal = start()
    for question, answer in (("what is (19.5 + 2.3) * 4", "= 87.2"), ("what is 6*7", "= 42")):
        terminal.ask(question, answer)
    terminal.type(QUIT)
    assert terminal.wait_exit() == 0


def stored(folder: Path) -> list[str]:
    """The ids of all sessions in store."""
    (journal,) = folder.rglob("journal.db")
    with sqlite3.connect(journal) as database:
        return [found for (found,) in database.execute("SELECT id FROM sessions")]


def test_a_recorded_session_is_replayed_scrubbed_and_forked(start: Start, tmp_path: Path) -> None:
    record(start)
    (session,) = stored(tmp_path)
    argv = [agent_tui(), "replay", session[:-1], "--speed", "max"]
    with Terminal(argv, cwd=tmp_path, env={"AGENT_TUI_DEMO_TPS": "0"}) as terminal:
        terminal.wait_for(lambda: "paused" in terminal.text() and "run_done" in terminal.text())
        terminal.wait_for(lambda: f"of {at(terminal):,} " in terminal.text())  # it has played to the end

        terminal.type(HOME)
        terminal.wait_for(lambda: at(terminal) == 1 and "87.2" not in terminal.text())
        terminal.type(RIGHT * 3)
        terminal.wait_for(lambda: at(terminal) == 4)
        terminal.type(LEFT)
        terminal.wait_for(lambda: at(terminal) == 3)
        terminal.type(NEXT_RUN)
        terminal.wait_for(lambda: "❯ what is 6*7" in terminal.text() and "run_start" in terminal.text())
        second = at(terminal)
        assert "87.2" in terminal.text()

        terminal.type(f"\x1b[<0;3;{bar(terminal)}M\x1b[<0;3;{bar(terminal)}m")  # a click near the left end
        terminal.wait_for(lambda: at(terminal) < second and "87.2" not in terminal.text())
        terminal.type("g" + str(second))
        terminal.wait_for("go to event")
        terminal.type(ENTER)
        terminal.wait_for(lambda: at(terminal) == second)

        terminal.type("f")
        terminal.wait_for(lambda: "enter" in terminal.text() and "send" in terminal.text())
        terminal.ask("what is 5*9", "= 45")
        terminal.type(QUIT)
        assert terminal.wait_exit() == 0
    assert len(stored(tmp_path)) == 2


def test_the_past_of_an_open_session_is_a_key_away(start: Start) -> None:
    terminal = start(env={"AGENT_TUI_DEMO_TPS": "60"})
    terminal.submit("tell me a long story")
    terminal.wait_for("running")
    terminal.type(F7)
    terminal.wait_for("paused")
    terminal.type(HOME)
    terminal.wait_for(lambda: at(terminal) == 1)
    before = re.search(r"of ([\d,]+)", terminal.text())
    assert before is not None
    terminal.wait_for(lambda: f"of {before[1]} " not in terminal.text())  # it goes on meanwhile
    terminal.type(ESC)
    terminal.wait_for(lambda: "running" in terminal.text() and "esc cancel" in terminal.text())
    terminal.type(ESC)
    terminal.wait_for("cancelled in")
    terminal.type(QUIT)
    assert terminal.wait_exit() == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["nosuch"], "error[not_found]"), (["x", "--speed", "fast"], "'fast' is not a speed")],
)
def test_what_cannot_be_replayed_is_one_line(
    start: Start, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    with Terminal([agent_tui(), "replay", *arguments], cwd=tmp_path) as terminal:
        assert terminal.wait_exit() != 0
        assert complaint in terminal.text()
        assert b"\x1b[?1049h" not in terminal.raw
