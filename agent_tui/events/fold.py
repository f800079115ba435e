"""Events → view state. Deterministic and total: any prefix of any journal folds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from agent_tui.events import types as ev
from agent_tui.events.calls import Calls
from agent_tui.events.draft import Draft, seconds
from agent_tui.events.sharing import view_copy
from agent_tui.events.texts import Texts, TextsState
from agent_tui.events.view import (
    AnySpan,
    Changes,
    PlanBlock,
    PromptBlock,
    Queued,
    RunSpan,
    SessionView,
    SpanState,
    StepSpan,
    TextState,
)

_TITLE_LENGTH = 60
_RUN_END: dict[ev.RunStatus, SpanState] = {
    "completed": "ok",
    "failed": "error",
    "cancelled": "cancelled",
    "max_steps": "failed",
    "interrupted": "interrupted",
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A fold as it was after ``seq`` events. Its view is read, never written."""

    view: SessionView
    texts: TextsState
    plan: int | None
    forked_at: int

    @property
    def seq(self) -> int:
        return self.view.seq


class Fold:
    """The view of one session, kept up to date event by event."""

    def __init__(self) -> None:
        self._draft = Draft()
        self._texts = Texts(self._draft)
        self._calls = Calls(self._draft)
        self._plan: int | None = None
        self._forked_at = 0

    @property
    def view(self) -> SessionView:
        return self._draft.view

    def checkpoint(self) -> Checkpoint:
        """Everything as it is now, shared and not copied: what is written later is copied then."""
        self._draft.share()
        return Checkpoint(view_copy(self.view), self._texts.save(), self._plan, self._forked_at)

    @classmethod
    def resume(cls, checkpoint: Checkpoint) -> Fold:
        """A fold that goes on from a checkpoint, which stays as it is."""
        fold = cls()
        fold._draft.load(view_copy(checkpoint.view))
        fold._texts.load(checkpoint.texts)
        fold._calls.load()
        fold._plan, fold._forked_at = checkpoint.plan, checkpoint.forked_at
        return fold

    def apply_all(self, events: Iterable[ev.Event]) -> Fold:
        for event in events:
            self.apply(event)
        return self

    @property
    def changes(self) -> Changes:
        """What has changed since ``take_changes``."""
        return self._draft.changes

    def take_changes(self) -> Changes:
        """What has changed since the last call."""
        changes, self._draft.changes = self._draft.changes, Changes()
        return changes

    def apply(self, event: ev.Event) -> None:
        """Takes in the next event. Events up to ``view.seq`` are ignored: they are in it."""
        view = self.view
        if event.seq <= view.seq:
            return
        view.seq = event.seq
        match event:
            case ev.LlmDelta():
                self._texts.llm_delta(event)
            case ev.ToolOutput():
                self._calls.output(event)
            case _:
                view.time = seconds(event.ts)
                self._draft.changes.head = True
                self._rare(event)

    def _rare(self, event: ev.Event) -> None:
        view = self.view
        match event:
            case ev.LlmDelta() | ev.ToolOutput():
                pass
            case ev.SessionStart():
                view.session_id = event.session_id
                view.cwd, view.model, view.version = event.cwd, event.model, event.version
                self._forked_at = _seq_of(event.forked_from)
            case ev.SessionUpdate():
                self._session_update(event)
            case ev.Notice():
                self._draft.notice(event, event.level, event.text)
            case ev.PromptQueued():
                view.queue.append(Queued(event.prompt_id, event.text))
            case ev.PromptUnqueued():
                view.queue = [queued for queued in view.queue if queued.prompt_id != event.prompt_id]
            case ev.RunStart():
                self._run_start(event)
            case ev.ReactStepStart():
                self._step_start(event)
            case ev.LlmStart():
                self._texts.llm_start(event)
            case ev.LlmRetry():
                self._texts.llm_retry(event)
            case ev.LlmDone():
                self._texts.llm_done(event)
            case ev.LlmError():
                self._texts.llm_error(event)
            case ev.ReactModelRaw():
                self._texts.raw(event)
            case ev.ApprovalRequest():
                self._calls.approval_request(event)
            case ev.ApprovalResult():
                self._calls.approval_result(event)
            case ev.ToolStart():
                self._calls.start(event)
            case ev.ToolRetry():
                self._calls.retry(event)
            case ev.ToolEnd():
                self._calls.end(event)
            case ev.ToolFailed():
                self._calls.failed(event)
            case ev.ToolCancelled():
                self._calls.cancelled(event)
            case ev.ReactObservation():
                self._calls.observed(event)
            case ev.SteerQueued():
                view.steers.append(event.text)
            case ev.SteerApplied():
                if event.text in view.steers:
                    view.steers.remove(event.text)
                self._draft.add(PromptBlock(*self._draft.place(event), text=event.text, kind="steer"))
            case ev.Plan():
                self._plan = self._draft.add(
                    PlanBlock(*self._draft.place(event), subtasks=event.subtasks)
                ).index
            case ev.SubtaskStart():
                if plan := self._current_plan():
                    plan.current = event.index
            case ev.SubtaskDone():
                if plan := self._current_plan():
                    plan.results[event.index] = event.result
                    plan.current = None
            case ev.MemoryUpdate():
                view.memories = event.count
            case ev.Final():
                self._texts.final(event)
            case ev.CancelCalled():
                if view.run is not None:
                    view.status = "cancelling"
            case ev.Cancelled():
                self._cancelled(event)
            case ev.RunError():
                self._draft.notice(event, "error", event.error.message)
                if run := self._draft.run():
                    run.error = event.error
            case ev.RunDone():
                self._run_done(event)
            case _:
                assert_never(event)

    # Session

    def _session_update(self, event: ev.SessionUpdate) -> None:
        view = self.view
        if event.title is not None:
            view.title = event.title
        if event.model is not None:
            if view.blocks and event.model != view.model:
                self._draft.notice(event, "info", f"model is now {event.model}")
            view.model = event.model
        if event.cleared:
            view.cleared_at = event.seq
            view.context_tokens = 0
            self._draft.notice(event, "info", "history cleared: the next prompt starts afresh")

    # Runs and steps

    def _run_start(self, event: ev.RunStart) -> None:
        view = self.view
        run_id = event.run_id or f"run@{event.seq}"
        kind = event.agent if event.agent in ("shell", "tool") else "prompt"
        block = self._draft.add(PromptBlock(*self._draft.place(event), text=event.input, kind=kind))
        run = RunSpan(
            id=run_id,
            parent_id=None,
            run_id=run_id,
            kind="run",
            title=f"run {len(view.runs) + 1}",
            started=view.time,
            first_seq=event.seq,
            depth=0,
            block=block.index,
            number=len(view.runs) + 1,
            input=event.input,
            model=event.model,
        )
        block.span_id = run_id
        self._draft.open_span(run)
        view.runs.append(run_id)
        view.run, view.status, view.model = run, "running", event.model or view.model
        if not view.title and kind == "prompt":
            first_line = event.input.strip().partition("\n")[0]
            view.title = first_line[:_TITLE_LENGTH]

    def _step_start(self, event: ev.ReactStepStart) -> None:
        run = self._draft.run()
        if run is not None:
            run.steps, run.max_steps = event.step, event.max_steps
        self._draft.open_span(
            StepSpan(
                **self._draft.span_fields(event, "step", f"step {event.step}"),
                step=event.step,
                max_steps=event.max_steps,
            )
        )

    def _run_done(self, event: ev.RunDone) -> None:
        view = self.view
        run = view.spans.get(event.run_id or "")
        view.usage = view.usage + event.usage
        view.run, view.status = None, "idle"
        view.approvals.clear()
        view.steers.clear()
        if event.status == "max_steps":
            self._draft.notice(event, "warning", f"stopped at the limit of {event.steps} steps")
        elif event.status == "interrupted":
            self._draft.notice(event, "warning", f"interrupted: {self._why_interrupted(run, event)}")
        end = _RUN_END[event.status]
        if isinstance(run, RunSpan):
            run = self._draft.writable(run)
            run.status, run.steps, run.usage = event.status, event.steps, event.usage
            run.duration_ms = event.duration_ms
            self._draft.close_tree(run, end, event)
        text_end: TextState = "done" if event.status in ("completed", "max_steps") else "cancelled"
        self._texts.end_all(text_end)

    def _why_interrupted(self, run: AnySpan | None, done: ev.RunDone) -> str:
        if not self._forked_at:
            return "the program ended during this run"
        if run is not None and run.first_seq <= self._forked_at < done.seq:
            return "the fork was taken during this run"
        if done.seq <= self._forked_at:  # by its program, or because that was forked there itself
            return "this run did not come to its end"
        return "the program ended during this run"

    def _cancelled(self, event: ev.Cancelled) -> None:
        if run := self._draft.run():
            run.cancel_latency_ms = event.latency_ms
        self._texts.end_all("cancelled")
        self._draft.notice(event, "warning", f"cancelled in {event.latency_ms:.0f} ms")

    def _current_plan(self) -> PlanBlock | None:
        if self._plan is None:
            return None
        self._draft.changes.blocks.add(self._plan)
        block = self._draft.block(self._plan)
        return block if isinstance(block, PlanBlock) else None


def _seq_of(place: str | None) -> int:
    """The event's number in ``session:seq``; 0 if there is none."""
    number = (place or "").rpartition(":")[2]
    return int(number) if number.isdecimal() and len(number) < 19 else 0
