"""What a stream of events has begun and not ended, and the events that would end it.

One rule book for a run that was cancelled, one that failed, and one that a killed program left
open in its journal: every start gets exactly one end, in the order the contract asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent_tui.events import types as ev

PARTIAL_KEPT = 100_000
"""Characters of a running tool's output kept, in case it is cut short."""

EndEvent = tuple[type[ev.EventBase], dict[str, Any]]
"""An event to append: its class and its fields beside ``seq``, ``ts`` and ``session_id``."""


@dataclass(slots=True)
class _Begun:
    event: ev.LlmStart | ev.ToolStart | ev.ApprovalRequest
    text: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, text: str) -> None:
        if self.length < PARTIAL_KEPT:
            self.text.append(text[: PARTIAL_KEPT - self.length])
            self.length += len(text)


class Unfinished:
    """Follows a session's events and knows what is open.

    Attributes:
        run: The run that is going, None between runs.
        usage: Tokens of the run so far.
        steps: Steps of the run so far.
    """

    def __init__(self) -> None:
        self.run: ev.RunStart | None = None
        self.usage = ev.Usage()
        self.steps = 0
        self.cancel_called: ev.CancelCalled | None = None
        self._models: dict[str | None, _Begun] = {}
        self._tools: dict[str, _Begun] = {}
        self._approvals: dict[str, _Begun] = {}
        self._answer: list[str] = []

    @property
    def partial_answer(self) -> str:
        """Answer text streamed since the last model call began."""
        return "".join(self._answer)

    def apply(self, event: ev.Event) -> None:
        match event:
            case ev.LlmDelta():
                if event.channel == "answer":
                    self._answer.append(event.text)
            case ev.ToolOutput(call_id=call_id, text=text, stream=stream):
                if stream != "progress" and call_id in self._tools:
                    self._tools[call_id].add(text)
            case ev.RunStart():
                self.run, self.cancel_called = event, None
                self.usage, self.steps = ev.Usage(), 0
                self._answer.clear()
            case ev.RunDone():
                self.run = None
                self._models.clear()
                self._tools.clear()
                self._approvals.clear()
            case ev.ReactStepStart(step=step):
                self.steps = step
            case ev.LlmStart():
                self._models[event.span_id] = _Begun(event)
                self._answer.clear()
            case ev.LlmDone():
                self._models.pop(event.span_id, None)
                self.usage = self.usage + event.usage
            case ev.LlmError():
                self._models.pop(event.span_id, None)
            case ev.ToolStart():
                self._tools[event.call_id] = _Begun(event)
            case ev.ToolEnd() | ev.ToolFailed() | ev.ToolCancelled():
                self._tools.pop(event.call_id, None)
            case ev.ApprovalRequest():
                self._approvals[event.call_id] = _Begun(event)
            case ev.ApprovalResult():
                self._approvals.pop(event.call_id, None)
            case ev.CancelCalled():
                self.cancel_called = event
            case _:
                pass

    def ends(self, now: datetime, *, by: str = "runtime") -> Iterator[EndEvent]:
        """Ends for everything that is open within the run; the run's own end not included.

        Take them all before they are applied: they are read from the state as it is now.
        """
        for begun in [*self._approvals.values(), *self._tools.values(), *self._models.values()]:
            start = begun.event
            common = {"run_id": start.run_id, "span_id": start.span_id, "parent_id": start.parent_id}
            elapsed = elapsed_ms(start.ts, now)
            match start:
                case ev.ApprovalRequest():
                    yield (
                        ev.ApprovalResult,
                        {**common, "call_id": start.call_id, "decision": "cancelled", "by": by},
                    )
                case ev.ToolStart():
                    partial = "".join(begun.text)
                    fields = {"call_id": start.call_id, "partial": partial, "duration_ms": elapsed}
                    yield ev.ToolCancelled, {**common, **fields}
                case ev.LlmStart():
                    fields = {"finish_reason": "cancelled", "usage": ev.Usage(), "duration_ms": elapsed}
                    yield ev.LlmDone, {**common, **fields}

    def run_done(self, status: ev.RunStatus, now: datetime) -> EndEvent:
        """The end of the run that is going.

        Raises:
            LookupError: None is.
        """
        run = self.run
        if run is None:
            raise LookupError("no run is going")
        return ev.RunDone, {
            "run_id": run.run_id,
            "span_id": run.span_id,
            "status": status,
            "steps": self.steps,
            "usage": self.usage,
            "duration_ms": elapsed_ms(run.ts, now),
        }


def elapsed_ms(since: str, now: datetime) -> float:
    """Milliseconds from an event's ``ts`` to ``now``, never below zero."""
    return max(0.0, round((now - datetime.fromisoformat(since)).total_seconds() * 1000, 3))
