"""The trace and, below it, the details of the span that is picked."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from agent_tui.events.view import Changes, SessionView
from agent_tui.tui.widgets.panel.detail import heading_of, prints, raw_sections, sections_of
from agent_tui.tui.widgets.panel.document import DocumentView
from agent_tui.tui.widgets.panel.messages import SpanPicked
from agent_tui.tui.widgets.panel.now import SessionTime
from agent_tui.tui.widgets.panel.store import EventStore
from agent_tui.tui.widgets.panel.text import cut
from agent_tui.tui.widgets.panel.trace import TICK_S, TraceView


class Rule(Widget):
    """A line across the panel with a title in it."""

    COMPONENT_CLASSES = {"rule--line", "rule--title"}  # noqa: RUF012
    DEFAULT_CSS = """
    Rule {
        height: 1;
        & > .rule--line { color: $foreground 30%; }
        & > .rule--title { color: $text-primary; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._title = ""

    def set_title(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self.refresh()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002
        width = self.size.width
        line = self.get_component_rich_style("rule--line")
        segments = [Segment("── ", line)]
        if self._title:
            title = cut(self._title, max(1, width - 6))
            segments.append(Segment(title, self.get_component_rich_style("rule--title")))
            segments.append(Segment(" ", line))
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment("─" * max(0, width - used), line))
        return Strip(segments).adjust_cell_length(width, line)


class TraceTab(Vertical):
    """Tree above, details below. What runs is described again a few times a second."""

    DEFAULT_CSS = """
    TraceTab {
        & > .hint { height: auto; padding: 1 2; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "raw", "Raw events of the span, or its details", id="panel.raw"),
        Binding("c", "copy_main", "Copy the result or answer", show=False, id="panel.copy_main"),
    ]

    def __init__(self, clock: SessionTime, store: EventStore, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._store = store
        self._view = SessionView()
        self._raw = False
        self._described: str | None = None
        self._described_at = 0
        self._timer: Timer | None = None
        self.tree_view = TraceView(clock, id="trace-tree")
        self._hint = Static("What runs is shown here step by step, with the time it takes.", classes="hint")
        self._rule = Rule()
        self.detail = DocumentView(id="trace-detail")
        self._show_hint(True)

    def compose(self) -> ComposeResult:
        yield self._hint
        yield self.tree_view
        yield self._rule
        yield self.detail

    def bind_view(self, view: SessionView) -> None:
        self._view = view
        self.tree_view.bind_view(view)
        self._describe()

    def take(self, changes: Changes) -> None:
        """Draws what changed, if it is on the screen."""
        if not self.tree_view.shown:
            return
        self.tree_view.take(changes)
        if self._timer is None and self._concerns(changes):
            self._timer = self.set_timer(TICK_S, self._due)

    def grow(self) -> None:
        """Draws every bar anew, and describes what is picked: the time they go by has moved."""
        if self.tree_view.shown:
            self.tree_view.redraw()
            self._describe()

    def pick(self, span_id: str) -> None:
        if self.tree_view.select(span_id):
            self._describe()

    def _concerns(self, changes: Changes) -> bool:
        picked = self.tree_view.picked
        span = self._view.spans.get(picked) if picked is not None else None
        if span is None:
            return False
        return (
            span.id in changes.spans
            or (span.block is not None and span.block in changes.blocks)
            or (span.ended is None and bool(changes))
        )

    def _due(self) -> None:
        self._timer = None
        if self.tree_view.shown:
            self._describe()

    def _show_hint(self, shown: bool) -> None:
        """Shows what stands there while there is nothing to describe, or makes room for what does."""
        # Not by a class: all below would work out its styles anew.
        self._hint.display = shown
        self._rule.display = self.detail.display = not shown

    def _describe(self) -> None:
        picked = self.tree_view.picked
        span = self._view.spans.get(picked) if picked is not None else None
        self._show_hint(span is None)
        if span is None:
            self._described = None
            self._rule.set_title("")
            self.detail.show_sections([], keep_place=False)
            return
        if self._raw:
            events = self._store.of_span(span.id, until=self._view.seq)
            complete = self._store.first_seq <= span.first_seq
            sections = raw_sections(span, events, complete)
        else:
            sections = sections_of(self._view, span, self._clock.now())
        self._rule.set_title(heading_of(span))
        live = not self._raw and prints(self._view, span)
        self.detail.show_sections(sections, keep_place=self._described == span.id, live=live)
        self._described, self._described_at = span.id, self._view.seq

    @on(TraceView.Selected)
    def _selected(self, event: TraceView.Selected) -> None:
        event.stop()
        here = (self._described, self._described_at) == (event.span_id, self._view.seq)
        if self._clock.live and not event.by_reader:
            self.call_after_refresh(self._due)  # what a run says first goes before what is known of it
        elif self._clock.live or not here:  # where time stands still, once is enough
            self._describe()
        if event.by_reader:
            self.post_message(SpanPicked(event.span_id))

    def action_raw(self) -> None:
        """Shows the span's own events as JSON, or its details again."""
        self._raw = not self._raw
        self._described = None
        self._describe()

    def action_copy_main(self) -> None:
        """Copies what the span is mostly about: a result, an answer, an input."""
        titles = ("result", "output", "answer", "action", "raw output", "input", "error", "raw events", "")
        section = self.detail.main_section(*titles)
        if section is not None:
            self.detail.copy(section)
