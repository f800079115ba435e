"""Screen lines: styled spans wrapped by cell width, and what a line means when it is copied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Span = tuple[str, Style]

_WIDE = (
    "\u1100-\u11ff\u2e80-\u303f\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60"
)
# A wide character may stand alone on a line, but closing marks stay with what they close.
_CLOSING = "、。，．：；！？）」』】》〉〕…ー"
_UNITS = re.compile(rf"\s+|[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+[{_CLOSING}]*")


class Line:
    """One line on the screen. Content never changes; ``strip`` is whatever the owner last made of it.

    Attributes:
        segments: What is shown, no wider than the width it was wrapped to.
        cells: Its width in cells.
        join: None where a line of the source begins; otherwise what stood between this and the line
            before it when the source was wrapped.
        skip: Characters at the start that are decoration and are not copied.
        wash: Style that fills the rest of the row, where it is not the background.
    """

    __slots__ = ("cells", "join", "segments", "skip", "strip", "wash")

    def __init__(
        self,
        segments: Sequence[Segment],
        cells: int,
        join: str | None = None,
        skip: int = 0,
        wash: Style | None = None,
    ) -> None:
        self.segments = segments
        self.cells = cells
        self.join = join
        self.skip = skip
        self.wash = wash
        self.strip: Strip | None = None

    @property
    def text(self) -> str:
        return "".join([segment.text for segment in self.segments])

    def same(self, other: Line) -> bool:
        """Whether both look the same and copy the same."""
        return (
            self.segments == other.segments
            and self.join == other.join
            and self.skip == other.skip
            and self.wash == other.wash
        )

    def prefixed(self, prefix: Sequence[Segment], cells: int, chars: int) -> Line:
        """This line with decoration in front of it."""
        return Line([*prefix, *self.segments], cells + self.cells, self.join, chars + self.skip, self.wash)


def width_of(text: str) -> int:
    """Cells that ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


@lru_cache(4096)
def add_styles(first: Style, second: Style) -> Style:
    """``second`` on top of ``first``."""
    return first + second


def breaks(text: str, width: int) -> list[tuple[int, int, str | None]]:
    """Where ``text`` is broken to fit ``width`` cells.

    Returns:
        Per line its start and end in ``text``, and what was left out before it: a run of spaces, or
        nothing where a word had to be cut; None for the first line and after a line feed.
    """
    width = max(width, 1)
    lines: list[tuple[int, int, str | None]] = []
    position = 0
    for hard in text.split("\n"):
        _break_line(hard, position, width, lines)
        position += len(hard) + 1
    return lines


def _break_line(text: str, base: int, width: int, lines: list[tuple[int, int, str | None]]) -> None:
    if width_of(text) <= width:
        lines.append((base, base + len(text), None))
        return
    start, end, used = 0, 0, 0  # the line so far, without the space that follows it
    join: str | None = None
    pending = 0
    for match in _UNITS.finditer(text):
        unit = match.group()
        if unit.isspace():
            pending = width_of(unit)
            if end == start and used == 0 and join is None:
                # Space that begins a source line is indentation: it stays.
                end, used, pending = match.end(), min(pending, width), 0
            continue
        cells = width_of(unit)
        if used + pending + cells <= width:
            end, used, pending = match.end(), used + pending + cells, 0
            continue
        if end > start:
            lines.append((base + start, base + end, join))
            join = text[end : match.start()]
        start, used, pending = match.start(), 0, 0
        if cells > width:
            start, used = _chop(unit, start, width, base, lines, join)
            join = "" if start > match.start() else join
        else:
            used = cells
        end = match.end()
    if end > start:
        lines.append((base + start, base + end, join))


def _chop(
    unit: str, start: int, width: int, base: int, lines: list[tuple[int, int, str | None]], join: str | None
) -> tuple[int, int]:
    """Cuts a word that is wider than a line; leaves its last part open."""
    *parts, last = _slices(unit, width) if unit.isascii() else chop_cells(unit, width)
    for part in parts:
        lines.append((base + start, base + start + len(part), join))
        start += len(part)
        join = ""
    return start, width_of(last)


def _slices(text: str, width: int) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), width)]


def slice_spans(spans: Sequence[Span], cuts: Iterable[tuple[int, int]]) -> list[list[Segment]]:
    """The parts of ``spans`` between each start and end; cuts ascend and do not overlap."""
    result: list[list[Segment]] = []
    index, at = 0, 0  # the span that holds position `at`, its first character
    for start, end in cuts:
        segments: list[Segment] = []
        while index < len(spans) and at + len(spans[index][0]) <= start:
            at += len(spans[index][0])
            index += 1
        inner, here = index, at
        while inner < len(spans) and here < end:
            text, style = spans[inner]
            part = text[max(start - here, 0) : end - here]
            if part:
                segments.append(Segment(part, style))
            here += len(text)
            inner += 1
        result.append(segments)
    return result


def wrap(spans: Sequence[Span], width: int) -> list[Line]:
    """Spans, broken at words to lines of at most ``width`` cells. No span: one empty line."""
    text = "".join([span[0] for span in spans])
    cuts = breaks(text, width)
    rows = slice_spans(spans, [(start, end) for start, end, _ in cuts])
    return [
        made(segments, text[start:end], join)
        for segments, (start, end, join) in zip(rows, cuts, strict=True)
    ]


def made(segments: list[Segment], text: str, join: str | None) -> Line:
    """A line of segments that together are ``text``.

    Where styles change inside of what the terminal draws as one character, the line keeps one style:
    the widths of its segments would not add up to its own.
    """
    if text.isascii():
        return Line(segments, len(text), join)
    cells = cell_len(text)
    if len(segments) > 1 and sum([cell_len(segment.text) for segment in segments]) != cells:
        segments = [Segment(text, segments[0].style)]
    return Line(segments, cells, join)


def clip(text: str, width: int) -> str:
    """``text`` cut to ``width`` cells, ending in ``…`` if anything was cut."""
    if width_of(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    kept = chop_cells(text[: width * 2 + 8], width - 1)[0]
    return kept + "…"
