"""A comparison on a terminal or in a pipe: two columns, marks in front, colour only where it is wanted."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agent_tui.safetext import visible

if TYPE_CHECKING:
    from agent_tui.events.sidebyside import Line

PIPE_WIDTH = 80
MIN_WIDTH = 40
MARGIN = 2
_COLOURS = {"changed": "33", "only_a": "31", "only_b": "32", "fold": "2", "total": "2", "run": "1"}


def print_lines(lines: Sequence[Line], titles: tuple[str, str]) -> None:
    """Prints the lines under their titles; long ones are wrapped within their column."""
    tty = sys.stdout.isatty()
    width = max(MIN_WIDTH, shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if tty else PIPE_WIDTH)
    colour = tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    text = "\n".join(comparison_text(lines, titles, width, colour=colour, unicode=unicode)) + "\n"
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def comparison_text(
    lines: Sequence[Line], titles: tuple[str, str], width: int, *, colour: bool, unicode: bool = True
) -> Iterator[str]:
    """The rows of a comparison, none wider than ``width`` cells."""
    from rich.cells import set_cell_size

    from agent_tui.events.sidebyside import columns, wrap

    half = (width - MARGIN - 3) // 2
    bar = "│" if unicode else "|"

    def row(mark: str, left: str, right: str, style: str) -> str:
        text = f"{mark:<{MARGIN}}{set_cell_size(left, half)} {bar} {right}".rstrip()
        return f"\x1b[{style}m{text}\x1b[0m" if colour and style else text

    for left, right in zip(
        *(wrap(visible(title, newlines=False), half)[:1] for title in titles), strict=True
    ):
        yield row("", left, right, "1")
    for line in lines:
        style = "1;33" if line.first else _COLOURS.get(line.kind, "")
        if line.kind == "run":
            yield ""
        if line.first:
            yield _styled("! the first difference", style if colour else "")
        for number, (left, right) in enumerate(columns(line, half)):
            mark = line.mark if number == 0 else ""
            if line.kind == "fold":
                yield _styled(f"{mark:<{MARGIN}}{left}", style if colour else "")
            else:
                yield row(mark, left, right, style)


def _styled(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if style else text
