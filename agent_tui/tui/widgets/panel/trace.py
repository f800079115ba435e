"""The trace: runs, steps, model and tool calls as a tree with a live waterfall."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from agent_tui.events.view import AnySpan, Changes, SessionView
from agent_tui.tui.widgets.panel.lines import LineView
from agent_tui.tui.widgets.panel.now import SessionTime
from agent_tui.tui.widgets.panel.rows import indent_of, trace_row
from agent_tui.tui.widgets.panel.text import Piece
from agent_tui.tui.widgets.panel.tree import TraceTree

TICK_S = 0.25
"""How often the bars of running spans grow."""


class TraceView(LineView):
    """Rows of spans. It keeps to the newest until the reader moves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left", "collapse", "Close the span, or go to what holds it", show=False, id="panel.collapse"
        ),
        Binding("right", "expand", "Open the span, or go into it", show=False, id="panel.expand"),
        Binding("enter", "flip", "Open or close the span", show=False, id="panel.toggle"),
    ]
    follows_scrolling = False

    class Selected(Message):
        """Another span is under the cursor. ``by_reader``: not because the view follows."""

        def __init__(self, span_id: str, by_reader: bool) -> None:
            self.span_id = span_id
            self.by_reader = by_reader
            super().__init__()

    def __init__(self, clock: SessionTime, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.tree_rows = TraceTree()
        self._clock = clock
        self._view = SessionView()
        self._timer: Timer | None = None
        self._picked: str | None = None

    # State

    def bind_view(self, view: SessionView) -> None:
        self._view = view
        self.tree_rows.bind(view)
        if self._picked not in view.spans:
            self._picked, self.following = None, True
        if self.shown:
            self.catch_up()

    def take(self, changes: Changes) -> None:
        """Draws what changed, if it is on the screen."""
        if not self.shown or not changes.spans:
            return
        with self.redrawing_once():
            if self.tree_rows.grow(keep_open=not self.following):
                self._settle()
                self.redraw()
            else:
                index = self.tree_rows.index
                for span_id in changes.spans:
                    row = index.get(span_id)
                    if row is not None:
                        self.redraw(row)
            self._tick_while_running()

    def catch_up(self) -> None:
        self.tree_rows.grow(keep_open=not self.following)
        self._settle()
        self._tick_while_running()
        self.redraw()
        if self._picked is not None:
            self.post_message(self.Selected(self._picked, by_reader=False))

    def select(self, span_id: str) -> bool:
        """Puts the cursor on a span, opening what hides it; false if there is no such span."""
        row = self.tree_rows.reveal(span_id)
        if row is None:
            return False
        self.following = False
        self._picked = span_id
        self.set_count(len(self.tree_rows.rows))
        self.move_cursor(row)
        self.redraw()
        return True

    @property
    def picked(self) -> str | None:
        """The span under the cursor."""
        return self._picked

    def _settle(self) -> None:
        """Puts the cursor where its span is now, or on the newest while following."""
        rows = self.tree_rows.rows
        self.set_count(len(rows))
        if self.following and rows:
            self.move_cursor(len(rows) - 1)
            self._choose(rows[-1], by_reader=False)
        elif self._picked is not None:
            row = self.tree_rows.index.get(self._picked)
            if row != self.cursor:
                self.cursor = row

    def _choose(self, span_id: str, *, by_reader: bool) -> None:
        if by_reader or span_id != self._picked:
            self._picked = span_id
            self.post_message(self.Selected(span_id, by_reader))

    def moved(self) -> None:
        if self.cursor is not None:
            self._choose(self.tree_rows.rows[self.cursor], by_reader=True)

    # Time

    def gone(self) -> None:
        self._stop_ticking()

    def _tick_while_running(self) -> None:
        going = self._clock.live and self._view.run is not None
        if going and self._timer is None and self.shown:
            self._timer = self.set_interval(TICK_S, self._tick)
        elif not going and self._timer is not None:
            self._stop_ticking()
            self.redraw()  # the axis has its last length now

    def _stop_ticking(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _tick(self) -> None:
        """The time axis of the running run grows: its rows are drawn again."""
        run = self._view.run
        if run is None:
            self._stop_ticking()
            return
        top = self.scroll_offset.y
        first = self.tree_rows.index.get(run.id, 0)
        rows = self.tree_rows.rows
        with self.redrawing_once():
            for row in range(max(top, first), min(top + self.size.height, len(rows))):
                self.redraw(row)

    # Rows

    def pieces(self, row: int, width: int) -> list[Piece]:
        rows = self.tree_rows.rows
        span = self._view.spans.get(rows[row]) if row < len(rows) else None
        if span is None:
            return []
        is_open = self.tree_rows.is_open(span.id)
        return trace_row(self._view, span, self._clock.now(), width, is_open)

    def _here(self) -> AnySpan | None:
        if self.cursor is None or self.cursor >= len(self.tree_rows.rows):
            return None
        return self._view.spans.get(self.tree_rows.rows[self.cursor])

    def _open(self, span: AnySpan, is_open: bool) -> None:
        self.following = False
        self.tree_rows.set_open(span.id, is_open)
        self._settle()
        self.redraw()

    def action_flip(self) -> None:
        span = self._here()
        if span is not None and span.children:
            self._open(span, not self.tree_rows.is_open(span.id))

    def action_collapse(self) -> None:
        span = self._here()
        if span is None:
            return
        if span.children and self.tree_rows.is_open(span.id):
            self._open(span, False)
        elif (row := self.tree_rows.index.get(span.parent_id or "")) is not None:
            self.move_cursor(row, by_reader=True)

    def action_expand(self) -> None:
        span = self._here()
        if span is None or not span.children:
            return
        if not self.tree_rows.is_open(span.id):
            self._open(span, True)
        else:
            self.action_cursor_down()

    def clicked(self, row: int, x: int) -> None:  # noqa: ARG002
        span = self._here()
        if span is not None and span.children and x <= indent_of(span, self.row_width) + 1:
            self.action_flip()
