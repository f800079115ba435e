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
from agent_tui.headless.person import Person
from agent_tui.runtime.runtime import Runtime

MISMATCH = "cassette_mismatch"
ANOTHER_RESULT = (
    "the same call had another result: tools really run, and what they find (a clock, a file, a page) may "
    "have changed since; --replay-tools takes the results from the recording"
)
Verdict = Literal["same", "different", "skipped"]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came of running one run again.

    Attributes:
        note: What the verdict alone does not say.
        cut_short: It was stopped before its end, and differs for that.
    """

    run: RecordedRun
    verdict: Verdict
    note: str = ""
    pair: RunPair | None = None
    cut_short: bool = False


class Verifier:
    """Runs a recording again and compares.

    Args:
        events: The recorded session.
        runs: Those of its runs to run again, in a session that holds what was before them.
        timeout_s: Cancel a run after so long.
        tools_run: Tools really run, and may find the world changed; else their results are recorded ones.
    """

    def __init__(
        self,
        events: Sequence[ev.Event],
        runs: Sequence[RecordedRun],
        *,
        timeout_s: float | None = None,
        tools_run: bool = True,
    ) -> None:
        self._events = events
        self._runs = runs
        self._timeout_s = timeout_s
        self._tools_run = tools_run
        self._runtime: Runtime
        self._session = ""
        self._stopped = False
        self._cut_short = ""
        self._position = 0
        self._person: Person | None = None
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
        self._person = person = Person(run)
        self._cancelling = None
        if not self._stopped:
            self._cut_short = ""
        timer = None
        if self._timeout_s is not None:
            timer = asyncio.get_running_loop().call_later(self._timeout_s, self._time_out)
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
        if self._cut_short and not pair.same:
            return RunReport(run, "different", self._cut_short, pair, cut_short=True)
        mismatch = [event.error for event in events if isinstance(event, ev.RunError)]
        if self._tools_run and _another_result(pair):
            note = ANOTHER_RESULT
        elif not pair.same and mismatch and mismatch[0].code == MISMATCH:
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

    async def _follow(self, run_id: str, person: Person) -> list[ev.Event]:
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

    async def _answer(self, request: ev.ApprovalRequest, person: Person) -> None:
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
        self._cut_short = f"it was stopped here, by a {by}"
        if self._session:
            self._cancel(by)

    def _time_out(self) -> None:
        self._cut_short = f"it was stopped here, after {self._timeout_s:g} s; give --timeout more"
        self._cancel("timeout")

    def _cancel(self, by: str) -> None:
        if self._cancelling is None:
            self._cancelling = asyncio.ensure_future(self._runtime.cancel(self._session, by=by))


def _another_result(pair: RunPair) -> bool:
    """Whether the first difference is what came of a call that is itself the same."""
    first = pair.first
    if first is None or first.a is None or first.b is None or first.a.kind != "tool":
        return False
    both_ran = all({"result", "error"} & fact.fields.keys() for fact in (first.a, first.b))
    return both_ran and not {"tool_name", "args"} & {difference.name for difference in first.differences}


def _tool_args(run: RecordedRun) -> dict[str, object] | None:
    """The arguments of a person's own tool call; None if they are none."""
    try:
        args = json.loads(run.start.input.partition(" ")[2] or "{}")
    except ValueError:
        return None
    return args if isinstance(args, dict) else None
