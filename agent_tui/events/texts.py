"""Model calls and the text that streams from them: answers and thoughts, taken back and ended."""

from __future__ import annotations

from typing import NamedTuple

from agent_tui.events import types as ev
from agent_tui.events.draft import Draft, seconds
from agent_tui.events.view import AnswerBlock, LlmSpan, TextState, ThoughtBlock


class TextsState(NamedTuple):
    """What ``Texts`` knows beside the view: indices of blocks."""

    texts: dict[tuple[str, str], int]
    answer: int | None
    thinking: int | None


class Texts:
    """Folds ``llm_*`` and ``final`` events into a draft."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._texts: dict[tuple[str, str], int] = {}
        self._last_answer: int | None = None
        self._thinking: int | None = None

    def llm_start(self, event: ev.LlmStart) -> None:
        draft = self._draft
        draft.open_span(
            LlmSpan(
                **draft.span_fields(event, "llm", event.model),
                attempt=event.attempt,
                message_count=event.message_count,
                cached=event.cached,
            )
        )

    def llm_delta(self, event: ev.LlmDelta) -> None:
        draft = self._draft
        span = draft.view.spans.get(event.span_id or "")
        if isinstance(span, LlmSpan):
            span = draft.writable(span)
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
                span.first_token = draft.view.time = seconds(event.ts)
                span.ttft_ms = (span.first_token - span.started) * 1000
                draft.changes.spans.add(span.id)
        if event.channel == "action":
            if self._thinking is not None:
                self._end_thought(event)
            return
        key = (event.span_id or "", event.channel)
        index = self._texts.get(key)
        if index is None:
            index = self._texts[key] = self._open_text(event).index
            if isinstance(span, LlmSpan) and (span.block is None or event.channel == "answer"):
                span.block = index
        block = draft.block(index)
        if isinstance(block, AnswerBlock | ThoughtBlock):
            block.text.append(event.text)
            draft.changes.blocks.add(index)

    def _open_text(self, event: ev.LlmDelta) -> AnswerBlock | ThoughtBlock:
        draft = self._draft
        if event.channel == "thought":
            thought = draft.add(ThoughtBlock(*draft.place(event), started=seconds(event.ts)))
            self._thinking = thought.index
            return thought
        self._end_thought(event)
        answer = draft.add(AnswerBlock(*draft.place(event)))
        self._last_answer = answer.index
        return answer

    def _end_thought(self, event: ev.LlmDelta) -> None:
        """The model says or does something: what it thought before that is complete."""
        thinking = self._thinking
        if thinking is not None and self._draft.view.blocks[thinking].span_id == event.span_id:
            self._draft.view.time = seconds(event.ts)
            self._set_text_state(thinking, "done")

    def llm_retry(self, event: ev.LlmRetry) -> None:
        draft = self._draft
        span = draft.view.spans.get(event.span_id or "")
        if isinstance(span, LlmSpan):
            span = draft.writable(span)
            span.retry_delay_s = event.delay_s
            draft.changes.spans.add(span.id)
        for channel in ("answer", "thought"):
            index = self._texts.pop((event.span_id or "", channel), None)
            if index is not None:
                self._set_text_state(index, "void")
        draft.notice(
            event,
            "warning",
            f"{event.error.message}; attempt {event.attempt} in {event.delay_s:.1f} s",
        )

    def llm_done(self, event: ev.LlmDone) -> None:
        draft = self._draft
        span = draft.view.spans.get(event.span_id or "")
        stopped = event.finish_reason == "cancelled"
        if isinstance(span, LlmSpan):
            span = draft.writable(span)
            span.finish_reason, span.usage = event.finish_reason, event.usage
            span.ttft_ms = event.ttft_ms if event.ttft_ms is not None else span.ttft_ms
            span.duration_ms = event.duration_ms
            draft.close(span, "cancelled" if stopped else "ok", event)
        draft.view.context_tokens = (
            event.usage.input_tokens + event.usage.output_tokens or draft.view.context_tokens
        )
        self._end_span_texts(event.span_id, "cancelled" if stopped else "done")
        if event.finish_reason == "max_tokens":
            draft.notice(
                event, "warning", "cut off: the model reached its limit for one answer (max_tokens)"
            )

    def raw(self, event: ev.ReactModelRaw) -> None:
        span = self._draft.view.spans.get(event.span_id or "")
        if isinstance(span, LlmSpan):
            span = self._draft.writable(span)
            span.raw = event.raw
            self._draft.changes.spans.add(span.id)

    def llm_error(self, event: ev.LlmError) -> None:
        draft = self._draft
        span = draft.view.spans.get(event.span_id or "")
        if isinstance(span, LlmSpan):
            span = draft.writable(span)
            span.duration_ms, span.error = event.duration_ms, event.error
            draft.close(span, "error", event)
        self._end_span_texts(event.span_id, "broken")

    def _set_text_state(self, index: int, state: TextState) -> None:
        draft = self._draft
        block = draft.block(index)
        if isinstance(block, AnswerBlock | ThoughtBlock):
            block.state = state
            draft.changes.blocks.add(index)
        if isinstance(block, ThoughtBlock) and state != "streaming":
            block.ended = block.ended or draft.view.time
            self._thinking = None

    def _end_span_texts(self, span_id: str | None, state: TextState) -> None:
        for channel in ("answer", "thought"):
            index = self._texts.get((span_id or "", channel))
            if index is not None:
                self._set_text_state(index, state)

    def end_all(self, state: TextState) -> None:
        """Ends what still streams: runs of a session are serial, so it is all of one run."""
        draft = self._draft
        for index in self._texts.values():
            block = draft.view.blocks[index]
            if isinstance(block, AnswerBlock | ThoughtBlock) and block.state == "streaming":
                self._set_text_state(index, state)
        self._texts.clear()

    def final(self, event: ev.Final) -> None:
        draft = self._draft
        answer = event.answer
        streamed = self._answer_of(event.run_id)
        if streamed is None or str(streamed.text) != answer.answer:
            # What was streamed is not the answer: what `final` says is shown in its place.
            if streamed is not None and answer.repaired is not None:
                self._set_text_state(streamed.index, "void")
            block = draft.add(AnswerBlock(*draft.place(event)))
            block.text.append(answer.answer)
            block.state = "done"
        if answer.needs_human_review:
            draft.notice(event, "warning", "the agent asks for a person to review this answer")

    def _answer_of(self, run_id: str | None) -> AnswerBlock | None:
        """The last answer that streamed, if it is of this run."""
        block = self._draft.view.blocks[self._last_answer] if self._last_answer is not None else None
        return block if isinstance(block, AnswerBlock) and block.run_id == run_id else None

    # Checkpoints

    def save(self) -> TextsState:
        return TextsState(dict(self._texts), self._last_answer, self._thinking)

    def load(self, state: TextsState) -> None:
        self._texts, self._last_answer, self._thinking = dict(state.texts), state.answer, state.thinking
