"""The view being written: places for blocks, and the tree of spans. Knows no event's meaning."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, TypeVar

from agent_tui.events import types as ev
from agent_tui.events.sharing import block_copy, span_copy
from agent_tui.events.view import (
    AnyBlock,
    AnySpan,
    Changes,
    NoticeBlock,
    NoticeLevel,
    RunSpan,
    SessionView,
    SpanKind,
    SpanState,
    StepSpan,
    ToolBlock,
    ToolSpan,
)

B = TypeVar("B", bound=AnyBlock)
S = TypeVar("S", bound=AnySpan)


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
    """The view of one session and what has changed in it since somebody looked.

    Blocks and spans are written through ``block``, ``writable`` and ``run``, which put a copy in the
    place of one that others share.
    """

    def __init__(self) -> None:
        self.view = SessionView()
        self.changes = Changes()
        self._own: set[int] | None = None

    def load(self, view: SessionView) -> None:
        """Goes on with a view whose blocks and spans belong to others too."""
        self.view = view
        self.share()

    def share(self) -> None:
        """From now on everything there is belongs to others too: it is copied before it is written."""
        # Identities are enough: nobody else puts anything into this view, so an identity in the set
        # can only be that of something made here since.
        self._own = set()

    def block(self, index: int) -> AnyBlock:
        """A block, for writing."""
        block = self.view.blocks[index]
        if self._own is not None and id(block) not in self._own:
            block = self.view.blocks[index] = block_copy(block)
            self._own.add(id(block))
        return block

    def writable(self, span: S) -> S:
        """The span itself, or the copy that now stands in its place."""
        if self._own is None or id(span) in self._own:
            return span
        twin = span_copy(span)
        self._own.add(id(twin))
        if self.view.spans.get(span.id) is span:
            self.view.spans[span.id] = twin
        if self.view.run is span and isinstance(twin, RunSpan):
            self.view.run = twin
        return twin

    def run(self) -> RunSpan | None:
        """The run that is going, for writing."""
        run = self.view.run
        return self.writable(run) if run is not None else None

    def place(self, event: ev.Event) -> tuple[int, int, str | None, str | None]:
        return len(self.view.blocks), event.seq, event.run_id, event.span_id

    def add(self, block: B) -> B:
        self.view.blocks.append(block)
        if self._own is not None:
            self._own.add(id(block))
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
        if self._own is not None:
            self._own.add(id(span))
        parent = self.view.spans.get(span.parent_id or "")
        if parent is not None:
            parent = self.writable(parent)
            parent.children.append(span.id)
            if isinstance(parent, StepSpan) and parent.ended is not None:
                parent.state, parent.ended, parent.last_seq = "running", None, None
            self.changes.spans.add(parent.id)
        self.changes.spans.add(span.id)

    def close(self, span: AnySpan, state: SpanState, event: ev.Event) -> None:
        span = self.writable(span)
        span.state, span.ended, span.last_seq = state, self.view.time, event.seq
        self.changes.spans.add(span.id)
        parent = self.view.spans.get(span.parent_id or "")
        if isinstance(parent, StepSpan):
            self.close_step(parent, event)

    def close_step(self, step: StepSpan, event: ev.Event) -> None:
        """A step lasts until its last child ends; it is reopened when another one begins."""
        children = [self.view.spans[child] for child in step.children if child in self.view.spans]
        states = {child.state for child in children}
        if states & {"running", "waiting"}:
            return
        step = self.writable(step)
        step.ended, step.last_seq = self.view.time, event.seq
        # What a tool could not do the model is told, and the step goes on; without an answer it is over.
        answers = [child.state for child in children if child.kind == "llm"]
        failed = bool(answers) and answers[-1] == "error"
        step.state = "cancelled" if "cancelled" in states else "error" if failed else "ok"
        self.changes.spans.add(step.id)

    def close_tree(self, span: AnySpan, state: SpanState, event: ev.Event) -> None:
        span = self.writable(span)
        # Before its children: a damaged journal may hold a circle.
        span.state, span.ended, span.last_seq = state, self.view.time, event.seq
        self.changes.spans.add(span.id)
        for child in span.children:
            inner = self.view.spans.get(child)
            if inner is not None and inner.state in ("running", "waiting"):
                self.close_tree(inner, "ok" if state == "failed" else state, event)
        if isinstance(span, ToolSpan) and span.block is not None:
            block = self.block(span.block)
            if isinstance(block, ToolBlock):
                block.state = state
                self.changes.blocks.add(block.index)


def seconds(ts: str) -> float:
    """An event's ``ts`` as seconds since the epoch."""
    return datetime.fromisoformat(ts).timestamp()
