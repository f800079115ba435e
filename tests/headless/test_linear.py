"""Linear mode: lines in, lines out."""

from __future__ import annotations

import asyncio
import io
import os
import queue
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_tui.events import types as ev
from agent_tui.events.log import Emitter
from agent_tui.headless.linear import run_linear
from agent_tui.headless.output import Output
from tests.fakes.runtime import FakeRuntime, Script
from tests.headless.test_headless_run import Stream, forever, simple


class Keyboard(io.StringIO):
    """A terminal at which lines are typed while things happen."""

    def __init__(self, *typed: str) -> None:
        super().__init__()
        self._typed: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.type(*typed)

    def isatty(self) -> bool:
        return True

    def type(self, *lines: str) -> None:
        for line in lines:
            self._typed.put(line + "\n")

    def ctrl_d(self) -> None:
        self._typed.put(None)

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(self._typed.get, None)


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def converse(
    script: Script, typed: str | Keyboard | None, prompt: str | None = None, *, code: int = 0
) -> tuple[str, str, FakeRuntime]:
    made: list[FakeRuntime] = []

    async def open_runtime() -> FakeRuntime:
        made.append(FakeRuntime(script))
        return made[0]

    out, err = Stream(), Stream()
    stdin = io.StringIO(typed) if isinstance(typed, str) else typed
    ended = run_linear(open_runtime, cwd=Path("/work"), prompt=prompt, stdin=stdin, output=Output(out, err))
    if isinstance(stdin, Keyboard):
        stdin.ctrl_d()
    assert ended == code
    assert made[0].closed
    return out.text, err.text, made[0]


def test_what_is_typed_is_answered_before_it_ends() -> None:
    out, err, _ = converse(simple, "what is 6*7?\n")
    assert out == "forty-two\n"
    assert err.startswith("agent-tui, model fake.")
    assert "> " in err


def test_a_first_prompt_and_then_a_queued_one() -> None:
    out, _, runtime = converse(simple, "second\n", prompt="first")
    assert out == "forty-two\nforty-two\n"
    assert runtime.prompts == ["first", "second"]


async def asks(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
    call = {"call_id": "c1", "tool_name": "shell", "args": {"command": "rm x"}}
    emit(ev.ApprovalRequest, **call, risk="high", preview="rm x\n\x1b[2J")
    call_id, decision, feedback = await runtime.answers.get()
    emit(ev.ApprovalResult, call_id=call_id, decision=decision, feedback=feedback, by="user")
    emit(ev.Final, answer=ev.AgentAnswer(answer=f"{decision}, {feedback}"))
    return "completed"


async def asks_late(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
    """Asks when all lines could long have been read."""
    for _ in range(20):
        await asyncio.to_thread(lambda: None)
    return await asks(runtime, emit)


def test_an_approval_is_a_question_that_the_end_of_the_input_denies() -> None:
    out, err, _ = converse(asks_late, "delete it\n")
    assert out == "deny, nobody is there to ask\n"
    assert "shell wants to run (high risk):\n    rm x\n    ␛[2J\n" in err
    assert converse(asks, "", prompt="delete it")[0] == out


def test_a_piped_line_answers_the_question_that_comes_later() -> None:
    out, err, runtime = converse(asks_late, "delete it\ny\ndelete it again\nn not now\n")
    assert out == "allow, None\ndeny, not now\n"
    assert runtime.prompts == ["delete it", "delete it again"]
    assert "Allow? y yes, s yes for this session, n no, or n and a reason: y\n" in err


def test_what_is_no_answer_is_not_lost_without_a_word() -> None:
    out, err, runtime = converse(asks, "delete it\nwhat is 6*7\ny\n")
    assert "'what is 6*7' is no answer" in err
    assert out == "allow, None\n"
    assert runtime.prompts == ["delete it"]


async def test_two_who_write_at_once_do_not_mix_their_lines() -> None:
    class Slow(Stream):
        def write(self, text: str) -> int:
            time.sleep(0.002)  # as a terminal that is busy
            return super().write(text)

    output = Output(Stream(), err := Slow())
    output.ask("a question? ")
    output.ask("y\n")
    first = asyncio.create_task(output.flush())
    await asyncio.sleep(0)
    output.note("what came of it")
    await output.flush()
    await first
    assert err.text == "a question? y\nwhat came of it\n"


def test_a_process_without_stdin_has_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert converse(simple, None, prompt="go")[0] == "forty-two\n"


def test_a_piped_quit_comes_after_the_answers() -> None:
    out, err, runtime = converse(simple, "one\ntwo\n/quit\nnever\n")
    assert out == "forty-two\nforty-two\n"
    assert runtime.prompts == ["one", "two"]
    assert "queued" not in err


def test_quit_at_a_terminal_says_what_is_lost() -> None:
    keyboard = Keyboard("first")

    async def script(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        keyboard.type("second", "/quit")
        return await forever(runtime, emit)

    _, err, runtime = converse(script, keyboard, code=130)
    assert err.index("queued\n") < err.index("not started: second\n") < err.index("■ cancelled in")
    assert runtime.cancelled_by == "user"


def test_quit_is_no_answer_but_leaves() -> None:
    assert "■ cancelled" in converse(asks, "delete it\n/quit\n", code=130)[1]
    assert converse(simple, Keyboard("/quit"))[2].prompts == []


def test_ctrl_d_waits_for_what_runs() -> None:
    keyboard = Keyboard("first")

    async def script(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        keyboard.ctrl_d()
        return await asks_late(runtime, emit)

    out, err, _ = converse(script, keyboard)
    assert "leaving when this is done; Ctrl+C stops it" in err
    assert out == "deny, nobody is there to ask\n"


def test_commands() -> None:
    out, err, runtime = converse(
        simple, "/help\n/tools\n/models\n/model x\n/steer left\n/nonsense\n/quit\nnever\n"
    )
    assert "calc, low risk, allow" in err
    assert "fake: usable" in err
    assert "error[config]: 'x' is not a model; name one" in err
    assert "nothing runs that could be steered" in err
    assert "there is no command /nonsense" in err
    assert runtime.prompts == []
    assert out == ""


def test_ctrl_c_stops_the_run_and_not_the_conversation() -> None:
    keyboard = Keyboard("go")

    async def script(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        if len(runtime.prompts) == 3:
            keyboard.type("/quit")
            return await simple(runtime, emit)
        keyboard.type("waits")
        while "waits" not in runtime.prompts:
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGINT)
        try:
            return await forever(runtime, emit)
        finally:
            keyboard.type("again")

    out, err, runtime = converse(script, keyboard)
    assert out.startswith("begun\n")
    assert "not started: waits" in err
    assert "■ cancelled in 1 ms" in err
    assert runtime.prompts == ["go", "waits", "again"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_whatever_is_asked_or_read(number: signal.Signals) -> None:
    at_a_question = number == signal.SIGTERM

    async def script(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        os.kill(os.getpid(), number)
        return await (asks if at_a_question else forever)(runtime, emit)

    _, err, _ = converse(script, Keyboard() if at_a_question else "next\n", "go", code=128 + number)
    assert f"ended by {number.name}\n" in err
    assert "■ cancelled" in err
    assert signal.getsignal(number) is signal.SIG_DFL, "a second one would end it at once"


def test_a_signal_does_not_wait_for_what_is_queued() -> None:
    keyboard = Keyboard("first")

    async def script(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        keyboard.type("second")
        keyboard.ctrl_d()
        while "second" not in runtime.prompts:
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        return await forever(runtime, emit)

    _, err, runtime = converse(script, keyboard, code=128 + signal.SIGTERM)
    assert "not started: second\n" in err
    assert runtime.prompts == ["first", "second"]


def test_what_my_own_command_prints_is_shown() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        emit(ev.ToolStart, call_id="c1", tool_name="shell", args={"command": "ls"}, risk="high")
        emit(ev.ToolOutput, call_id="c1", stream="stdout", text="a file\n")
        emit(ev.ToolEnd, call_id="c1", result="", duration_ms=1.0, summary="exit 0")
        return "completed"

    out, err, _ = converse(script, "!ls\n")
    assert out == "a file\n"
    assert "✓ shell 1 ms exit 0" in err
    assert converse(script, "ls\n")[0] == ""
