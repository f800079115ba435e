"""A scrolling view of rows that are drawn only while they are on the screen.

It knows rows, a cursor and following the end; what a row says is the subclass's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Self

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from agent_tui.tui.widgets.panel.text import Piece, fit
from agent_tui.tui.widgets.scrolling import QuickScrollView, painted, selection_look

NAMES = (
    "dim", "title", "name", "ok", "warn", "error", "run", "llm", "wait", "tool", "step", "key",
    "string", "number", "literal", "punctuation", "heading", "cursor", "gutter",
)  # fmt: skip
GUTTER = 1
"""Cells at the left edge, where the cursor's mark stands."""


class LineView(QuickScrollView, can_focus=True):
    """Rows of styled pieces, with a cursor.

    Attributes:
        cursor: Row of the cursor, None where there is none.
        following: The view keeps to its end until the reader moves.
        shown: The view is on the screen; while it is not, it does no work.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line--{name}" for name in NAMES}
    DEFAULT_CSS = """
    LineView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        background: transparent;
        & > .line--dim, & > .line--punctuation { color: $text-muted; }
        & > .line--wait { color: $text-primary 60%; }
        & > .line--title, & > .line--run { text-style: bold; }
        & > .line--heading { color: $text-primary; text-style: bold; }
        & > .line--name { color: $foreground; }
        & > .line--ok { color: $text-success; }
        & > .line--warn { color: $text-warning; }
        & > .line--error { color: $text-error; }
        & > .line--llm { color: $text-primary; }
        & > .line--tool { color: $text-secondary; }
        & > .line--step { color: $text-muted; }
        & > .line--key { color: $text-primary; }
        & > .line--string { color: $text-success; }
        & > .line--number { color: $text-warning; }
        & > .line--literal { color: $text-accent; }
        & > .line--gutter { color: $primary; }
        & > .line--cursor { background: $foreground 8%; }
        &:focus > .line--cursor { background: $foreground 14%; }
        &:ansi > .line--dim, &:ansi > .line--step, &:ansi > .line--wait { text-style: dim; }
        &:ansi > .line--punctuation { text-style: dim; }
        &:ansi > .line--cursor { background: ansi_default; text-style: bold; }
        &:ansi:focus > .line--cursor { background: ansi_default; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False, id="panel.up"),
        Binding("down", "cursor_down", "Down", show=False, id="panel.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="panel.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="panel.page_down"),
        Binding("home", "first", "First", show=False, id="panel.first"),
        Binding("end", "last", "Last, and follow", show=False, id="panel.last"),
    ]
    follows_scrolling: ClassVar[bool] = True
    """Scrolling to the end follows again; otherwise only moving the cursor there does."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.cursor: int | None = None
        self.following = True
        self.shown = False
        self._styles: dict[str, Style] = {}
        self._count = 0
        self._strips: dict[int, Strip] = {}
        self._strips_of: tuple[int, int] = (-1, -1)
        self._held: set[int | None] | None = None

    # What subclasses say

    def pieces(self, row: int, width: int) -> list[Piece]:
        """What row number ``row`` says in ``width`` cells. The text has been made safe."""
        raise NotImplementedError

    def catch_up(self) -> None:
        """Called when the view comes on the screen: take in what was missed."""

    def moved(self) -> None:
        """Called when the reader moved the cursor."""

    def clicked(self, row: int, x: int) -> None:
        """Called when the reader clicked at cell ``x`` of ``row``, once the cursor is there."""

    # Rows

    @property
    def count(self) -> int:
        """Number of rows."""
        return self._count

    @property
    def row_width(self) -> int:
        """Cells a row has."""
        return max(1, self.scrollable_content_region.width - GUTTER)

    def set_count(self, count: int) -> None:
        """Tells how many rows there are now; keeps to the end if it follows."""
        if count != self._count:
            self._count = count
            self._tell_size(Size(1, count))
        if self.cursor is not None and self.cursor >= count:
            self.cursor = count - 1 if count else None
        if self.following:
            self.to_end()

    def _tell_size(self, size: Size) -> None:
        """Sets what can be scrolled; the screen is laid out anew only if the scroll bar comes or goes."""
        room = self.container_size.height
        if not room or self.show_vertical_scrollbar != (size.height > room):
            self.virtual_size = size
        else:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def to_end(self) -> None:
        """Scrolls to the last row without a say in ``following``."""
        if self.max_scroll_y != self.scroll_offset.y:
            following = self.following
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
            self.following = following

    def redraw(self, row: int | None = None) -> None:
        """Looks at one row again, or at all of them, and paints those on the screen that look different."""
        if not self.shown:
            return
        if self._held is not None:
            self._held.add(row)
            return
        self._look_again({row})

    @contextmanager
    def redrawing_once(self) -> Iterator[None]:
        """However often ``redraw`` is called inside, each row is looked at once, at the end."""
        self._held = set()
        try:
            yield
        finally:
            held, self._held = self._held, None
        if held and self.shown:
            self._look_again(held)

    def _look_again(self, rows: Collection[int | None]) -> None:
        top, height = self.scroll_offset.y, self.size.height
        if None in rows:
            self._repaint(range(height))
        else:
            self._repaint([row - top for row in rows if row is not None and 0 <= row - top < height])

    def _repaint(self, lines: Iterable[int]) -> None:
        self._keep_strips_of_this_place()
        width, changed = self.size.width, []
        for y in lines:
            fresh = self.draw_line(y)
            if fresh != self._strips.get(y):
                self._strips[y] = fresh
                changed.append(Region(0, y, width, 1))
        if changed:
            super().refresh(*changed)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        self._strips.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _keep_strips_of_this_place(self) -> None:
        place = (self.scroll_offset.y, self.size.width)
        if place != self._strips_of:
            self._strips_of = place
            self._strips.clear()

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    def style_of(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(f"line--{name}") if name else self.rich_style
            self._styles[name] = style
        return style

    def render_line(self, y: int) -> Strip:
        """A row with the places of its characters, which selecting by mouse asks for."""
        row = self.scroll_offset.y + y
        return self._line(y).apply_offsets(0, row) if row < self._count else self._line(y)

    def _line(self, y: int) -> Strip:
        self._keep_strips_of_this_place()
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self.draw_line(y)
        return strip

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of ``crop``: the same objects as long as they look the same."""
        if self.styles.gutter:  # a border, say: Textual draws it
            return super().render_lines(crop)
        return painted(self, [self._line(y) for y in range(crop.y, crop.bottom)], crop)

    def draw_line(self, y: int) -> Strip:
        """What stands on line ``y`` of the screen's part of the view, drawn anew."""
        return self._draw_row(y).adjust_cell_length(self.size.width, self.style_of(""))

    def _draw_row(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        if row >= self._count or width <= GUTTER:
            return Strip.blank(width, self.style_of(""))
        here = row == self.cursor
        content = fit(self.pieces(row, width - GUTTER), width - GUTTER)
        segments = [Segment("▌" if here else " ", self.style_of("gutter"))]
        segments += [Segment(text, self.style_of(name)) for text, name in content if text]
        strip = Strip(segments, width)
        if here:
            cursor = self.style_of("cursor")
            over = Style(bgcolor=cursor.bgcolor, bold=cursor.bold or None)
            strip = Strip([Segment(text, (style or Style()) + over) for text, style, _ in strip], width)
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(row)) is not None:
            strip = self._with_selection(strip, *span)
        return strip

    def _with_selection(self, strip: Strip, start: int, end: int) -> Strip:
        style = selection_look(self.screen)
        segments: list[Segment] = []
        position = 0
        for text, old, _ in strip:
            stop = len(text) if end < 0 else min(len(text), max(0, end - position))
            begin = min(stop, max(0, start - position))
            segments += [
                Segment(piece, (old or Style()) + style if chosen else old)
                for piece, chosen in ((text[:begin], False), (text[begin:stop], True), (text[stop:], False))
                if piece
            ]
            position += len(text)
        return Strip(segments, strip.cell_length)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        last = self._count if selection.end is None else min(self._count, selection.end.y + 1)
        first = 0 if selection.start is None else selection.start.y
        width = self.row_width
        lines = [""] * first
        lines += [" " + "".join(text for text, _ in self.pieces(row, width)) for row in range(first, last)]
        chosen = selection.extract("\n".join(lines))
        return "\n".join(line.rstrip() for line in chosen.split("\n")), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002
        self.refresh()

    # Being seen

    def _on_show(self, event: events.Show) -> None:
        super()._on_show(event)
        self.shown = True
        self.catch_up()
        self.refresh()

    def _on_hide(self, event: events.Hide) -> None:
        super()._on_hide(event)
        self.shown = False
        self.gone()

    def gone(self) -> None:
        """Called when the view has left the screen: stop what ticks."""

    def on_resize(self) -> None:
        if self.following:
            self.to_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value < self.max_scroll_y:
            self.following = False
        elif self.follows_scrolling and new_value >= self.max_scroll_y:
            self.following = True

    # The cursor

    def move_cursor(self, row: int | None, *, by_reader: bool = False) -> None:
        """Puts the cursor on ``row`` and brings it into view."""
        if row is not None:
            row = max(0, min(row, self._count - 1)) if self._count else None
        old, self.cursor = self.cursor, row
        if by_reader:
            self.following = row is not None and row == self._count - 1
        if old != row:
            if old is not None:
                self.redraw(old)
            if row is not None:
                self.redraw(row)
        if row is not None:
            self._reveal(row)
        if by_reader:
            self.moved()

    def _reveal(self, row: int) -> None:
        height, top = self.scrollable_content_region.height, self.scroll_offset.y
        if height <= 0:
            return
        following = self.following
        if row < top:
            self.scroll_to(y=row, animate=False, immediate=True, force=True)
        elif row >= top + height:
            self.scroll_to(y=row - height + 1, animate=False, immediate=True, force=True)
        self.following = following

    def _step(self, by: int) -> None:
        if self.cursor is None:
            top, height = self.scroll_offset.y, self.scrollable_content_region.height
            start = top if by > 0 else min(self._count, top + height) - 1
            self.move_cursor(start, by_reader=True)
        else:
            self.move_cursor(self.cursor + by, by_reader=True)

    def action_cursor_up(self) -> None:
        self._step(-1)

    def action_cursor_down(self) -> None:
        self._step(1)

    def action_page(self, direction: int) -> None:
        self._step(direction * max(1, self.scrollable_content_region.height - 1))

    def action_first(self) -> None:
        self.move_cursor(0, by_reader=True)

    def action_last(self) -> None:
        self.move_cursor(self._count - 1, by_reader=True)

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        if event.button == 1 and row < self._count and not self.text_selection:
            event.stop()
            self.move_cursor(row, by_reader=True)
            self.clicked(row, event.x - GUTTER)
