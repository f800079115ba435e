"""Tool calls and the approvals before them, each one block and one span."""

from __future__ import annotations

from agent_tui.events import types as ev
from agent_tui.events.draft import Draft
from agent_tui.events.view import OUTPUT_KEPT, Approval, SpanState, ToolBlock, ToolSpan


class Calls:
    """Folds ``tool_*`` and ``approval_*`` events into a draft."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._blocks: dict[str, int] = {}

    def approval_request(self, event: ev.ApprovalRequest) -> None:
        draft = self._draft
        view = draft.view
        view.approvals[event.call_id] = Approval(
            event.call_id, event.tool_name, event.args, event.risk, event.preview, event.run_id
        )
        view.status = "waiting"
        block = self.find(event.call_id) or self._open(event)
        block.state, block.preview = "waiting", event.preview
        self._span_state(block, "waiting")

    def approval_result(self, event: ev.ApprovalResult) -> None:
        draft = self._draft
        view = draft.view
        view.approvals.pop(event.call_id, None)
        if view.status == "waiting" and not view.approvals:
            view.status = "running"
        block = self.find(event.call_id)
        if block is None:
            return
        block.feedback, block.by = event.feedback, event.by
        if event.decision == "deny":
            self._close(block, "denied", event)
        elif event.decision == "cancelled":
            self._close(block, "cancelled", event)
        else:
            block.state = "running"
            self._span_state(block, "running")

    def start(self, event: ev.ToolStart) -> None:
        draft = self._draft
        block = self.find(event.call_id) or self._open(event)
        block.state, block.args, block.risk = "running", event.args, event.risk
        block.started = draft.view.time
        self._span_state(block, "running")

    def _open(self, event: ev.ToolStart | ev.ApprovalRequest) -> ToolBlock:
        draft = self._draft
        block = draft.add(
            ToolBlock(
                *draft.place(event),
                call_id=event.call_id,
                name=event.tool_name,
                args=event.args,
                risk=event.risk,
                started=draft.view.time,
            )
        )
        self._blocks[event.call_id] = block.index
        span = ToolSpan(**draft.span_fields(event, "tool", event.tool_name), call_id=event.call_id)
        span.block = block.index
        block.span_id = span.id
        draft.open_span(span)
        return block

    def output(self, event: ev.ToolOutput) -> None:
        block = self.find(event.call_id)
        if block is None:
            return
        block.output.append((event.stream, event.text))
        block.output_length += len(event.text)
        while block.output_length > OUTPUT_KEPT and len(block.output) > 1:
            _, dropped = block.output.pop(0)
            block.output_length -= len(dropped)
            block.output_dropped += len(dropped)

    def end(self, event: ev.ToolEnd) -> None:
        if block := self.find(event.call_id):
            block.result, block.duration_ms = event.result, event.duration_ms
            block.truncated, block.summary = event.truncated, event.summary or ""
            self._close(block, "failed" if event.failed else "ok", event)

    def failed(self, event: ev.ToolFailed) -> None:
        if block := self.find(event.call_id):
            block.error, block.duration_ms = event.error, event.duration_ms
            denied = event.error.code == "tool_denied"
            self._close(block, "denied" if denied else "error", event, event.error)

    def cancelled(self, event: ev.ToolCancelled) -> None:
        if block := self.find(event.call_id):
            block.duration_ms = event.duration_ms
            self._close(block, "cancelled", event)

    def retry(self, event: ev.ToolRetry) -> None:
        if block := self.find(event.call_id):
            block.retries += 1

    def observed(self, event: ev.ReactObservation) -> None:
        if block := self.find(event.call_id):
            block.observation = event.content

    def _close(
        self, block: ToolBlock, state: SpanState, event: ev.Event, error: ev.ErrorInfo | None = None
    ) -> None:
        draft = self._draft
        block.state = state
        span = draft.view.spans.get(block.span_id or "")
        if span is not None:
            span = draft.writable(span)
            span.error = error
            draft.close(span, state, event)

    def _span_state(self, block: ToolBlock, state: SpanState) -> None:
        draft = self._draft
        span = draft.view.spans.get(block.span_id or "")
        if span is not None:
            span = draft.writable(span)
            span.state = state
            draft.changes.spans.add(span.id)

    def find(self, call_id: str) -> ToolBlock | None:
        draft = self._draft
        index = self._blocks.get(call_id)
        if index is None:
            return None
        block = draft.block(index)
        if not isinstance(block, ToolBlock):
            return None
        draft.changes.blocks.add(index)
        return block

    def load(self) -> None:
        """Finds the calls of a view that was put into the draft."""
        blocks = self._draft.view.blocks
        self._blocks = {block.call_id: block.index for block in blocks if isinstance(block, ToolBlock)}
