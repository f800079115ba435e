"""The transcript on the screen: where it stands, and its rows, painted only when they look different."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.geometry import Region
from textual.strip import Strip

from agent_tui.events.view import AnyBlock, SessionView
from agent_tui.tui.markdown import Line
from agent_tui.tui.widgets.conversation.bar import GrowingBar
from agent_tui.tui.widgets.conversation.draw import Look
from agent_tui.tui.widgets.conversation.palette import CLASSES, Palette, palette_of
from agent_tui.tui.widgets.conversation.rows import PAD, RowPainter
from agent_tui.tui.widgets.conversation.selection import row_id
from agent_tui.tui.widgets.conversation.transcript import Row, Transcript
from agent_tui.tui.widgets.scrolling import QuickScrollView, painted, selection_look


class TranscriptView(QuickScrollView):
    """The session's blocks as one document.

    Follows the end until somebody scrolls up, and again once it is back at the end.

    Attributes:
        following: Whether the end is kept in view.
        cursor: Index of the block that is marked, or None.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = CLASSES
    DEFAULT_CSS = Path(__file__).with_name("conversation.tcss").read_text(encoding="utf-8")

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.following = True
        self.cursor: int | None = None
        self._view = SessionView()
        self._transcript: Transcript | None = None
        self._palette: Palette | None = None
        self._palette_stale = False
        self._anchor: Row = (0, 0)
        self._rows: list[Row] = []
        self._strips: list[Strip] = []
        self._held: list[Line] = []
        self._painter: RowPainter | None = None
        self.bar = GrowingBar(self)

    # What is shown

    def show(self, view: SessionView) -> None:
        """Shows another view, or the same one after it has changed wholesale.

        Of two moments of one session, as a replay has them, what is the same stays drawn.
        """
        if self._transcript is None or view is self._view or view.session_id != self._view.session_id:
            self._transcript = None
        else:
            self._mark(None)
            self._transcript.rebind(view)
        self._view = view
        self.cursor = None
        self.following = True
        self._place(around=False)
        self.call_after_refresh(self._place)

    def show_more(self, view: SessionView) -> None:
        """Shows a view that tells more of the same session; the reader's place in it stays."""
        blocks, (index, offset), cursor = self._view.blocks, self._anchor, self.cursor
        if self.following or index >= len(blocks):
            self.show(view)
            return
        self._view, self._transcript = view, None
        self._anchor = (_place_of(blocks[index], view.blocks), offset)
        self.cursor = _place_of(blocks[cursor], view.blocks) if cursor is not None else None
        self._place()

    def update_blocks(self, indices: Collection[int]) -> None:
        """Brings the blocks with these indices up to date; new ones need not be named."""
        if self._transcript is None:
            self._place()
            return
        self._transcript.update(indices)
        self._place()

    def follow_end(self) -> None:
        """Goes to the end and stays there."""
        self.following = True
        self._place()

    # Placing

    def _height(self) -> int:
        return self.size.height

    def _ready(self) -> Transcript | None:
        """The transcript, made now if it was not; None while there is no room for it."""
        width, height = self.size
        if not width or not height or not self.is_attached:
            return None
        if self._palette is None or self._palette_stale:
            fresh = palette_of(self)
            self._palette_stale = False
            if fresh != self._palette:
                self._palette, self._painter = fresh, None
        look_width = max(width - self.scrollbar_size_vertical - 2 * PAD, 1)
        if self._transcript is None or self._transcript.view is not self._view:
            self._transcript = Transcript(self._view, Look(look_width, self._palette))
        elif (
            self._transcript.look.width != look_width or self._transcript.look.palette is not self._palette
        ):
            self._redraw(self._transcript, Look(look_width, self._palette))
        return self._transcript

    def _redraw(self, transcript: Transcript, look: Look) -> None:
        """Another width or theme: what was on the top row stays there, as near as can be."""
        index, offset = self._anchor
        before = transcript.measure(index) if index < len(transcript) else 0
        transcript.look = look
        transcript.rebuild()
        if before:
            self._anchor = (index, offset * transcript.measure(index) // before)

    def _place(self, *, resume: bool = False, around: bool = True) -> None:
        """Finds the rows in view, and asks for those to be painted that look different.

        Args:
            resume: At the end, it follows the end again.
            around: What is near is measured too, so that nothing jumps when it is scrolled to.
        """
        transcript = self._ready()
        if transcript is None:
            return
        height = self._height()
        index, offset = self._find_top(transcript, height, resume=resume)
        if around:
            transcript.forth(index, offset, 2 * height)
            transcript.back(index, offset, height)
        self._rows = transcript.rows(index, offset, height)
        self._anchor = (index, offset)
        self.bar.tell(transcript.line_of(index, offset), transcript.total, following=self.following)
        self._repaint(transcript)
        if self._rows:
            transcript.evict((self._rows[0][0], self._rows[-1][0]))

    def _find_top(self, transcript: Transcript, height: int, *, resume: bool = False) -> Row:
        end = transcript.back(len(transcript), 0, height)
        if self.following:
            return end
        index, offset = self._anchor
        if index >= len(transcript):
            return end
        offset = min(offset, max(transcript.measure(index) - 1, 0))
        if (index, offset) >= end:
            self.following = self.following or resume or (index, offset) == end
            return end
        return index, offset

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Somebody scrolled: by wheel, scroll bar or a call."""
        transcript = self._ready()
        if transcript is None or round(old_value) == round(new_value):
            return
        line = round(new_value)
        end = max(transcript.total - self._height(), 0)
        self.following = line >= end
        self._anchor = transcript.find(line)
        self._place()

    def _scroll_to(self, *args: Any, **kwargs: Any) -> bool:
        kwargs["animate"] = False
        return super()._scroll_to(*args, **kwargs)

    # Painting

    def _repaint(self, transcript: Transcript) -> None:
        fresh = self._fresh_strips(transcript)
        old = self._strips
        self._strips = fresh
        width = self.size.width - self.scrollbar_size_vertical  # the bar is another widget
        if len(old) != len(fresh):
            self.refresh(Region(0, 0, width, len(fresh)))
            return
        regions = []
        start = None
        for y, strip in enumerate(fresh):
            if strip is not old[y]:
                start = y if start is None else start
            elif start is not None:
                regions.append(Region(0, start, width, y - start))
                start = None
        if start is not None:
            regions.append(Region(0, start, width, len(fresh) - start))
        if regions:
            self.refresh(*regions)

    def _fresh_strips(self, transcript: Transcript) -> list[Strip]:
        selection = self.text_selection
        held: list[Line] = []
        strips: list[Strip] = []
        paint = self._paint()
        for row in self._rows:
            line = transcript.line(row)
            if line is None:
                strips.append(paint.blank)
                continue
            if line.strip is None:
                line.strip = paint.strip(line, marked=row[0] == self.cursor)
            held.append(line)
            strip = line.strip
            if selection is not None and (span := selection.get_span(row_id(row))) is not None:
                style = selection_look(self.screen)
                strip = paint.selected(line, *span, style, marked=row[0] == self.cursor)
            strips.append(strip)
        strips += [paint.blank] * (self._height() - len(strips))
        kept = {id(line) for line in held}
        for line in self._held:
            if id(line) not in kept:
                line.strip = None
        self._held = held
        return strips

    def _paint(self) -> RowPainter:
        if self._painter is None or self._painter.width != self.size.width:
            text = self._palette.text if self._palette is not None else self.rich_style
            cursor = self._palette.of("cursor") if self._palette is not None else text
            self._painter = RowPainter(self.size.width, text, cursor)
        return self._painter

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of ``crop``: ready strips, the same objects as long as they look the same."""
        strips = self._strips[crop.y : crop.bottom]
        if len(strips) < crop.height:
            strips += [self._paint().blank] * (crop.height - len(strips))
        return painted(self, strips, crop)

    def render_line(self, y: int) -> Strip:
        """A row with the places of its characters, which selecting by mouse asks for."""
        paint = self._paint()
        if self._transcript is None or not self._rows:
            return paint.blank
        row = self._rows[min(max(y, 0), len(self._rows) - 1)]
        line = self._transcript.line(row)
        if line is None or y >= len(self._rows):
            return paint.nowhere(line, row_id(row))
        return paint.placed(line, row_id(row))

    # Changes around

    def on_resize(self) -> None:
        self._strips = []
        self._place()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Nothing: it looks the same with the focus, so that no style has to be worked out anew."""

    def notify_style_update(self) -> None:
        """The theme or a class has changed."""
        super().notify_style_update()
        # Most often it is no more than focus or the mouse: only other colours are drawn anew.
        self._palette_stale = True
        self.call_after_refresh(self._place)

    # The marked block

    def _mark(self, index: int | None) -> None:
        for row, line in zip(self._rows, self._strip_lines(), strict=True):
            if line is not None and row[0] in (self.cursor, index):
                line.strip = None
        self.cursor = index

    def _strip_lines(self) -> list[Line | None]:
        transcript = self._transcript
        return [transcript.line(row) if transcript is not None else None for row in self._rows]


def _place_of(block: AnyBlock, blocks: Sequence[AnyBlock]) -> int:
    """Where the block that began with the same event stands in another view's blocks."""
    return bisect_left(blocks, block.seq, key=lambda other: other.seq)
