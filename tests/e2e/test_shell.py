"""The shell as a person meets it: typed into, watched, stopped, resized, left."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Start, kept
from tests.e2e.terminal import ENTER, ESC, READY, Terminal, alive
from tests.fakes.surroundings import agent_tui

pytestmark = pytest.mark.slow

TRACE = "\x14"  # ctrl+t
QUIT = "\x04"  # ctrl+d
KITTY_ESC = "\x1b[27u"
Script = Callable[..., str]


def final(text: str) -> str:
    return json.dumps({"type": "final", "final": text})


def tool(name: str, **args: object) -> str:
    return json.dumps({"type": "tool", "tool_name": name, "args": args})


def test_a_question_is_answered_with_a_tool(start: Start) -> None:
    terminal = start()
    terminal.ask("what is (19.5 + 2.3) * 4", "= 87.2")
    assert "calc" in terminal.text()
    terminal.type(QUIT)
    assert terminal.wait_exit() == 0


def test_the_screen_says_that_it_is_offline(start: Start) -> None:
    start().wait_for("offline demo model")


@pytest.mark.parametrize("key", [ESC, KITTY_ESC], ids=["lone", "kitty"])
def test_esc_stops_a_stream(start: Start, key: str) -> None:
    terminal = start(env={"AGENT_TUI_DEMO_TPS": "40"})
    terminal.submit("write a long essay about the sea")
    terminal.wait_for("pattern rules")  # before the answer begins, Esc would give the question back
    terminal.type(key)
    terminal.wait_for("cancelled in")
    terminal.ask("2+2", "2+2 = 4")


def test_esc_stops_a_command_and_its_processes(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.submit("!sleep 300 & echo $! > pid; echo begun; wait")
    file = tmp_path / "pid"
    terminal.wait_for(lambda: file.exists() and file.read_text().endswith("\n"))
    pid = int(file.read_text())
    terminal.wait_for(
        lambda: any("begun" in line and "echo" not in line for line in terminal.conversation().splitlines())
    )
    terminal.type(ESC)
    terminal.wait_for("cancelled in")
    terminal.wait_for(lambda: not alive(pid))


def test_esc_when_idle_keeps_what_was_typed(start: Start) -> None:
    terminal = start()
    terminal.type("half a thought")
    terminal.wait_for("half a thought")
    terminal.type(KITTY_ESC)  # a lone Esc with text right behind it would be Alt and a key
    terminal.type(" and the rest")
    terminal.wait_for("half a thought and the rest")


def test_an_approval_shows_all_and_takes_one_key(start: Start, script: Script, tmp_path: Path) -> None:
    model = script(tool("write_file", path="note.txt", content="approved words\n"), final("It is written."))
    terminal = start("-m", model)
    terminal.submit("write it")
    terminal.wait_for(lambda: "write_file" in terminal.text() and "approved words" in terminal.text())
    assert not (tmp_path / "note.txt").exists()
    terminal.answer("y", "It is written.")
    assert (tmp_path / "note.txt").read_text() == "approved words\n"


def test_a_denied_call_is_not_run(start: Start, script: Script, tmp_path: Path) -> None:
    model = script(tool("shell", command="touch made"), final("Then I leave it."))
    terminal = start("-m", model)
    terminal.submit("make it")
    terminal.wait_for("touch made")
    terminal.answer("n", "Then I leave it.")
    assert not (tmp_path / "made").exists()


def test_the_trace_opens_and_shows_the_run(start: Start) -> None:
    terminal = start(size=(90, 30))
    terminal.ask("what is 6*7", "= 42")
    terminal.type(TRACE)
    terminal.wait_for(lambda: "run 1" in terminal.text() and "step 1" in terminal.text())


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (200, 50)])
def test_it_works_in_any_size_and_survives_resizing(start: Start, size: tuple[int, int]) -> None:
    terminal = start(size=size)
    terminal.ask("what is 6*7", "= 42")
    terminal.resize(100, 30)
    terminal.ask("what is 6*8", "= 48")
    terminal.resize(60, 16)
    terminal.wait_for(lambda: terminal.screen.display[0].rstrip().endswith(READY))
    assert "❯" in terminal.text()


def test_wide_characters_stay_in_their_columns(start: Start, script: Script) -> None:
    terminal = start("-m", script(final("日本語のテキスト 🚀 done")))
    terminal.submit("こんにちは")
    terminal.wait_for("done")
    text = terminal.text()
    assert "こ" in text and "本" in text
    answer = next(line for line in terminal.screen.display if "done" in line)
    assert "done" in answer


def test_hostile_text_cannot_act_on_the_terminal(start: Start, script: Script) -> None:
    hostile = (
        "\x1b]0;owned\x07\x1b[2J\x1b[31mred [bold red]markup[/] \x9b5n\x1bP+q544e\x1b\\ \x00\x7f end-of-it"
    )
    terminal = start("-m", script(final(hostile)))
    terminal.raw.clear()
    terminal.submit("go")
    terminal.wait_for("end-of-it")
    assert "[bold red]markup[/]" in terminal.text()
    raw = bytes(terminal.raw)
    for sequence in (b"\x1b]0;owned", b"\x1b[2J\x1b[31mred", b"\x9b5n", b"\x1bP+q544e"):
        assert sequence not in raw


def test_queued_prompts_run_in_turn(start: Start) -> None:
    terminal = start()
    terminal.submit("wait 2 seconds")
    terminal.wait_for("running")
    terminal.submit("what is 6*7")
    terminal.wait_for("= 42")


def test_leaving_in_mid_run_is_clean(start: Start) -> None:
    terminal = start(env={"AGENT_TUI_DEMO_TPS": "20"})
    before = terminal.modes()
    terminal.submit("write a long essay about rivers")
    terminal.wait_for("running")
    terminal.type("\x03\x03\x03")
    assert terminal.wait_exit() == 0
    assert before != terminal.modes()  # raw while it ran, as it was before it started
    assert b"\x1b[?1049l" in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(start: Start, number: int) -> None:
    terminal = start()
    terminal.process.send_signal(number)
    assert terminal.wait_exit() == 128 + number
    assert b"\x1b[?1049l" in terminal.raw
    assert b"Traceback" not in terminal.raw


def test_a_killed_session_goes_on(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.ask("what is 6*7", "= 42")
    terminal.wait_for(lambda: kept(tmp_path, "run_done"))
    terminal.process.kill()
    terminal.wait_exit()
    again = start("-c")
    again.wait_for("= 42")


def test_a_megabyte_can_be_pasted(start: Start) -> None:
    terminal = start()
    terminal.type("\x1b[200~" + "x" * 999 + "\n" + "line of text\n" * 80_000 + "\x1b[201~")
    terminal.wait_for("pasted")
    terminal.type(ENTER)
    terminal.wait_for("I am the offline demo model")


def test_linear_mode_is_plain_lines(tmp_path: Path) -> None:
    with Terminal([agent_tui(), "--linear"], cwd=tmp_path, env={"AGENT_TUI_DEMO_TPS": "0"}) as terminal:
        terminal.wait_for(">")
        terminal.type("what is 6*7\r")
        terminal.wait_for("42")
        terminal.type(QUIT)
        assert terminal.wait_exit() == 0
        assert b"\x1b[" not in terminal.raw
