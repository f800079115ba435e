"""``/agent/*``: a run as text, thoughts, tool calls and their results, steps, the end and what it cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from agent_tui.events import types as ev
from agent_tui.server.projections.result import RunResult

Chunk = dict[str, Any]
"""One object of the stream; its ``type`` is also the name of the SSE event."""


@dataclass(frozen=True, slots=True)
class AgentStream:
    """Where the stream of one run is. ``step`` is the one that is open, 0 for none."""

    session_id: str
    step: int = 0
    failed: bool = False

    def after(self, event: ev.Event) -> tuple[AgentStream, list[Chunk]]:
        """The stream after one more event of the run, and what is to be sent for it."""
        match event:
            case ev.ReactStepStart():
                start = {"type": "step_start", "step": event.step, "max_steps": event.max_steps}
                return replace(self, step=event.step), [*self._step_complete(), start]
            case ev.Final():
                answer = event.answer.model_dump(mode="json")
                final = {"type": "final", "session_id": self.session_id, "response": answer.pop("answer")}
                return replace(self, step=0), [*self._step_complete(), final | answer]
            case ev.RunError():
                return replace(self, failed=True), [_error(event.error, retrying=False)]
            case ev.RunDone():
                return replace(self, step=0), [*self._step_complete(), *self._end(event)]
            case _:
                return self, _chunks(event)

    def _step_complete(self) -> list[Chunk]:
        return [{"type": "step_complete", "step": self.step}] if self.step else []

    def _end(self, event: ev.RunDone) -> list[Chunk]:
        usage = usage_of(event.usage) | {
            "type": "usage",
            "status": event.status,
            "steps": event.steps,
            "duration_ms": event.duration_ms,
        }
        if event.status == "completed" or self.failed:
            return [usage]
        why = ev.ErrorInfo(code=f"run_{event.status}", message=f"the run ended: {event.status}")
        return [usage, _error(why, retrying=False)]


def _chunks(event: ev.Event) -> list[Chunk]:
    match event:
        case ev.LlmDelta(channel="answer"):
            return [{"type": "text", "content": event.text}]
        case ev.LlmDelta(channel="thought"):
            return [{"type": "thinking", "content": event.text}]
        case ev.LlmRetry():  # what was sent of the broken attempt does not count
            return [_error(event.error, retrying=True)]
        case ev.ToolStart():
            call = {"type": "tool_call", "id": event.call_id, "name": event.tool_name, "args": event.args}
            return [call | {"risk": event.risk}]
        case ev.ToolEnd():
            return [_tool_result(event.call_id, event.result, event.failed, event.duration_ms)]
        case ev.ToolFailed():
            return [_tool_result(event.call_id, event.error.message, True, event.duration_ms)]
        case ev.ToolCancelled():
            return [_tool_result(event.call_id, event.partial, True, event.duration_ms)]
        case _:
            return []


def _tool_result(call_id: str, result: Any, is_error: bool, duration_ms: float) -> Chunk:
    return {
        "type": "tool_result",
        "id": call_id,
        "result": result,
        "is_error": is_error,
        "duration_ms": duration_ms,
    }


def _error(error: ev.ErrorInfo, *, retrying: bool) -> Chunk:
    return {"type": "error", "code": error.code, "message": error.message, "retrying": retrying}


def usage_of(usage: ev.Usage) -> dict[str, Any]:
    """Usage with the sum that others ask for."""
    return usage.model_dump() | {"total_tokens": usage.input_tokens + usage.output_tokens}


def agent_reply(result: RunResult, session_id: str) -> dict[str, Any]:
    """The answer of ``/agent/query``."""
    return {
        "session_id": session_id,
        "run_id": result.run_id,
        "response": result.text,
        "status": result.status,
        "steps": result.steps,
        "usage": usage_of(result.usage),
    }


def session_usage(events: Iterable[ev.Event]) -> dict[str, Any]:
    """What a whole session took: the answer of ``/agent/usage/{id}``, without the id."""
    usage, runs, steps = ev.Usage(), 0, 0
    for event in events:
        if isinstance(event, ev.RunDone):
            usage, runs, steps = usage + event.usage, runs + 1, steps + event.steps
    return {"runs": runs, "steps": steps, "usage": usage_of(usage)}
