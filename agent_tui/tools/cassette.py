"""Tool results out of a recording: nothing is run, asked or written but events.

Calls are matched by position, name and arguments.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_tui.errors import ConflictError
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter
from agent_tui.tools.runner import ToolRunner
from agent_tui.tools.spec import OutcomeKind, ToolOutcome, ToolRequest

MISMATCH = "cassette_mismatch"
_SHOWN = 120
_OWN = frozenset({"seq", "ts", "type", "session_id", "run_id", "span_id", "parent_id", "call_id"})


@dataclass(slots=True)
class RecordedTool:
    """One call of a recording and all it left, in order.

    Attributes:
        content: What the model was told; None if the call was cut short.
    """

    name: str
    args: dict[str, Any]
    events: list[ev.Event] = field(default_factory=list)
    content: str | None = None
    told_at: int | None = None


def read_tools(events: Iterable[ev.Event]) -> list[RecordedTool]:
    """The tool calls of a session, in the order in which they were asked for.

    Calls that run side by side begin in any order, but the model is told of them in its own.
    """
    steps: list[dict[str, RecordedTool]] = [{}]
    for event in events:
        match event:
            case ev.RunStart() | ev.ReactStepStart():
                steps.append({})
            case ev.ToolStart() | ev.ApprovalRequest():
                found = steps[-1].setdefault(event.call_id, RecordedTool(event.tool_name, dict(event.args)))
                found.events.append(event)
            case (
                ev.ApprovalResult()
                | ev.ToolOutput()
                | ev.ToolRetry()
                | ev.ToolEnd()
                | ev.ToolFailed()
                | ev.ToolCancelled()
            ) if event.call_id in steps[-1]:
                steps[-1][event.call_id].events.append(event)
            case ev.ReactObservation() if event.call_id in steps[-1]:
                tool = steps[-1][event.call_id]
                tool.content, tool.told_at = event.content, event.seq
            case _:
                pass
    return [tool for step in steps for tool in _as_asked(list(step.values()))]


def _as_asked(tools: Sequence[RecordedTool]) -> list[RecordedTool]:
    told = [tool for tool in tools if tool.told_at is not None]
    cut_short = [tool for tool in tools if tool.told_at is None]
    return [*sorted(told, key=lambda tool: tool.told_at or 0), *cut_short]


class ToolTape:
    """The calls of a recording and how far they have been played."""

    def __init__(self, tools: Sequence[RecordedTool]) -> None:
        self._tools = tools
        self._next = 0

    async def play(self, emit: Emitter, request: ToolRequest) -> ToolOutcome:
        """The recorded outcome of the next call; its events are written again, under the new id.

        A call that was cut short is begun and waits to be cut short again.

        Raises:
            ConflictError: The recording has no such call next.
        """
        tool = self._take(request)
        open_call = False
        try:
            for event in tool.events:
                if isinstance(event, ev.ToolCancelled) or _unanswered(event):
                    break
                open_call = isinstance(event, ev.ToolStart | ev.ToolOutput | ev.ToolRetry)
                emit(type(event), call_id=request.call_id, **_fields(event))
            if tool.content is None:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            if open_call:
                emit(ev.ToolCancelled, call_id=request.call_id, **_cut(tool))
            raise
        return _outcome(request, tool)

    def _take(self, request: ToolRequest) -> RecordedTool:
        number = self._next + 1
        if number > len(self._tools):
            raise ConflictError(
                f"the recording has {len(self._tools)} tool calls, and {_call(request.name, request.args)} "
                "is one more",
                code=MISMATCH,
            )
        tool = self._tools[self._next]
        if tool.name != request.name or _json(tool.args) != _json(request.args):
            now, was = _call(request.name, request.args), _call(tool.name, tool.args)
            raise ConflictError(
                f"tool call {number} does not match the recording: it is {now}, and was {was}",
                code=MISMATCH,
            )
        self._next = number
        return tool


class CassetteRunner(ToolRunner):
    """``ToolRunner`` that plays a tape in place of running anything."""

    def __init__(self, tape: ToolTape, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self._tape = tape

    async def run(self, request: ToolRequest, *, parent_id: str | None = None) -> ToolOutcome:
        emit = self._emit.within(span_id=request.call_id, parent_id=parent_id)
        return await self._tape.play(emit, request)


def _unanswered(event: ev.Event) -> bool:
    return isinstance(event, ev.ApprovalResult) and event.decision == "cancelled"


def _fields(event: ev.Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in type(event).model_fields if name not in _OWN}


def _cut(tool: RecordedTool) -> dict[str, Any]:
    last = tool.events[-1]
    return _fields(last) if isinstance(last, ev.ToolCancelled) else {"partial": "", "duration_ms": 0.0}


def _outcome(request: ToolRequest, tool: RecordedTool) -> ToolOutcome:
    last = tool.events[-1]
    kind: OutcomeKind = "ok"
    error, truncated, failed = None, False, False
    match last:
        case ev.ToolEnd():
            truncated, failed = last.truncated, last.failed
        case ev.ToolFailed():
            error = last.error
            kind = "denied" if error.code == "tool_denied" else "error"
        case ev.ApprovalResult():
            kind = "denied"
            error = ev.ErrorInfo(code="tool_denied", message=tool.content or "")
        case _:
            pass
    return ToolOutcome(
        request.call_id,
        request.name,
        kind,
        tool.content or "",
        error=error,
        truncated=truncated,
        failed=failed,
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _call(name: str, args: object) -> str:
    text = _json(args)
    return f"{name} {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}"
