"""The printed comparison: within its width, without colour unless asked for, and readable without it."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from agent_tui.cli.comparison_text import comparison_text
from agent_tui.events.sidebyside import Line

LINES = [
    Line("run", "run 1", "run 1", differs=True),
    Line("fold", "the same: " + "prompt, " * 30),
    Line("fact", "step 1 tool read_file", "step 1 tool read_file", first=True, differs=True),
    Line("changed", "漢字 " * 40, "short"),
    Line("only_a", "gone", ""),
    Line("only_b", "", "new"),
    Line("total", "completed", "failed"),
]


@pytest.mark.parametrize("width", [40, 80, 133])
def test_no_row_is_wider_than_asked(width: int) -> None:
    rows = list(comparison_text(LINES, ("A\x1b[2J" * 50, "B"), width, colour=False))
    assert max(cell_len(row) for row in rows) <= width
    assert not any("\x1b" in row for row in rows)


def test_marks_say_what_colours_say() -> None:
    rows = list(comparison_text(LINES, ("A", "B"), 80, colour=False))
    assert "! the first difference" in rows
    assert [row[0] for row in rows if row and row[0] in "~<>=!"] == ["~", "=", "!", "!", "~", "<", ">"]


def test_colour_and_plain_say_the_same() -> None:
    plain = list(comparison_text(LINES, ("A", "B"), 80, colour=False))
    coloured = list(comparison_text(LINES, ("A", "B"), 80, colour=True))
    assert any("\x1b[" in row for row in coloured)
    assert [
        row.split("m", 1)[1].removesuffix("\x1b[0m") if row[:1] == "\x1b" else row for row in coloured
    ] == plain


def test_a_bar_of_ascii_where_there_is_no_other() -> None:
    rows = "\n".join(comparison_text([LINES[0]], ("A", "B"), 80, colour=False, unicode=False))
    assert rows.isascii()
    assert " | run 1" in rows
