"""The contract's invariants, checked on any event stream."""

from __future__ import annotations

from collections.abc import Iterable

from agent_tui.events import types as ev


def check_stream(events: Iterable[ev.Event], *, finished: bool = True) -> None:
    """Asserts every invariant of the event contract.

    Args:
        events: A session's events from the first.
        finished: No run may be open at the end.
    """
    checker = _Checker()
    for event in events:
        checker.see(event)
    if finished:
        assert checker.run is None, f"run {checker.run} has no run_done"


class _Checker:
    def __init__(self) -> None:
        self.seq = 0
        self.ts = ""
        self.run: str | None = None
        self.runs: set[str] = set()
        self.models: set[str | None] = set()
        self.tools: set[str] = set()
        self.ended_tools: set[str] = set()
        self.approvals: set[str] = set()
        self.cancel_called = False
        self.cancelled = False
        self.answer = ""
        self.final: ev.AgentAnswer | None = None

    def see(self, event: ev.Event) -> None:
        self.seq += 1
        assert event.seq == self.seq, f"seq {event.seq} where {self.seq} was due"
        assert event.ts >= self.ts, "ts went back"
        self.ts = event.ts
        if isinstance(event, ev.RunStart):
            assert self.run is None, "a run began inside another"
            assert event.run_id not in self.runs
            self._begin_run(event.run_id)
            return
        if event.run_id is not None:
            assert event.run_id == self.run, f"{event.type} of run {event.run_id} while {self.run} is going"
        self._see_in_run(event)

    def _begin_run(self, run_id: str | None) -> None:
        assert run_id is not None
        self.run = run_id
        self.runs.add(run_id)
        self.cancel_called = self.cancelled = False
        self.answer, self.final = "", None

    def _see_in_run(self, event: ev.Event) -> None:
        match event:
            case ev.LlmStart():
                assert event.span_id not in self.models
                self.models.add(event.span_id)
                self.answer = ""
            case ev.LlmDelta():
                assert event.span_id in self.models, "llm_delta outside of a model call"
                if event.channel == "answer":
                    self.answer += event.text
            case ev.LlmDone() | ev.LlmError():
                assert event.span_id in self.models, f"{event.type} without llm_start"
                self.models.remove(event.span_id)
            case ev.ToolStart():
                assert event.call_id not in self.tools | self.ended_tools, "tool_start twice"
                assert event.call_id not in self.approvals, "tool_start before its approval"
                self.tools.add(event.call_id)
            case ev.ToolOutput() | ev.ToolRetry():
                assert event.call_id in self.tools, f"{event.type} of a tool that is not running"
            case ev.ToolEnd() | ev.ToolFailed() | ev.ToolCancelled():
                assert event.call_id in self.tools, f"{event.type} without tool_start"
                self.tools.remove(event.call_id)
                self.ended_tools.add(event.call_id)
            case ev.ApprovalRequest():
                self.approvals.add(event.call_id)
            case ev.ApprovalResult():
                assert event.call_id in self.approvals, "approval_result without approval_request"
                self.approvals.remove(event.call_id)
            case ev.CancelCalled():
                assert not self.cancel_called, "cancel_called twice"
                self.cancel_called = True
            case ev.Cancelled():
                assert self.cancel_called, "cancelled without cancel_called"
                self.cancelled = True
            case ev.Final():
                self.final = event.answer
            case ev.RunDone():
                self._run_done(event)
            case _:
                pass

    def _run_done(self, event: ev.RunDone) -> None:
        assert self.run is not None, "run_done without run_start"
        assert not self.models, f"model calls left open: {self.models}"
        assert not self.tools, f"tools left open: {self.tools}"
        assert not self.approvals, f"approvals left open: {self.approvals}"
        if event.status in ("cancelled",):
            assert self.cancelled, "a cancelled run without its cancelled event"
        assert self.cancel_called == self.cancelled or event.status == "interrupted"
        if event.status == "completed" and self.final is not None and self.final.repaired is None:
            assert self.answer == self.final.answer, "deltas do not add up to the final answer"
        self.run = None
