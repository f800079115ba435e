"""The open end of a document: the one block that lines are still being added to."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field

from rich.style import Style

from agent_tui.tui.markdown import inline
from agent_tui.tui.markdown.code import Highlighter
from agent_tui.tui.markdown.lines import Line, Span, breaks, made, slice_spans, width_of, wrap
from agent_tui.tui.markdown.styles import MarkdownStyles
from agent_tui.tui.markdown.table import Table

PIECE_LEAST = 1_000
PIECE_MOST = 4_000
_MARKS = re.compile(r"\\.|`+|\*+|_+|~~+|[\[\]<>]|(?<=\S)[ \n](?=\S)", re.DOTALL)


@dataclass
class Paragraph:
    """Text that is wrapped as a whole. Of a very long one, what is far behind becomes final early.

    Attributes:
        text: What is not final yet.
        carry: The last line of what is: the text goes on behind it; ``join`` is how that line began.
        split: Whether a part of it is final already.
    """

    text: str = ""
    lines: int = 0
    carry: list[Span] = field(default_factory=list)
    join: str | None = None
    split: bool = False

    def clone(self) -> Paragraph:
        return copy.copy(self)

    def take(self, width: int, styles: MarkdownStyles) -> list[Line]:
        """Lines that have become final."""
        done: list[Line] = []
        while len(self.text) > PIECE_LEAST and (at := safe_cut(self.text)):
            piece, self.text = self.text[:at], self.text[at:]
            lines, self.carry, self.join = self._wrapped(inline.spans(piece, styles), width, keep=True)
            self.split = True
            done += lines
        return done

    def rest(self, width: int, styles: MarkdownStyles, *, open_end: bool) -> list[Line]:
        """All lines that are not final, as if the paragraph ended here."""
        text = self.text.rstrip()
        text = inline.completed(text) if open_end else text
        return self._wrapped(inline.spans(text, styles), width, keep=False)[0]

    def _wrapped(
        self, spans: list[Span], width: int, *, keep: bool
    ) -> tuple[list[Line], list[Span], str | None]:
        spans = [*self.carry, *spans]
        lines = wrap(spans, width)
        if not lines:
            return [], [], None
        lines[0].join = self.join
        if not keep:
            return lines, [], None
        text = "".join([part for part, _ in spans])
        start = breaks(text, width)[-1][0]
        kept = slice_spans(spans, [(start, len(text))])[0]
        last = lines.pop()
        return lines, [(part, style or Style.null()) for part, style, _ in kept], last.join


def safe_cut(text: str) -> int:
    """Where ``text`` may be parsed in two parts; 0 if that is not known yet.

    Depends on nothing behind the cut but one character, so that it does not matter how text arrives.
    """
    opened: set[str] = set()
    code = ""
    brackets = 0
    for match in _MARKS.finditer(text, 0, PIECE_MOST + 1):
        run = match.group()
        if code:
            code = "" if run == code else code
        elif run[0] == "`":
            code = run
        elif run in "[<":
            brackets += 1
        elif run in "]>":
            brackets = max(0, brackets - 1)
        elif run.isspace():
            if match.start() >= PIECE_LEAST and not opened and not brackets:
                return match.end()
        elif run[0] != "\\":
            opened ^= {run}
    if len(text) <= PIECE_MOST:
        return 0
    return text.rfind(" ", PIECE_LEAST, PIECE_MOST) + 1 or PIECE_MOST


@dataclass
class Fence:
    """Code between fences, or indented code where ``mark`` is empty."""

    mark: str
    indent: int
    highlighter: Highlighter

    def clone(self) -> Fence:
        return Fence(self.mark, self.indent, copy.copy(self.highlighter))

    def closes(self, rest: str) -> bool:
        text = rest.strip()
        return (
            bool(self.mark)
            and len(text) >= len(self.mark)
            and set(text) == {self.mark[0]}
            and rest[:4] != "    "
        )

    def line(self, text: str, width: int, styles: MarkdownStyles) -> list[Line]:
        spaces = len(text) - len(text.lstrip(" "))
        spans = self.highlighter.line(text[min(self.indent, spaces) :])
        return code_lines(spans, width, styles)


def code_lines(spans: list[Span], width: int, styles: MarkdownStyles) -> list[Line]:
    """One line of code, cut (not wrapped at words) to the width, on its own ground."""
    text = "".join([part for part, _ in spans])
    lines = wrap(spans, width) if width_of(text) <= width else _cut(spans, text, width)
    for line in lines:
        line.wash = styles.block
    return lines


def _cut(spans: list[Span], text: str, width: int) -> list[Line]:
    from rich.cells import chop_cells

    cuts = []
    at = 0
    for part in chop_cells(text, max(width, 2)):
        cuts.append((at, at + len(part)))
        at += len(part)
    rows = slice_spans(spans, cuts)
    return [
        made(row, text[start:end], "" if start else None)
        for row, (start, end) in zip(rows, cuts, strict=True)
    ]


@dataclass
class Html:
    """Raw HTML: shown as the text it is, until a blank line."""

    def clone(self) -> Html:
        return self


@dataclass
class Rows:
    """A table that is still open."""

    table: Table

    def clone(self) -> Rows:
        return Rows(self.table.clone())


Leaf = Paragraph | Fence | Html | Rows
