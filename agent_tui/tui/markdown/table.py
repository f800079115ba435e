"""Tables: cells fitted to the width, wrapped where the terminal is narrow."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Literal

from rich.segment import Segment

from agent_tui.tui.markdown import inline
from agent_tui.tui.markdown.lines import Line, Span, add_styles, width_of, wrap
from agent_tui.tui.markdown.styles import MarkdownStyles

Align = Literal["left", "right", "center"]
SAMPLE = 40
"""Rows that decide the widths of the columns; later rows are fitted into them, and are final at once."""
_CELL_LIMIT = 2_000
_DELIMITER = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_MAYBE_DELIMITER = re.compile(r"^[ \t|:\-]*$")
_PIPE = re.compile(r"(?<!\\)\|")


def split_row(text: str) -> list[str]:
    """The cells of a row; ``\\|`` is a pipe."""
    text = text.strip()
    text = text[1:] if text.startswith("|") else text
    if text.endswith("|") and not text.endswith("\\|"):
        text = text[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _PIPE.split(text)]


def alignments(text: str) -> list[Align] | None:
    """How each column is aligned if ``text`` is a delimiter row, else None."""
    if "|" not in text or not _DELIMITER.match(text):
        return None
    result: list[Align] = []
    for cell in split_row(text):
        left, right = cell.startswith(":"), cell.endswith(":")
        result.append("center" if left and right else "right" if right else "left")
    return result


def may_become_table(header: str, following: str) -> bool:
    """Whether a line and the beginning of the next look like a table that is still arriving."""
    return header.lstrip().startswith("|") and bool(_MAYBE_DELIMITER.match(following))


class Table:
    """A table that grows by rows."""

    def __init__(self, header: str, aligns: Sequence[Align], width: int, styles: MarkdownStyles) -> None:
        self._styles = styles
        self._width = width
        self._aligns = list(aligns)
        self._header = self._cells(header, head=True)
        self._sample: list[list[list[Span]]] = []
        self._widths: list[int] | None = None

    def clone(self) -> Table:
        """An independent table that shares nothing that changes."""
        twin = copy.copy(self)
        twin._sample = list(self._sample)
        return twin

    def row(self, text: str) -> list[Line]:
        """Takes in a row; gives the lines that are final by it."""
        cells = self._cells(text)
        if self._widths is not None:
            return self._row_lines(cells, self._widths)
        self._sample.append(cells)
        return self._settle() if len(self._sample) >= SAMPLE else []

    def close(self) -> list[Line]:
        """The lines that were not final yet."""
        return [] if self._widths is not None else self._settle()

    def _settle(self) -> list[Line]:
        lines = self._all(self._sample)
        self._widths = self._fit(self._sample)
        self._sample = []
        return lines

    def _cells(self, text: str, *, head: bool = False) -> list[list[Span]]:
        styles = self._styles
        cells = split_row(text)[: len(self._aligns)]
        cells += [""] * (len(self._aligns) - len(cells))
        base = add_styles(styles.text, styles.strong) if head else styles.text
        return [inline.spans(cell[:_CELL_LIMIT], styles, base) for cell in cells]

    def _all(self, rows: list[list[list[Span]]]) -> list[Line]:
        widths = self._fit(rows)
        border = "─┼─".join(["─" * width for width in widths])[: self._width]
        lines = self._row_lines(self._header, widths)
        lines.append(Line([Segment(border, self._styles.border)], width_of(border), skip=len(border)))
        for row in rows:
            lines += self._row_lines(row, widths)
        return lines

    def _fit(self, rows: list[list[list[Span]]]) -> list[int]:
        """Column widths: as wide as the content, else the widest give way until it fits."""
        columns = len(self._aligns)
        widths = [1] * columns
        for row in [self._header, *rows]:
            for index, cell in enumerate(row):
                text = "".join([part for part, _ in cell])
                widths[index] = max(widths[index], *[width_of(line) for line in text.split("\n")])
        room = max(self._width - 3 * (columns - 1), columns)
        excess = sum(widths) - room
        while excess > 0:
            widest = max(widths)
            second = max([width for width in widths if width < widest], default=1)
            level = [index for index, width in enumerate(widths) if width == widest]
            step = max(1, min(widest - second, -(-excess // len(level))))
            if widest <= 1:
                break
            for index in level:
                cut = min(step, excess, widths[index] - 1)
                widths[index] -= cut
                excess -= cut
        return widths

    def _row_lines(self, row: list[list[Span]], widths: list[int]) -> list[Line]:
        columns = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
        height = max(len(column) for column in columns)
        lines = []
        for at in range(height):
            segments: list[Segment] = []
            total = 0
            for index, column in enumerate(columns):
                if index:
                    segments.append(Segment(" │ ", self._styles.border))
                    total += 3
                cell = column[at] if at < len(column) else None
                segments += self._cell(cell, widths[index], self._aligns[index])
                total += max(widths[index], cell.cells if cell else 0)
            line = Line(segments, total)
            lines.append(line if total <= self._width else _cut(line, self._width))
        return lines

    def _cell(self, line: Line | None, width: int, align: Align) -> list[Segment]:
        space = width - (line.cells if line else 0)
        left = 0 if align == "left" else space if align == "right" else space // 2
        inner = list(line.segments) if line else []
        if left > 0:
            inner.insert(0, Segment(" " * left, self._styles.text))
        if space - left > 0:
            inner.append(Segment(" " * (space - left), self._styles.text))
        return inner


def _cut(line: Line, width: int) -> Line:
    """A row of a table with more columns than the terminal has cells."""
    strip_segments = []
    used = 0
    for text, style, _ in line.segments:
        cells = width_of(text)
        if used + cells > width:
            kept = text[: max(width - used, 0)] if text.isascii() or cells == len(text) else ""
            if kept:
                strip_segments.append(Segment(kept, style))
                used += len(kept)
            break
        strip_segments.append(Segment(text, style))
        used += cells
    return Line(strip_segments, used, line.join, line.skip)
