"""Events → view state. Deterministic and total: any prefix of any journal folds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict, TypeVar, assert_never

from agent_tui.events import types as ev
from agent_tui.events.view import (
    OUTPUT_KEPT,
    AnswerBlock,
    AnyBlock,
    AnySpan,
    Approval,
    Changes,
    LlmSpan,
    NoticeBlock,
    NoticeLevel,
    PlanBlock,
    PromptBlock,
    Queued,
    RunSpan,
    SessionView,
    SpanKind,
    SpanState,
    StepSpan,
    TextState,
    ThoughtBlock,
    ToolBlock,
    ToolSpan,
)

_TITLE_LENGTH = 60
_RUN_END: dict[ev.RunStatus, SpanState] = {
    "completed": "ok",
    "failed": "error",
    "cancelled": "cancelled",
    "max_steps": "failed",
    "interrupted": "interrupted",
}
B = TypeVar("B", bound=AnyBlock)


class Fold:
    """The view of one session, kept up to date event by event."""

    def __init__(self) -> None:
        self.view = SessionView()
        self._changes = Changes()
        self._tools: dict[str, int] = {}
        self._texts: dict[tuple[str, str], int] = {}
        self._plan: int | None = None
        self._last_answer: AnswerBlock | None = None

    def apply_all(self, events: Iterable[ev.Event]) -> Fold:
        for event in events:
            self.apply(event)
        return self

    def take_changes(self) -> Changes:
        """What has changed since the last call."""
        changes, self._changes = self._changes, Changes()
        return changes

    def apply(self, event: ev.Event) -> None:
        """Takes in the next event. Events up to ``view.seq`` are ignored: they are in it."""
        view = self.view
        if event.seq <= view.seq:
            return
        view.seq = event.seq
        match event:
            case ev.LlmDelta():
                self._llm_delta(event)
            case ev.ToolOutput():
                self._tool_output(event)
            case _:
                view.time = _seconds(event.ts)
                self._changes.head = True
                self._rare(event)

    def _rare(self, event: ev.Event) -> None:
        view = self.view
        match event:
            case ev.LlmDelta() | ev.ToolOutput():
                pass
            case ev.SessionStart():
                view.session_id = event.session_id
                view.cwd, view.model, view.version = event.cwd, event.model, event.version
            case ev.SessionUpdate():
                self._session_update(event)
            case ev.Notice():
                self._notice(event, event.level, event.text)
            case ev.PromptQueued():
                view.queue.append(Queued(event.prompt_id, event.text))
            case ev.PromptUnqueued():
                view.queue = [queued for queued in view.queue if queued.prompt_id != event.prompt_id]
            case ev.RunStart():
                self._run_start(event)
            case ev.ReactStepStart():
                self._step_start(event)
            case ev.LlmStart():
                self._llm_start(event)
            case ev.LlmRetry():
                self._llm_retry(event)
            case ev.LlmDone():
                self._llm_done(event)
            case ev.LlmError():
                self._llm_error(event)
            case ev.ReactModelRaw():
                if isinstance(span := view.spans.get(event.span_id or ""), LlmSpan):
                    span.raw = event.raw
                    self._changes.spans.add(span.id)
            case ev.ApprovalRequest():
                self._approval_request(event)
            case ev.ApprovalResult():
                self._approval_result(event)
            case ev.ToolStart():
                self._tool_start(event)
            case ev.ToolRetry():
                if block := self._tool(event.call_id):
                    block.retries += 1
            case ev.ToolEnd():
                self._tool_end(event)
            case ev.ToolFailed():
                if block := self._tool(event.call_id):
                    block.error, block.duration_ms = event.error, event.duration_ms
                    self._end_tool(block, "error", event, event.error)
            case ev.ToolCancelled():
                if block := self._tool(event.call_id):
                    block.duration_ms = event.duration_ms
                    self._end_tool(block, "cancelled", event)
            case ev.ReactObservation():
                if block := self._tool(event.call_id):
                    block.observation = event.content
            case ev.SteerQueued():
                view.steers.append(event.text)
            case ev.SteerApplied():
                if event.text in view.steers:
                    view.steers.remove(event.text)
                self._add(PromptBlock(*self._place(event), text=event.text, kind="steer"))
            case ev.Plan():
                self._plan = self._add(PlanBlock(*self._place(event), subtasks=event.subtasks)).index
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
                self._final(event)
            case ev.CancelCalled():
                if view.run is not None:
                    view.status = "cancelling"
            case ev.Cancelled():
                self._cancelled(event)
            case ev.RunError():
                self._notice(event, "error", event.error.message)
                if view.run is not None:
                    view.run.error = event.error
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
                self._notice(event, "info", f"model is now {event.model}")
            view.model = event.model
        if event.cleared:
            view.cleared_at = event.seq
            view.context_tokens = 0
            self._notice(event, "info", "history cleared: the next prompt starts afresh")

    # Runs and steps

    def _run_start(self, event: ev.RunStart) -> None:
        view = self.view
        run_id = event.run_id or f"run@{event.seq}"
        kind = event.agent if event.agent in ("shell", "tool") else "prompt"
        block = self._add(PromptBlock(*self._place(event), text=event.input, kind=kind))
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
        self._open_span(run)
        view.runs.append(run_id)
        view.run, view.status, view.model = run, "running", event.model or view.model
        if not view.title and kind == "prompt":
            first_line = event.input.strip().partition("\n")[0]
            view.title = first_line[:_TITLE_LENGTH]

    def _step_start(self, event: ev.ReactStepStart) -> None:
        run = self.view.run
        if run is not None:
            run.steps, run.max_steps = event.step, event.max_steps
        self._open_span(
            StepSpan(
                **self._span_fields(event, "step", f"step {event.step}"),
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
            self._notice(event, "warning", f"stopped at the limit of {event.steps} steps")
        elif event.status == "interrupted":
            self._notice(event, "warning", "interrupted: the program ended during this run")
        end = _RUN_END[event.status]
        if isinstance(run, RunSpan):
            run.status, run.steps, run.usage = event.status, event.steps, event.usage
            run.duration_ms = event.duration_ms
            self._close_tree(run, end, event)
        text_end: TextState = "done" if event.status in ("completed", "max_steps") else "cancelled"
        self._end_texts(text_end)

    def _cancelled(self, event: ev.Cancelled) -> None:
        if self.view.run is not None:
            self.view.run.cancel_latency_ms = event.latency_ms
        self._end_texts("cancelled")
        self._notice(event, "warning", f"cancelled in {event.latency_ms:.0f} ms")

    def _final(self, event: ev.Final) -> None:
        answer = event.answer
        streamed = self._last_answer
        shown = streamed is not None and streamed.run_id == event.run_id and str(streamed.text)
        if shown != answer.answer:
            # What was streamed is not the answer: what `final` says is shown in its place.
            if streamed is not None and streamed.run_id == event.run_id and answer.repaired is not None:
                self._set_text_state(streamed.index, "void")
            block = self._add(AnswerBlock(*self._place(event)))
            block.text.append(answer.answer)
            block.state = "done"
        if answer.needs_human_review:
            self._notice(event, "warning", "the agent asks for a person to review this answer")

    # Model calls

    def _llm_start(self, event: ev.LlmStart) -> None:
        self._open_span(
            LlmSpan(
                **self._span_fields(event, "llm", event.model),
                attempt=event.attempt,
                message_count=event.message_count,
                cached=event.cached,
            )
        )

    def _llm_delta(self, event: ev.LlmDelta) -> None:
        span = self.view.spans.get(event.span_id or "")
        if isinstance(span, LlmSpan):
            buffer = (
                span.answer
                if event.channel == "answer"
                else span.thought
                if event.channel == "thought"
                else span.action
            )
            buffer.append(event.text)
            span.deltas += 1
            if span.first_token is None:
                span.first_token = self.view.time = _seconds(event.ts)
                span.ttft_ms = (span.first_token - span.started) * 1000
                self._changes.spans.add(span.id)
        if event.channel == "action":
            return
        key = (event.span_id or "", event.channel)
        index = self._texts.get(key)
        if index is None:
            index = self._texts[key] = self._open_text(event).index
            if isinstance(span, LlmSpan) and (span.block is None or event.channel == "answer"):
                span.block = index
        block = self.view.blocks[index]
        if isinstance(block, AnswerBlock | ThoughtBlock):
            block.text.append(event.text)
            self._changes.blocks.add(index)

    def _open_text(self, event: ev.LlmDelta) -> AnswerBlock | ThoughtBlock:
        if event.channel == "thought":
            return self._add(ThoughtBlock(*self._place(event)))
        thought = self._texts.get((event.span_id or "", "thought"))
        if thought is not None:
            self._set_text_state(thought, "done")
        self._last_answer = self._add(AnswerBlock(*self._place(event)))
        return self._last_answer

    def _llm_retry(self, event: ev.LlmRetry) -> None:
        span = self.view.spans.get(event.span_id or "")
        if isinstance(span, LlmSpan):
            span.retry_delay_s = event.delay_s
            self._changes.spans.add(span.id)
        for channel in ("answer", "thought"):
            index = self._texts.pop((event.span_id or "", channel), None)
            if index is not None:
                self._set_text_state(index, "void")
        self._notice(
            event,
            "warning",
            f"{event.error.message}; attempt {event.attempt} in {event.delay_s:.1f} s",
        )

    def _llm_done(self, event: ev.LlmDone) -> None:
        span = self.view.spans.get(event.span_id or "")
        stopped = event.finish_reason == "cancelled"
        if isinstance(span, LlmSpan):
            span.finish_reason, span.usage = event.finish_reason, event.usage
            span.ttft_ms = event.ttft_ms if event.ttft_ms is not None else span.ttft_ms
            span.duration_ms = event.duration_ms
            self._close(span, "cancelled" if stopped else "ok", event)
        self.view.context_tokens = (
            event.usage.input_tokens + event.usage.output_tokens or self.view.context_tokens
        )
        self._end_span_texts(event.span_id, "cancelled" if stopped else "done")

    def _llm_error(self, event: ev.LlmError) -> None:
        span = self.view.spans.get(event.span_id or "")
        if isinstance(span, LlmSpan):
            span.duration_ms, span.error = event.duration_ms, event.error
            self._close(span, "error", event)
        self._end_span_texts(event.span_id, "broken")

    # Tools

    def _approval_request(self, event: ev.ApprovalRequest) -> None:
        view = self.view
        view.approvals[event.call_id] = Approval(
            event.call_id, event.tool_name, event.args, event.risk, event.preview, event.run_id
        )
        view.status = "waiting"
        block = self._tool(event.call_id) or self._open_tool(event)
        block.state, block.preview = "waiting", event.preview
        self._span_state(block, "waiting")

    def _approval_result(self, event: ev.ApprovalResult) -> None:
        view = self.view
        view.approvals.pop(event.call_id, None)
        if view.status == "waiting" and not view.approvals:
            view.status = "running"
        block = self._tool(event.call_id)
        if block is None:
            return
        block.feedback, block.by = event.feedback, event.by
        if event.decision == "deny":
            self._end_tool(block, "denied", event)
        elif event.decision == "cancelled":
            self._end_tool(block, "cancelled", event)
        else:
            block.state = "running"
            self._span_state(block, "running")

    def _tool_start(self, event: ev.ToolStart) -> None:
        block = self._tool(event.call_id) or self._open_tool(event)
        block.state, block.args, block.risk = "running", event.args, event.risk
        block.started = self.view.time
        self._span_state(block, "running")

    def _open_tool(self, event: ev.ToolStart | ev.ApprovalRequest) -> ToolBlock:
        block = self._add(
            ToolBlock(
                *self._place(event),
                call_id=event.call_id,
                name=event.tool_name,
                args=event.args,
                risk=event.risk,
                started=self.view.time,
            )
        )
        self._tools[event.call_id] = block.index
        span = ToolSpan(**self._span_fields(event, "tool", event.tool_name), call_id=event.call_id)
        span.block = block.index
        block.span_id = span.id
        self._open_span(span)
        return block

    def _tool_output(self, event: ev.ToolOutput) -> None:
        block = self._tool(event.call_id)
        if block is None:
            return
        block.output.append((event.stream, event.text))
        block.output_length += len(event.text)
        while block.output_length > OUTPUT_KEPT and len(block.output) > 1:
            _, dropped = block.output.pop(0)
            block.output_length -= len(dropped)
            block.output_dropped += len(dropped)

    def _tool_end(self, event: ev.ToolEnd) -> None:
        if block := self._tool(event.call_id):
            block.result, block.duration_ms = event.result, event.duration_ms
            block.truncated, block.summary = event.truncated, event.summary or ""
            self._end_tool(block, "failed" if event.failed else "ok", event)

    def _end_tool(
        self, block: ToolBlock, state: SpanState, event: ev.Event, error: ev.ErrorInfo | None = None
    ) -> None:
        block.state = state
        span = self.view.spans.get(block.span_id or "")
        if span is not None:
            span.error = error
            self._close(span, state, event)

    def _span_state(self, block: ToolBlock, state: SpanState) -> None:
        span = self.view.spans.get(block.span_id or "")
        if span is not None:
            span.state = state
            self._changes.spans.add(span.id)

    def _tool(self, call_id: str) -> ToolBlock | None:
        index = self._tools.get(call_id)
        if index is None:
            return None
        block = self.view.blocks[index]
        if not isinstance(block, ToolBlock):
            return None
        self._changes.blocks.add(index)
        return block

    # Blocks and spans

    def _place(self, event: ev.Event) -> tuple[int, int, str | None, str | None]:
        return len(self.view.blocks), event.seq, event.run_id, event.span_id

    def _add(self, block: B) -> B:
        self.view.blocks.append(block)
        self._changes.blocks.add(block.index)
        return block

    def _notice(self, event: ev.Event, level: NoticeLevel, text: str) -> None:
        self._add(NoticeBlock(*self._place(event), level=level, text=text))

    def _current_plan(self) -> PlanBlock | None:
        if self._plan is None:
            return None
        self._changes.blocks.add(self._plan)
        block = self.view.blocks[self._plan]
        return block if isinstance(block, PlanBlock) else None

    def _set_text_state(self, index: int, state: TextState) -> None:
        block = self.view.blocks[index]
        if isinstance(block, AnswerBlock | ThoughtBlock):
            block.state = state
            self._changes.blocks.add(index)

    def _end_span_texts(self, span_id: str | None, state: TextState) -> None:
        for channel in ("answer", "thought"):
            index = self._texts.get((span_id or "", channel))
            if index is not None:
                self._set_text_state(index, state)

    def _end_texts(self, state: TextState) -> None:
        """Ends what still streams: runs of a session are serial, so it is all of one run."""
        for index in self._texts.values():
            block = self.view.blocks[index]
            if isinstance(block, AnswerBlock | ThoughtBlock) and block.state == "streaming":
                self._set_text_state(index, state)
        self._texts.clear()

    def _span_fields(self, event: ev.Event, kind: SpanKind, title: str) -> _SpanFields:
        parent = self.view.spans.get(event.parent_id or "")
        return {
            "id": event.span_id or f"{kind}@{event.seq}",
            "parent_id": event.parent_id,
            "run_id": event.run_id or "",
            "kind": kind,
            "title": title,
            "started": self.view.time,
            "first_seq": event.seq,
            "depth": parent.depth + 1 if parent is not None else 1,
        }

    def _open_span(self, span: AnySpan) -> None:
        self.view.spans[span.id] = span
        parent = self.view.spans.get(span.parent_id or "")
        if parent is not None:
            parent.children.append(span.id)
            self._changes.spans.add(parent.id)
        self._changes.spans.add(span.id)

    def _close(self, span: AnySpan, state: SpanState, event: ev.Event) -> None:
        span.state, span.ended, span.last_seq = state, self.view.time, event.seq
        self._changes.spans.add(span.id)
        parent = self.view.spans.get(span.parent_id or "")
        if isinstance(parent, StepSpan):
            self._close_step(parent, event)

    def _close_step(self, step: StepSpan, event: ev.Event) -> None:
        """A step lasts until its last child ends; it is reopened when another one begins."""
        states = {self.view.spans[child].state for child in step.children if child in self.view.spans}
        if states & {"running", "waiting"}:
            return
        step.ended, step.last_seq = self.view.time, event.seq
        step.state = "cancelled" if "cancelled" in states else "ok"
        self._changes.spans.add(step.id)

    def _close_tree(self, span: AnySpan, state: SpanState, event: ev.Event) -> None:
        for child in span.children:
            inner = self.view.spans.get(child)
            if inner is not None and inner.state in ("running", "waiting"):
                self._close_tree(inner, "ok" if state == "failed" else state, event)
        span.state, span.ended, span.last_seq = state, self.view.time, event.seq
        self._changes.spans.add(span.id)
        if isinstance(span, ToolSpan) and (block := self._tool(span.call_id)):
            block.state = state


class _SpanFields(TypedDict):
    id: str
    parent_id: str | None
    run_id: str
    kind: SpanKind
    title: str
    started: float
    first_seq: int
    depth: int


def _seconds(ts: str) -> float:
    return datetime.fromisoformat(ts).timestamp()
