"""Each vocabulary as what it is: a pure function of our events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.clock import SystemClock
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.server.projections.agent import AgentStream, agent_reply, session_usage
from agent_tui.server.projections.api_v1 import ChunkStream
from agent_tui.server.projections.chat import chat_reply, multi_agent_reply
from agent_tui.server.projections.result import RunResult

USAGE = ev.Usage(input_tokens=10, output_tokens=5, cost_usd=0.01)
ERROR = ev.ErrorInfo(code="model_unavailable", message="gone", retryable=True)


def run(*steps: tuple[type[ev.EventBase], dict[str, Any]]) -> list[ev.Event]:
    """A run's events, between ``run_start`` and what ``steps`` end with."""
    seen: list[ev.Event] = []
    log = SessionLog("s1", clock=SystemClock())
    log.observe(seen.append)
    log.append(ev.RunStart, run_id="r1", input="hi", model="demo", agent="react")
    for kind, fields in steps:
        log.append(kind, run_id="r1", **fields)
    return seen


def done(status: ev.RunStatus = "completed") -> tuple[type[ev.EventBase], dict[str, Any]]:
    return ev.RunDone, {"status": status, "steps": 2, "usage": USAGE, "duration_ms": 7.0}


GOOD = run(
    (ev.ReactStepStart, {"step": 1, "max_steps": 12}),
    (ev.LlmStart, {"model": "demo", "attempt": 1, "message_count": 2}),
    (ev.LlmDelta, {"text": "hm", "channel": "thought"}),
    (ev.LlmDelta, {"text": "{", "channel": "action"}),
    (ev.ToolStart, {"call_id": "c1", "tool_name": "calc", "args": {"e": "6*7"}, "risk": "low"}),
    (ev.ToolEnd, {"call_id": "c1", "result": "42", "duration_ms": 1.0}),
    (ev.MemoryUpdate, {"count": 3}),
    (ev.ReactStepStart, {"step": 2, "max_steps": 12}),
    (ev.LlmStart, {"model": "demo", "attempt": 1, "message_count": 4}),
    (ev.LlmDelta, {"text": "4"}),
    (ev.LlmRetry, {"attempt": 2, "delay_s": 0.1, "error": ERROR}),
    (ev.LlmStart, {"model": "demo", "attempt": 2, "message_count": 4}),
    (ev.LlmDelta, {"text": "forty"}),
    (ev.LlmDelta, {"text": "-two"}),
    (ev.Final, {"answer": ev.AgentAnswer(answer="forty-two", confidence=0.9, sources=("calc",))}),
    done(),
)
FAILED = run((ev.RunError, {"error": ERROR}), done("failed"))
CANCELLED = run(
    (ev.LlmStart, {"model": "demo", "attempt": 1, "message_count": 2}),
    (ev.LlmDelta, {"text": "half"}),
    done("cancelled"),
)


def sent(stream: Any, events: Sequence[ev.Event]) -> list[dict[str, Any]]:
    chunks: list[dict[str, Any]] = []
    for event in events:
        stream, new = stream.after(event)
        chunks += new
    return chunks


def test_agent_stream() -> None:
    chunks = sent(AgentStream("s1"), GOOD)
    assert [chunk["type"] for chunk in chunks] == [
        "step_start", "thinking", "tool_call", "tool_result", "step_complete",
        "step_start", "text", "error", "text", "text", "step_complete", "final", "usage",
    ]  # fmt: skip
    assert chunks[2]["name"] == "calc" and chunks[3] | {"duration_ms": 0} == {
        "type": "tool_result", "id": "c1", "result": "42", "is_error": False, "duration_ms": 0,
    }  # fmt: skip
    assert chunks[7]["retrying"] is True
    assert chunks[-2]["response"] == "forty-two" and chunks[-2]["confidence"] == 0.9
    assert chunks[-1]["total_tokens"] == 15 and chunks[-1]["status"] == "completed"


def test_agent_stream_of_runs_that_end_badly() -> None:
    chunks = sent(AgentStream("s1"), FAILED)
    assert [chunk["type"] for chunk in chunks] == ["error", "usage"]
    assert (chunks[0]["code"], chunks[0]["retrying"]) == ("model_unavailable", False)
    chunks = sent(AgentStream("s1"), CANCELLED)
    assert [chunk["type"] for chunk in chunks] == ["text", "usage", "error"]
    assert chunks[-1]["code"] == "run_cancelled"


def test_a_projection_may_stop_and_go_on_anywhere() -> None:
    whole = sent(AgentStream("s1"), GOOD)
    for cut in range(len(GOOD)):
        stream, first = AgentStream("s1"), []
        for event in GOOD[:cut]:
            stream, new = stream.after(event)
            first += new
        assert first + sent(stream, GOOD[cut:]) == whole


def test_the_result_of_a_run() -> None:
    result = RunResult.of(GOOD)
    assert (result.text, result.model, result.status, result.failure) == (
        "forty-two",
        "demo",
        "completed",
        None,
    )
    assert RunResult.of(FAILED).failure == ERROR
    cancelled = RunResult.of(CANCELLED)
    assert cancelled.text == "half"
    assert cancelled.failure is not None and cancelled.failure.code == "run_cancelled"
    assert RunResult.of(run(done("max_steps"))).failure is None


def test_replies() -> None:
    result = RunResult.of(GOOD)
    reply = agent_reply(result, "s1")
    assert {"session_id", "response", "usage"} <= reply.keys() and reply["response"] == "forty-two"
    reply = chat_reply(result, session_id="s1", task_type="sums")
    assert (reply["answer"], reply["model_used"], reply["latency_ms"]) == ("forty-two", "demo", 7.0)
    assert reply["task_type"] == "sums" and reply["needs_human_review"] is False
    assert multi_agent_reply(result) == {"task_id": "r1", "subtasks_count": 1, "final_answer": "forty-two"}
    planned = RunResult.of(run((ev.Plan, {"subtasks": ("a", "b", "c")}), done()))
    assert multi_agent_reply(planned)["subtasks_count"] == 3


def test_usage_of_a_session() -> None:
    usage = session_usage([*GOOD, *FAILED])
    assert (usage["runs"], usage["steps"], usage["usage"]["total_tokens"]) == (2, 4, 30)


def test_chunks() -> None:
    chunks = sent(ChunkStream(), GOOD)
    kinds = [chunk["chunk_type"] for chunk in chunks]
    assert kinds == ["start", "tool_call", "memory_update", "content", "content", "content", "done"]
    assert all(chunk.keys() == {"chunk_type", "content", "tool_call", "memories_count"} for chunk in chunks)
    assert chunks[1]["tool_call"] == {"id": "c1", "name": "calc", "arguments": {"e": "6*7"}}
    assert [chunk["memories_count"] for chunk in chunks[1:3]] == [0, 3]
    for events, why in ((FAILED, "gone"), (CANCELLED, "the run ended: cancelled")):
        last = sent(ChunkStream(), events)[-1]
        assert (last["chunk_type"], last["content"]) == ("error", why)
