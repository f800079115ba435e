"""Two columns of lines with marks: what differs is shown, what is the same opens on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from agent_tui.events.sidebyside import Line, LineKind, columns
from agent_tui.tui.widgets.panel.lines import LineView
from agent_tui.tui.widgets.panel.text import Piece, fit

MARGIN = 2
BAR = " │ "
_STYLES: dict[LineKind, str] = {
    "run": "title",
    "fact": "name",
    "field": "key",
    "changed": "warn",
    "only_a": "error",
    "only_b": "ok",
    "fold": "dim",
    "total": "dim",
}


@dataclass(frozen=True, slots=True)
class _Row:
    line: Line
    left: str
    right: str
    begins: bool


class ComparisonView(LineView):
    """Shows the lines of a comparison, in two columns as wide as there is room for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,right_square_bracket", "differ(1)", "Next difference", show=False, id="compare.next"),
        Binding(
            "p,left_square_bracket", "differ(-1)", "Difference before", show=False, id="compare.previous"
        ),
        Binding("enter,space", "fold", "Open or close what is the same", show=False, id="compare.fold"),
    ]
    follows_scrolling = False

    def __init__(self) -> None:
        super().__init__()
        self.following = False
        self._lines: Sequence[Line] = ()
        self._open: set[int] = set()
        self._rows: list[_Row] = []
        self._drawn_for = 0

    @property
    def half(self) -> int:
        """Cells of a column."""
        return max(8, (self.row_width - MARGIN - len(BAR)) // 2)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Shows a comparison from its first difference on."""
        self._lines = lines
        self._open.clear()
        self._arrange()
        first = next((index for index, row in enumerate(self._rows) if row.line.first), None)
        if first is not None:
            self.move_cursor(first)

    def catch_up(self) -> None:
        self._arrange()

    def on_resize(self) -> None:
        if self.half != self._drawn_for:
            self._arrange()

    def _arrange(self) -> None:
        at = (
            self._rows[self.cursor].line
            if self.cursor is not None and self.cursor < len(self._rows)
            else None
        )
        self._drawn_for = self.half
        self._rows = list(self._all_rows(self._lines))
        self.set_count(len(self._rows))
        if at is not None:
            here = (index for index, row in enumerate(self._rows) if row.line is at)
            self.move_cursor(next(here, None))
        self.redraw()

    def _line_here(self) -> Line | None:
        if self.cursor is None or self.cursor >= len(self._rows):
            return None
        return self._rows[self.cursor].line

    def _all_rows(self, lines: Sequence[Line]) -> Iterator[_Row]:
        for line in lines:
            for number, (left, right) in enumerate(columns(line, self.half)):
                yield _Row(line, left, right, number == 0)
            if id(line) in self._open:
                yield from self._all_rows(line.hidden)

    def pieces(self, row: int, width: int) -> list[Piece]:
        if row >= len(self._rows):
            return []
        shown = self._rows[row]
        line = shown.line
        style = (
            "warn" if line.first or (line.kind == "fact" and line.differs) else _STYLES.get(line.kind, "")
        )
        mark: Piece = (f"{line.mark if shown.begins else '':<{MARGIN}}", style)
        if line.kind == "fold":
            sign = ("▾ " if id(line) in self._open else "▸ ") if shown.begins else "  "
            return fit([(sign, style), (shown.left, style)], width)
        half = self.half
        return [
            mark,
            *fit([(shown.left, style)], half),
            (BAR, "punctuation"),
            *fit([(shown.right, style)], half),
        ]

    def clicked(self, row: int, x: int) -> None:  # noqa: ARG002
        if self._rows[row].line.kind == "fold":
            self.action_fold()

    def action_fold(self) -> None:
        """Opens or closes the fold under the cursor."""
        line = self._line_here()
        if line is None or not line.hidden:
            return
        self._open.symmetric_difference_update({id(line)})
        self._arrange()

    def action_differ(self, by: int) -> None:
        """Goes to the next heading over something that differs, or to the one before."""
        here = -1 if self.cursor is None else self.cursor
        places = [
            index
            for index, row in enumerate(self._rows)
            if row.begins and row.line.kind == "fact" and row.line.differs
        ]
        ahead = [index for index in places if (index - here) * by > 0]
        if ahead:
            self.move_cursor(ahead[0] if by > 0 else ahead[-1], by_reader=True)
