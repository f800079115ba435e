"""``agent-tui run`` over a runtime whose run the test writes."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from pathlib import Path

import pytest

from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter
from agent_tui.headless.output import Output
from agent_tui.headless.run import RunRequest, exit_code, run_headless
from tests.fakes.runtime import FakeRuntime, Script


class Stream(io.TextIOWrapper):
    """A text stream over memory that may claim to be a terminal."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def text(self) -> str:
        self.flush()
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue().decode()


class Outcome:
    def __init__(self, script: Script, *, terminal: bool = False, **request: object) -> None:
        self.runtime: FakeRuntime | None = None
        self.out, self.err = Stream(terminal=terminal), Stream(terminal=terminal)

        async def open_runtime() -> FakeRuntime:
            self.runtime = FakeRuntime(script)
            self.runtime.notices = ("a notice",)
            return self.runtime

        asked = RunRequest(prompt="hi", cwd=Path("/work"), **request)  # type: ignore[arg-type]
        self.code = run_headless(asked, open_runtime, Output(self.out, self.err))


def call(emit: Emitter, *pieces: str, attempt: int = 1) -> Emitter:
    inner = emit.within(span_id=f"llm_{attempt}", parent_id="run_1")
    inner(ev.LlmStart, model="fake", attempt=attempt, message_count=1)
    for piece in pieces:
        inner(ev.LlmDelta, text=piece)
    return inner


def finish(emit: Emitter, text: str) -> ev.RunStatus:
    emit(ev.Final, answer=ev.AgentAnswer(answer=text))
    return "completed"


async def simple(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
    call(emit, "for", "ty-two")
    return finish(emit, "forty-two")


def test_the_answer_goes_to_stdout_and_the_rest_to_stderr() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        tool = {"call_id": "c1"}
        emit(ev.ToolStart, **tool, tool_name="calc", args={"expression": "6*7"}, risk="low")
        emit(ev.ToolEnd, **tool, result="42", duration_ms=4.2, summary="42")
        return await simple(_, emit)

    outcome = Outcome(script)
    assert outcome.code == 0
    assert outcome.out.text == "forty-two\n"
    assert outcome.err.text.splitlines() == [
        "note: a notice",
        '⚙ calc {"expression": "6*7"}',
        "✓ calc 4 ms 42",
    ]
    assert outcome.runtime is not None
    assert outcome.runtime.closed


def test_json_prints_the_bytes_of_every_event() -> None:
    outcome = Outcome(simple, json=True)
    lines = outcome.out.text.splitlines()
    assert [codec.decode(line).seq for line in lines] == list(range(1, 8))
    assert [codec.encode(codec.decode(line)).decode() for line in lines] == lines
    assert outcome.code == 0


def test_a_broken_attempt_is_not_written_twice() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        broken = call(emit, "The answer")
        error = ev.ErrorInfo(code="stream_cut", message="cut off", retryable=True)
        broken(ev.LlmError, error=error)
        broken(ev.LlmRetry, attempt=2, delay_s=0.1, error=error)
        call(emit, "The ", "answer is", " 42.", attempt=2)
        return finish(emit, "The answer is 42.")

    outcome = Outcome(script)
    assert outcome.out.text == "The answer is 42.\n"
    assert "cut off; attempt 2 in 0.1 s" in outcome.err.text


def test_a_different_second_attempt_begins_on_a_new_line() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        call(emit, "It is")
        call(emit, "It was", attempt=2)
        return finish(emit, "It was")

    outcome = Outcome(script)
    assert outcome.out.text == "It is\nIt was\n"
    assert "void" in outcome.err.text


def test_an_answer_cut_at_the_limit_is_said_to_be() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        call(emit, "half of")(ev.LlmDone, finish_reason="max_tokens", usage=ev.Usage(), duration_ms=1)
        return finish(emit, "half of")

    outcome = Outcome(script)
    assert outcome.out.text == "half of\n"
    assert "cut off: the model reached its limit" in outcome.err.text


def test_an_answer_that_was_mended_is_written_as_mended() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        call(emit, "raw")
        return finish(emit, "mended")

    assert Outcome(script).out.text == "raw\nmended\n"


def test_text_is_harmless_on_a_terminal_and_untouched_in_a_pipe() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        call(emit, "\x1b[2J[red]")
        return finish(emit, "\x1b[2J[red]")

    assert Outcome(script, terminal=True).out.text == "␛[2J[red]\n"
    assert Outcome(script).out.text == "\x1b[2J[red]\n"


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        ("completed", None, 0),
        ("failed", None, 1),
        ("failed", ev.ErrorInfo(code="model_auth", message=""), 2),
        ("max_steps", None, 3),
        ("failed", ev.ErrorInfo(code="http_503", message="", retryable=True), 4),
        ("cancelled", None, 130),
        ("cancelled", ev.ErrorInfo(code="x", message="", retryable=True), 130),
    ],
)
def test_exit_codes(status: ev.RunStatus, error: ev.ErrorInfo | None, code: int) -> None:
    assert exit_code(status, error) == code


def test_an_error_is_one_line() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        emit(ev.RunError, error=ev.ErrorInfo(code="model_auth", message="no key\n\x1b[31m; set one"))
        return "failed"

    outcome = Outcome(script)
    assert outcome.code == 2
    assert outcome.err.text.splitlines()[-1] == "error[model_auth]: no key␊␛[31m; set one"


async def forever(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
    call(emit, "begun")
    await asyncio.Event().wait()
    raise AssertionError


def test_a_step_is_one_and_what_was_denied_can_be_allowed() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        emit(ev.ApprovalRequest, call_id="c1", tool_name="shell", args={}, risk="high")
        emit(ev.ApprovalResult, call_id="c1", decision="deny", by="headless")
        return "max_steps"

    assert Outcome(script).err.text.splitlines()[1:] == [
        "✗ shell denied: nobody is there to ask; --yes allows it",
        "error[max_steps]: no answer within 1 step; raise --max-steps or ask for less",
    ]


def test_a_time_limit_cancels() -> None:
    outcome = Outcome(forever, timeout_s=0.02)
    assert outcome.code == 130
    assert outcome.out.text == "begun\n"
    assert "error[timeout]: the run took longer than 0.02 s" in outcome.err.text
    assert outcome.runtime is not None
    assert outcome.runtime.cancelled_by == "timeout"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels(number: signal.Signals) -> None:
    async def script(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        os.kill(os.getpid(), number)
        return await forever(runtime, emit)

    outcome = Outcome(script)
    assert outcome.code == 130
    assert outcome.runtime is not None
    assert outcome.runtime.cancelled_by == "signal"


def test_a_reader_that_goes_away_cancels() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    made: list[FakeRuntime] = []

    async def open_runtime() -> FakeRuntime:
        made.append(FakeRuntime(forever))
        return made[0]

    with os.fdopen(writer, "w") as out:
        code = run_headless(RunRequest(prompt="hi", cwd=Path("/work")), open_runtime, Output(out, Stream()))
    assert code == 130
    assert made[0].cancelled_by == "closed output"


def test_what_others_say_cannot_pass_for_a_line_of_its_own() -> None:
    async def script(_: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        emit(ev.ToolStart, call_id="c1", tool_name="calc\n✓ forged", args={}, risk="low")
        error = ev.ErrorInfo(code="x", message="a\n✓ forged\x1b[2J")
        emit(ev.ToolFailed, call_id="c1", error=error, duration_ms=1.0)
        return await simple(_, emit)

    outcome = Outcome(script)
    assert outcome.out.text == "forty-two\n"
    assert "a␊✓ forged␛[2J" in outcome.err.text
    assert not any(line.startswith("✓ forged") for line in outcome.err.text.splitlines())
    assert "\x1b" not in outcome.err.text
