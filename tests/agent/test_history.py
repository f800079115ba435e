"""History: the events of a session as the messages its next model call gets."""

from __future__ import annotations

from typing import Any

import pytest

from agent_tui.agent.history import INTERRUPTED, History
from agent_tui.agent.protocols.json_actions import observation_text
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.llm.messages import Message, Text, ToolCall, ToolResult, assistant, user


class Tale:
    def __init__(self) -> None:
        self.history = History()
        self.log = SessionLog("s")
        self.log.observe(self.history.apply)

    def add(self, kind: type[ev.EventBase], **fields: Any) -> None:
        self.log.append(kind, run_id="r", **fields)

    def prompt(self, text: str, agent: str = "react") -> None:
        self.add(ev.RunStart, input=text, model="demo", agent=agent)

    def stream(self, *pieces: str) -> None:
        self.add(ev.LlmStart, span_id="m", model="demo", attempt=1, message_count=1)
        for piece in pieces:
            self.add(ev.LlmDelta, span_id="m", text=piece)

    def llm_done(self, reason: str = "stop") -> None:
        self.add(ev.LlmDone, span_id="m", finish_reason=reason, usage=ev.Usage(), duration_ms=1.0)

    def done(self, status: str = "completed") -> None:
        self.add(ev.RunDone, status=status, steps=1, usage=ev.Usage(), duration_ms=1.0)


def test_question_and_answer() -> None:
    tale = Tale()
    tale.prompt("hi")
    tale.stream("hel", "lo")
    tale.llm_done()
    tale.add(ev.ReactModelRaw, raw='{"type":"final","final":"hello"}')
    tale.done()
    assert tale.history.messages() == [user("hi"), assistant('{"type":"final","final":"hello"}')]


def test_an_observation_of_the_json_protocol_is_the_persons_turn() -> None:
    tale = Tale()
    tale.prompt("2+2?")
    tale.add(ev.ReactModelRaw, raw="{…}")
    tale.add(ev.ToolStart, call_id="c", tool_name="calc", args={}, risk="low")
    tale.add(ev.ToolEnd, call_id="c", result=4, duration_ms=1.0)
    tale.add(ev.ReactObservation, call_id="c", content="4")
    assert tale.history.messages()[-1] == user(observation_text("c", "calc", "4"))


def test_native_calls_get_their_results_in_one_message() -> None:
    tale = Tale()
    tale.prompt("go")
    calls = tuple(ev.ModelCall(call_id=c, name="calc", args={"x": 1}, signature="sig") for c in ("a", "b"))
    tale.add(ev.ReactModelRaw, raw="let me see", calls=calls)
    tale.add(ev.ReactObservation, call_id="a", content="1")
    tale.add(ev.ReactObservation, call_id="b", content="2")
    parts = (Text("let me see"), *(ToolCall(c, "calc", {"x": 1}, "sig") for c in ("a", "b")))
    assert tale.history.messages()[1:] == [
        Message("assistant", parts),
        Message("tool", (ToolResult("a", "calc", "1"), ToolResult("b", "calc", "2"))),
    ]


def test_what_was_streamed_before_a_cancel_is_kept() -> None:
    tale = Tale()
    tale.prompt("tell me")
    tale.stream("Once upon")
    tale.llm_done("cancelled")
    tale.done("cancelled")
    assert tale.history.messages() == [user("tell me"), assistant(f"Once upon\n{INTERRUPTED}")]


def test_a_broken_attempt_leaves_nothing() -> None:
    tale = Tale()
    tale.prompt("tell me")
    tale.stream("wrong")
    tale.add(ev.LlmError, span_id="m", error=ev.ErrorInfo(code="x", message="y"))
    tale.stream("ri")
    tale.llm_done("cancelled")
    assert tale.history.messages()[-1] == assistant(f"ri\n{INTERRUPTED}")


def test_calls_without_results_are_closed_at_the_end_of_the_run() -> None:
    tale = Tale()
    tale.prompt("go")
    calls = tuple(ev.ModelCall(call_id=c, name="shell", args={}) for c in ("a", "b"))
    tale.add(ev.ReactModelRaw, raw="", calls=calls)
    tale.add(ev.ToolCancelled, call_id="a", partial="half", duration_ms=1.0)
    tale.done("cancelled")
    results = tale.history.messages()[-1].parts
    assert [part.call_id for part in results if isinstance(part, ToolResult)] == ["a", "b"]
    assert "half" in results[0].content and INTERRUPTED in results[0].content


def test_a_json_call_that_was_never_allowed_is_told_once() -> None:
    tale = Tale()
    tale.prompt("run: make")
    tale.add(ev.ReactModelRaw, raw="{…}")
    tale.add(ev.ApprovalRequest, call_id="c", tool_name="shell", args={}, risk="high")
    tale.add(ev.ApprovalResult, call_id="c", decision="cancelled", by="user")
    tale.done("cancelled")
    told = user(observation_text("c", "shell", f"{INTERRUPTED} This call did not run."))
    assert tale.history.messages() == [user("run: make"), assistant("{…}"), told]
    tale.prompt("hello")
    assert tale.history.messages()[-2:] == [told, user("hello")]


def test_a_command_of_the_person_becomes_something_they_said() -> None:
    tale = Tale()
    tale.prompt("ls", agent="shell")
    tale.add(ev.ToolStart, call_id="c", tool_name="shell", args={}, risk="high")
    tale.add(ev.ReactObservation, call_id="c", content="a.txt")
    tale.done()
    (message,) = tale.history.messages()
    assert message.role == "user" and "ls" in message.text and "a.txt" in message.text


def test_clear_forgets() -> None:
    tale = Tale()
    tale.prompt("one")
    tale.done()
    tale.log.append(ev.SessionUpdate, cleared=True)
    tale.prompt("two")
    assert tale.history.messages() == [user("two")]


def test_steers_are_said_where_they_were_applied() -> None:
    tale = Tale()
    tale.prompt("one")
    tale.add(ev.SteerApplied, text="be brief")
    assert tale.history.messages() == [user("one"), user("be brief")]


def test_the_oldest_turns_make_room() -> None:
    tale = Tale()
    for number in range(10):
        tale.prompt(f"{number}" * 400)
        tale.done()
    messages = tale.history.messages(context_tokens=250)
    assert [message.text[0] for message in messages] == ["[", "8", "9"]
    assert "8 earlier turns" in messages[0].text
    assert len(tale.history.messages(context_tokens=1)) == 2


def test_every_objection_to_a_malformed_action_is_told() -> None:
    tale = Tale()
    tale.prompt("go")
    for problem in ("first", "second"):
        tale.add(ev.ReactModelRaw, raw="nonsense")
        tale.add(ev.ReactObservation, call_id="protocol", content=problem)
    said = [message.text for message in tale.history.messages()]
    assert said == ["go", "nonsense", "first", "nonsense", "second"]


@pytest.mark.parametrize("native", [True, False])
def test_what_had_ended_before_others_were_cut_short_is_not_said_to_have_never_run(native: bool) -> None:
    tale = Tale()
    tale.prompt("go")
    calls = tuple(ev.ModelCall(call_id=c, name="write_file", args={}) for c in ("a", "b")) if native else ()
    tale.add(ev.ReactModelRaw, raw="both", calls=calls)
    for call_id in ("a", "b"):
        tale.add(ev.ToolStart, call_id=call_id, tool_name="write_file", args={}, risk="medium")
    tale.add(ev.ToolEnd, call_id="a", result={"written": 3}, duration_ms=1.0)
    tale.add(ev.ToolCancelled, call_id="b", partial="", duration_ms=1.0)
    tale.done("cancelled")
    said = "".join(str(message) for message in tale.history.messages())
    assert "written" in said and "did not run" not in said


def test_clearing_in_mid_run_leaves_the_run_its_own_turn() -> None:
    tale = Tale()
    tale.prompt("earlier")
    tale.done()
    tale.prompt("now")
    tale.log.append(ev.SessionUpdate, cleared=True)
    assert tale.history.messages() == [user("now")]
    tale.done()
    tale.prompt("next")
    assert tale.history.messages() == [user("next")]
