"""The view being written: places for blocks, and the tree of spans. Knows no event's meaning."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, TypeVar

from agent_tui.events import types as ev
from agent_tui.events.view import (
    AnyBlock,
    AnySpan,
    Changes,
    NoticeBlock,
    NoticeLevel,
    SessionView,
    SpanKind,
    SpanState,
    StepSpan,
    ToolBlock,
    ToolSpan,
)

B = TypeVar("B", bound=AnyBlock)


class SpanFields(TypedDict):
    """What every span begins with."""

    id: str
    parent_id: str | None
    run_id: str
    kind: SpanKind
    title: str
    started: float
    first_seq: int
    depth: int


class Draft:
    """The view of one session and what has changed in it since somebody looked."""

    def __init__(self) -> None:
        self.view = SessionView()
        self.changes = Changes()

    def place(self, event: ev.Event) -> tuple[int, int, str | None, str | None]:
        return len(self.view.blocks), event.seq, event.run_id, event.span_id

    def add(self, block: B) -> B:
        self.view.blocks.append(block)
        self.changes.blocks.add(block.index)
        return block

    def notice(self, event: ev.Event, level: NoticeLevel, text: str) -> None:
        self.add(NoticeBlock(*self.place(event), level=level, text=text))

    def span_fields(self, event: ev.Event, kind: SpanKind, title: str) -> SpanFields:
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

    def open_span(self, span: AnySpan) -> None:
        self.view.spans[span.id] = span
        parent = self.view.spans.get(span.parent_id or "")
        if parent is not None:
            parent.children.append(span.id)
            if isinstance(parent, StepSpan) and parent.ended is not None:
                parent.state, parent.ended, parent.last_seq = "running", None, None
            self.changes.spans.add(parent.id)
        self.changes.spans.add(span.id)

    def close(self, span: AnySpan, state: SpanState, event: ev.Event) -> None:
        span.state, span.ended, span.last_seq = state, self.view.time, event.seq
        self.changes.spans.add(span.id)
        parent = self.view.spans.get(span.parent_id or "")
        if isinstance(parent, StepSpan):
            self.close_step(parent, event)

    def close_step(self, step: StepSpan, event: ev.Event) -> None:
        """A step lasts until its last child ends; it is reopened when another one begins."""
        states = {self.view.spans[child].state for child in step.children if child in self.view.spans}
        if states & {"running", "waiting"}:
            return
        step.ended, step.last_seq = self.view.time, event.seq
        step.state = "cancelled" if "cancelled" in states else "ok"
        self.changes.spans.add(step.id)

    def close_tree(self, span: AnySpan, state: SpanState, event: ev.Event) -> None:
        for child in span.children:
            inner = self.view.spans.get(child)
            if inner is not None and inner.state in ("running", "waiting"):
                self.close_tree(inner, "ok" if state == "failed" else state, event)
        span.state, span.ended, span.last_seq = state, self.view.time, event.seq
        self.changes.spans.add(span.id)
        if isinstance(span, ToolSpan) and span.block is not None:
            block = self.view.blocks[span.block]
            if isinstance(block, ToolBlock):
                block.state = state
                self.changes.blocks.add(block.index)


def seconds(ts: str) -> float:
    """An event's ``ts`` as seconds since the epoch."""
    return datetime.fromisoformat(ts).timestamp()
