"""Sessions that last: killed and resumed, open in two programs, several in one, found again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Start, kept, stored
from tests.e2e.terminal import ENTER, ESC, Terminal

pytestmark = pytest.mark.slow

QUIT = "\x04"  # ctrl+d
PICKER = "\x0f"  # ctrl+o
ALT_LEFT = "\x1b[1;3D"
SLOW = {"AGENT_TUI_DEMO_TPS": "40"}
Script = Callable[..., str]


def kill(terminal: Terminal) -> None:
    os.killpg(terminal.process.pid, signal.SIGKILL)
    terminal.process.wait()


def said(folder: Path) -> str:
    """What the model has said, as far as it is stored."""
    return "".join(event["text"] for event in stored(folder) if event["type"] == "llm_delta")


def test_a_killed_run_is_shown_as_far_as_it_came_and_told_to_the_model(
    start: Start, tmp_path: Path
) -> None:
    first = start(env=SLOW)
    first.submit("write a long essay about the sea")
    first.wait_for("pattern rules, not intelligence")
    first.wait_for(lambda: "the one long text" in said(tmp_path))  # 50 ms after it was on the screen
    kill(first)

    again = start("-c")
    again.wait_for("interrupted: the program ended during this run")
    shown = again.text()
    assert "write a long essay about the sea" in shown
    assert "pattern rules, not intelligence" in shown
    again.ask("what is 2+3*4", "= 14")
    again.type(QUIT)
    assert again.wait_exit() == 0
    events = stored(tmp_path)
    assert [event["status"] for event in events if event["type"] == "run_done"] == [
        "interrupted",
        "completed",
    ]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    starts = [event for event in events if event["type"] == "llm_start"]
    # System text, the prompt, what was said of the answer, and the new prompt.
    assert starts[1]["message_count"] > starts[0]["message_count"] + 1


def test_a_second_program_follows_and_takes_over(start: Start, tmp_path: Path) -> None:
    first = start(env={"AGENT_TUI_DEMO_TPS": "400"})
    first.ask("what is 2+3*4", "= 14")
    first.wait_for(lambda: kept(tmp_path, "run_done"))
    second = start("-c")
    second.wait_for("read-only")
    second.wait_for("= 14")
    first.ask("what is 5*5", "= 25")
    second.wait_for("= 25")
    first.type(QUIT)
    assert first.wait_exit() == 0
    second.wait_for(lambda: "read-only" not in second.text())
    second.ask("what is 6*6", "= 36")


def test_two_sessions_run_at_once_and_quitting_ends_both(start: Start, tmp_path: Path) -> None:
    terminal = start(env=SLOW)
    terminal.submit("write a long essay about the sea")
    terminal.wait_for("running")
    terminal.submit("/new")
    terminal.wait_for("1 ● write a long essay")
    terminal.submit("write a long story about the moon")
    terminal.wait_for("2 ● write a long story")
    terminal.type(ALT_LEFT)
    terminal.wait_for(lambda: "❯ write a long essay about the sea" in terminal.text())
    terminal.type("\x11")  # ctrl+q
    assert terminal.wait_exit() == 0
    ends = [event["status"] for event in stored(tmp_path) if event["type"] == "run_done"]
    assert ends == ["cancelled", "cancelled"]


def test_a_session_is_found_by_its_words_and_opened(start: Start) -> None:
    first = start()
    first.ask("what is 2+3*4", "= 14")
    first.submit("/new")
    first.wait_for("Ask for anything")
    first.ask("what is 5*5", "= 25")
    first.type(QUIT)
    assert first.wait_exit() == 0

    second = start()
    second.type(PICKER)
    second.wait_for("what is 5*5")
    second.wait_for("what is 2+3*4")
    second.type("14")
    second.wait_for("1 found")
    second.type(ENTER)
    second.wait_for(lambda: "2+3*4 = 14" in second.text() and "1 found" not in second.text())


def test_fork_goes_on_from_a_copy(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.ask("what is 2+3*4", "= 14")
    terminal.submit("/fork")
    terminal.wait_for("▎2 ")
    terminal.ask("what is 5*5", "= 25")
    terminal.type(QUIT)
    assert terminal.wait_exit() == 0
    forked = [event["forked_from"] for event in stored(tmp_path) if event.get("forked_from")]
    assert len(forked) == 1


def test_a_deleted_session_comes_back_until_the_end_and_then_is_gone(start: Start, tmp_path: Path) -> None:
    first = start()
    first.ask("say xylophone", "I am the offline demo model")
    first.type(QUIT)
    assert first.wait_exit() == 0

    second = start()
    second.type(PICKER)
    second.wait_for("say xylophone")
    second.type("\x18")  # ctrl+x
    second.wait_for("can be undone")
    second.type("\x18")
    second.wait_for(lambda: "can be undone" not in second.text() and "say xylophone" in second.text())
    second.type("\x18")
    second.wait_for("can be undone")
    second.type(ESC)
    second.wait_for("Ask for anything")
    second.type(QUIT)
    assert second.wait_exit() == 0
    data = b"".join(
        path.read_bytes() for path in (tmp_path / ".home" / "data").glob("journal.db*") if path.is_file()
    )
    assert b"xylophone" not in data
