"""What the person did during a recorded run: what they said, decided and stopped, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass

from agent_tui.events import types as ev
from agent_tui.events.facts import RecordedRun


@dataclass(frozen=True, slots=True)
class Answered:
    """A decision on a call, with what was said about it."""

    decision: ev.Decision
    feedback: str | None


class Person:
    """The person of one recorded run.

    Args:
        run: The run.

    Attributes:
        cancel: How they cancelled it, if they did.
        cut: The event from which on the run was being stopped, by them or by a crash; else None.
        cancelled_by: Who is said to stop it when it is run again.
    """

    def __init__(self, run: RecordedRun) -> None:
        self.run = run
        self.cancel = next((event for event in run.events if isinstance(event, ev.CancelCalled)), None)
        self.cut = self.cancel.seq if self.cancel is not None else _interrupted_at(run)
        self.cancelled_by = self.cancel.by if self.cancel is not None else "recording"
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._due = self._progress_before_cut()
        self._asked, self._ran = _decisions(run)
        self._steers, self._cut_step = self._by_step()

    def steers_at(self, start: ev.LlmStart) -> list[str]:
        """What the person said between this model call and the next; handed out once."""
        if start.run_id != self.run.start.run_id:
            return []
        return self._steers.pop(start.parent_id, [])

    def cancels_at(self, start: ev.LlmStart) -> bool:
        """Whether the run was stopped while this model call was going on."""
        return start.run_id == self.run.start.run_id and start.parent_id == self._cut_step

    def decide(self, request: ev.ApprovalRequest) -> Answered | None:
        """The recorded decision; None to leave the question open, as it was left.

        What ran there unasked may run, and what is not in the recording may not.
        """
        key = _key(request.tool_name, request.args)
        answers = self._asked.get(key)
        if answers:
            answer = answers.pop(0)
            return None if answer.decision == "cancelled" else answer
        if key in self._ran:
            return Answered("allow", None)
        return Answered("deny", "the recording has no such call")

    def seen(self, event: ev.Event) -> bool:
        """Takes an event of the new run; true once it has come to where the recorded one was stopped."""
        _progress(event, self._begun, self._ended)
        if self._due is None:
            return False
        return len(self._begun) >= self._due[0] and len(self._ended) >= self._due[1]

    def _progress_before_cut(self) -> tuple[int, int] | None:
        """How many tool calls had begun and ended; None if the run was not stopped in one."""
        if self.cut is None:
            return None
        begun: set[str] = set()
        ended: set[str] = set()
        for event in self.run.events:
            if event.seq < self.cut:
                _progress(event, begun, ended)
        return (len(begun), len(ended)) if len(begun) > len(ended) else None

    def _by_step(self) -> tuple[dict[str | None, list[str]], str | None]:
        steers: dict[str | None, list[str]] = {}
        step: str | None = None
        open_step: str | None = None
        for event in self.run.events:
            if self.cut is not None and event.seq >= self.cut:
                break
            match event:
                case ev.LlmStart():
                    step = open_step = event.parent_id
                case ev.LlmDone():
                    open_step = None
                case ev.SteerQueued():
                    steers.setdefault(step, []).append(event.text)
                case _:
                    pass
        return steers, open_step if self.cut is not None else None


def _progress(event: ev.Event, begun: set[str], ended: set[str]) -> None:
    match event:
        case ev.ToolStart() | ev.ApprovalRequest():
            begun.add(event.call_id)
        case ev.ToolEnd() | ev.ToolFailed() | ev.ToolCancelled():
            ended.add(event.call_id)
        case ev.ApprovalResult(decision="deny"):
            ended.add(event.call_id)
        case _:
            pass


def _interrupted_at(run: RecordedRun) -> int | None:
    """The first of the events that ended a run whose program was killed; past the last if none did yet."""
    done = run.done
    if done is None:
        return run.events[-1].seq + 1
    if done.status != "interrupted":
        return None
    cut = done.seq
    for event in reversed(run.events[:-1]):
        if not _closes(event):
            break
        cut = event.seq
    return cut


def _closes(event: ev.Event) -> bool:
    match event:
        case ev.ToolCancelled() | ev.Cancelled() | ev.RunError():
            return True
        case ev.ApprovalResult(decision="cancelled") | ev.LlmDone(finish_reason="cancelled"):
            return True
        case _:
            return False


def _key(name: str, args: object) -> str:
    return f"{name} {json.dumps(args, sort_keys=True)}"


def _decisions(run: RecordedRun) -> tuple[dict[str, list[Answered]], set[str]]:
    """The answers to each question in order, and the calls that ran."""
    asked: dict[str, str] = {}
    answers: dict[str, list[Answered]] = {}
    ran: set[str] = set()
    for event in run.events:
        match event:
            case ev.ApprovalRequest():
                asked[event.call_id] = _key(event.tool_name, event.args)
            case ev.ApprovalResult() if event.call_id in asked:
                answer = Answered(event.decision, event.feedback)
                answers.setdefault(asked[event.call_id], []).append(answer)
            case ev.ToolStart():
                ran.add(_key(event.tool_name, event.args))
            case _:
                pass
    return answers, ran
