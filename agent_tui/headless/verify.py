"""A recorded session run again, as the person ran it: prompts, steers, decisions and cancels in place.

The model is the recording's own, so that whatever comes out differently is the work of the agent,
its tools or its surroundings.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent_tui.events import types as ev
from agent_tui.events.compare import RunPair, compare_runs, compare_until
from agent_tui.events.facts import RecordedRun
from agent_tui.runtime.runtime import Runtime

MISMATCH = "cassette_mismatch"
Verdict = Literal["same", "different", "skipped"]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came of running one run again. ``note`` says what the verdict alone does not."""

    run: RecordedRun
    verdict: Verdict
    note: str = ""
    pair: RunPair | None = None


class Verifier:
    """Runs a recording again and compares.

    Args:
        events: The recorded session.
        runs: Those of its runs to run again, in a session that holds what was before them.
        timeout_s: Cancel a run after so long.
    """

    def __init__(
        self, events: Sequence[ev.Event], runs: Sequence[RecordedRun], *, timeout_s: float | None = None
    ) -> None:
        self._events = events
        self._runs = runs
        self._timeout_s = timeout_s
        self._runtime: Runtime
        self._session = ""
        self._stopped = False
        self._position = 0
        self._person: _Person | None = None
        self._cancelling: asyncio.Future[bool] | None = None

    async def go(self, runtime: Runtime, session_id: str) -> list[RunReport]:
        """Runs them in order, up to the first that differs."""
        self._runtime, self._session = runtime, session_id
        info = await runtime.open_session(session_id)
        self._position = info.last_seq
        reports: list[RunReport] = []
        told = self._runs[0].start.seq if self._runs else 0
        for run in self._runs:
            await self._change_session(told, run.start.seq)
            told = run.start.seq
            report = await self._again(run, info.cwd)
            reports.append(report)
            if report.verdict == "different" or self._stopped:
                break
        return reports

    async def hook(self, start: ev.LlmStart, said: bool) -> None:
        """Does what the person did while the model was speaking; see ``runtime.rerun``."""
        person = self._person
        if person is None:
            return
        if said:
            for text in person.steers_at(start):
                await self._runtime.steer(self._session, text)
            if person.cancels_at(start):
                self._cancel(person.cancelled_by)
        elif person.cut is not None and start.run_id != person.run.start.run_id:
            self._cancel(person.cancelled_by)
            await asyncio.Event().wait()  # the recorded run asked no more

    async def _change_session(self, after: int, before: int) -> None:
        for event in self._events:
            if isinstance(event, ev.SessionUpdate) and after < event.seq < before:
                if event.model is not None:
                    await self._runtime.set_model(self._session, event.model)
                if event.cleared:
                    await self._runtime.clear(self._session)

    async def _again(self, run: RecordedRun, cwd: str) -> RunReport:
        if run.start.agent == "plan":
            return RunReport(run, "skipped", "runs of a planner are not run again")
        if run.start.agent == "tool" and _tool_args(run) is None:
            return RunReport(run, "skipped", "its arguments cannot be read")
        self._person = person = _Person(run)
        self._cancelling = None
        timer = None
        if self._timeout_s is not None:
            timer = asyncio.get_running_loop().call_later(self._timeout_s, self._cancel, "timeout")
        try:
            events = await self._follow(await self._start(run), person)
        finally:
            if timer is not None:
                timer.cancel()
            if self._cancelling is not None:
                await self._cancelling
        start = next(event for event in events if isinstance(event, ev.RunStart))
        now = RecordedRun(run.number, start, events, cwd)
        if person.cut is not None:
            pair = compare_until(run, now, person.cut)
            note = "compared up to where it was " + ("cancelled" if person.cancel else "interrupted")
        else:
            pair, note = compare_runs(run, now), ""
        mismatch = [event.error for event in events if isinstance(event, ev.RunError)]
        if not pair.same and mismatch and mismatch[0].code == MISMATCH:
            note = mismatch[0].message
        return RunReport(run, "same" if pair.same else "different", note, pair)

    async def _start(self, run: RecordedRun) -> str:
        text = run.start.input
        match run.start.agent:
            case "shell":
                submitted = await self._runtime.run_shell(self._session, text)
            case "tool":
                name = text.partition(" ")[0]
                submitted = await self._runtime.call_tool(self._session, name, _tool_args(run) or {})
            case _:
                submitted = await self._runtime.submit(self._session, text)
        return submitted.run_id or ""

    async def _follow(self, run_id: str, person: _Person) -> list[ev.Event]:
        events: list[ev.Event] = []
        async for batch in self._runtime.follow(self._session, self._position):
            for event in batch:
                self._position = event.seq
                if event.run_id != run_id:
                    continue
                events.append(event)
                if isinstance(event, ev.RunDone):
                    return events
                if isinstance(event, ev.ApprovalRequest):
                    await self._answer(event, person)
                if person.seen(event):
                    self._cancel(person.cancelled_by)
        raise RuntimeError("the session ended before its run")

    async def _answer(self, request: ev.ApprovalRequest, person: _Person) -> None:
        answer = person.decide(request)
        if answer is not None:
            await self._runtime.answer(
                self._session,
                request.call_id,
                answer.decision,
                feedback=answer.feedback,
                by="recording",
            )

    def stop(self, by: str) -> None:
        """Stops the run that is going, and runs no more."""
        self._stopped = True
        if self._session:
            self._cancel(by)

    def _cancel(self, by: str) -> None:
        if self._cancelling is None:
            self._cancelling = asyncio.ensure_future(self._runtime.cancel(self._session, by=by))


@dataclass(frozen=True, slots=True)
class _Answered:
    decision: ev.Decision
    feedback: str | None


class _Person:
    """What the person did during a recorded run."""

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

    def decide(self, request: ev.ApprovalRequest) -> _Answered | None:
        """The recorded decision; None to leave the question open, as it was left.

        What ran there unasked may run, and what is not in the recording may not.
        """
        key = _key(request.tool_name, request.args)
        answers = self._asked.get(key)
        if answers:
            answer = answers.pop(0)
            return None if answer.decision == "cancelled" else answer
        if key in self._ran:
            return _Answered("allow", None)
        return _Answered("deny", "the recording has no such call")

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


def _tool_args(run: RecordedRun) -> dict[str, object] | None:
    """The arguments of a person's own tool call; None if they are none."""
    try:
        args = json.loads(run.start.input.partition(" ")[2] or "{}")
    except ValueError:
        return None
    return args if isinstance(args, dict) else None


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


def _decisions(run: RecordedRun) -> tuple[dict[str, list[_Answered]], set[str]]:
    """The answers to each question in order, and the calls that ran."""
    asked: dict[str, str] = {}
    answers: dict[str, list[_Answered]] = {}
    ran: set[str] = set()
    for event in run.events:
        match event:
            case ev.ApprovalRequest():
                asked[event.call_id] = _key(event.tool_name, event.args)
            case ev.ApprovalResult() if event.call_id in asked:
                answer = _Answered(event.decision, event.feedback)
                answers.setdefault(asked[event.call_id], []).append(answer)
            case ev.ToolStart():
                ran.add(_key(event.tool_name, event.args))
            case _:
                pass
    return answers, ran
