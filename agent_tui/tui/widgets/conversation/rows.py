"""Rows of the screen out of drawn lines: the cursor's column, the line itself, and what fills the rest."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from agent_tui.tui.markdown import Line

PAD = 1
"""Columns left and right of the text; the left one holds the cursor."""


class RowPainter:
    """Makes strips of one width in one palette.

    Args:
        width: Cells of a row, the scroll bar's included.
        text: Style of the ground.
        cursor: Style of the mark that the cursor is.

    Attributes:
        blank: A row where nothing is.
    """

    def __init__(self, width: int, text: Style, cursor: Style) -> None:
        self.width = width
        self._text = text
        self._cursor = cursor
        self.blank = Strip([Segment(" " * width, text)], width)

    def strip(self, line: Line, *, marked: bool) -> Strip:
        """The row as it is painted."""
        # One segment per style: half of what is sent to the terminal would be styles otherwise.
        return Strip(Segment.simplify(self._parts(line, marked=marked)), self.width)

    def selected(self, line: Line, start: int, end: int, selection: Style, *, marked: bool) -> Strip:
        """The row with its characters from ``start`` to ``end`` (negative: all) in another style."""
        end = len(line.text) if end < 0 else end
        segments: list[Segment] = []
        at = 0
        for number, (text, own, _) in enumerate(self._parts(line, marked=marked)):
            if number == 0 or number > len(line.segments):
                segments.append(Segment(text, own))
                continue
            left, right = min(max(start - at, 0), len(text)), min(max(end - at, 0), len(text))
            parts = (
                (text[:left], own),
                (text[left:right], (own or Style.null()) + selection),
                (text[right:], own),
            )
            segments += [Segment(part, look) for part, look in parts if part]
            at += len(text)
        return Strip(segments, self.width)

    def placed(self, line: Line, row_id: int) -> Strip:
        """The row with the places of its characters, which selecting by mouse asks for."""
        pad, *segments = self._parts(line, marked=False)
        placed = [pad]
        at = 0
        for text, style, _ in segments:
            placed.append(Segment(text, (style or Style.null()) + _at(at, row_id)))
            at += len(text)
        return Strip(placed, self.width)

    def nowhere(self, line: Line | None, row_id: int) -> Strip:
        """A row without text: its place is the beginning of what follows, or the end of all."""
        place = Segment("", _at(len(line.text) if line is not None else 0, row_id))
        return Strip([place, *self.blank], self.width)

    def _parts(self, line: Line, *, marked: bool) -> list[Segment]:
        mark = Segment("▌", self._cursor) if marked else Segment(" ", self._text)
        parts = [mark, *line.segments]
        space = self.width - PAD - line.cells
        if line.wash is not None and space > PAD:
            parts += [Segment(" " * (space - PAD), line.wash), Segment(" ", self._text)]
        elif space > 0:
            parts.append(Segment(" " * space, self._text))
        return parts


def _at(character: int, row_id: int) -> Style:
    return Style.from_meta({"offset": (character, row_id)})
