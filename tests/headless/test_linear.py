"""Linear mode: lines in, lines out."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path

from agent_tui.events import types as ev
from agent_tui.events.log import Emitter
from agent_tui.headless.linear import run_linear
from agent_tui.headless.output import Output
from tests.fakes.runtime import FakeRuntime, Script
from tests.headless.test_headless_run import Stream, forever, simple


def converse(script: Script, typed: str, prompt: str | None = None) -> tuple[str, str, FakeRuntime]:
    made: list[FakeRuntime] = []

    async def open_runtime() -> FakeRuntime:
        made.append(FakeRuntime(script))
        return made[0]

    out, err = Stream(), Stream()
    code = run_linear(
        open_runtime, cwd=Path("/work"), prompt=prompt, stdin=io.StringIO(typed), output=Output(out, err)
    )
    assert code == 0
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


def test_an_approval_is_a_question_and_a_line() -> None:
    async def script(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        call = {"call_id": "c1", "tool_name": "shell", "args": {"command": "rm x"}}
        emit(ev.ApprovalRequest, **call, risk="high", preview="rm x\n\x1b[2J")
        call_id, decision, feedback = await runtime.answers.get()
        emit(ev.ApprovalResult, call_id=call_id, decision=decision, feedback=feedback, by="user")
        emit(ev.Final, answer=ev.AgentAnswer(answer=f"{decision}, {feedback}"))
        return "completed"

    out, err, _ = converse(script, "", prompt="delete it")
    assert out == "deny, nobody is there to ask\n"
    assert "shell wants to run (high risk):\n    rm x\n    ␛[2J\n" in err


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
    async def script(runtime: FakeRuntime, emit: Emitter) -> ev.RunStatus:
        os.kill(os.getpid(), signal.SIGINT)
        return await forever(runtime, emit)

    out, err, _ = converse(script, "", prompt="go")
    assert out == "begun\n"
    assert "■ cancelled in 1 ms" in err


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
