"""The block structure of markdown, line by line: every line is looked at once, whatever is open around it.

Follows the algorithm of the CommonMark specification (containers first, then one open leaf), with
tables and task lists, and writes final screen lines as soon as nothing that follows can change them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.segment import Segment

from agent_tui.tui.markdown import inline
from agent_tui.tui.markdown.code import Highlighter
from agent_tui.tui.markdown.leaves import Fence, Html, Leaf, Paragraph, Rows
from agent_tui.tui.markdown.lines import Line, wrap
from agent_tui.tui.markdown.styles import MarkdownStyles
from agent_tui.tui.markdown.table import Table, alignments, may_become_table, split_row

LINE_LIMIT = 4_000
"""A longer line goes on only where it is a paragraph; of code and table rows the rest is left out."""
_DEPTH_LIMIT = 24
_LEAST_WIDTH = 8

_QUOTE = re.compile(r" {0,3}> ?")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)(.*)$", re.DOTALL)
_FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,})[ \t]*([^ \t`]*)")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_ITEM = re.compile(r"( {0,3})([-+*]|\d{1,9}[.)])(?=[ \t]|$)( *)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_HTML = re.compile(r" {0,3}<(?:/?[a-zA-Z][\w-]*(?=[\s/>]|$)|!--|!\[CDATA\[|\?)")
_TASK = re.compile(r"\[([ xX])\](?: |$)")
_UNDECIDED = re.compile(r" {0,3}(?:=+|-+|`{1,2}|~{1,2}|[*+_#]+|<)[ \t]*$")
_NUMBER = re.compile(r" *\d{1,9}[.)]?")
_BULLETS = "•◦▪"
_APART = {"heading", "code", "table", "rule"}


@dataclass
class Container:
    """A block quote, or an item of a list.

    Attributes:
        indent: Columns of the source that belong to an item's marker; -1 for a quote.
        first: What stands in front of its first line; ``pad`` in front of the others.
        used: Whether its first line is written.
        series: The list that its latest item belongs to: its kind, and that item's number.
    """

    indent: int
    first: str
    pad: str
    used: bool = False
    empty: bool = False
    series: tuple[str, int] | None = None


class Blocks:
    """A document that grows by lines; ``out`` collects what is final."""

    def __init__(self, width: int, styles: MarkdownStyles) -> None:
        self.out: list[Line] = []
        self._width = max(width, 1)
        self._styles = styles
        self._stack: list[Container] = []
        self._leaf: Leaf | None = None
        self._series: tuple[str, int] | None = None
        self._last = ""
        self._blank = False
        self._begun = False  # whether the open leaf has written anything
        self._open_end = False

    def tail(self, partial: str) -> list[Line]:
        """What would follow ``out`` if the text ended behind ``partial``; changes nothing.

        Marks that would only flicker until the rest of them arrives are left out or closed.
        """
        ahead = Blocks(self._width, self._styles)
        ahead._stack = [Container(**vars(container)) for container in self._stack]
        ahead._leaf = self._leaf.clone() if self._leaf is not None else None
        ahead._series, ahead._last = self._series, self._last
        ahead._blank, ahead._begun = self._blank, self._begun
        ahead._open_end = True
        if partial and not ahead._undecided(partial):
            ahead.line(partial)
        ahead.close()
        return ahead.out

    def close(self) -> None:
        """The text ends here."""
        self._close_to(0)

    def more(self, text: str) -> None:
        """The rest of a line that was given up to ``LINE_LIMIT``."""
        if isinstance(self._leaf, Paragraph):
            self._leaf.text += text
            self._write_ready()

    def line(self, text: str) -> None:
        """The next line of the text, without its line feed."""
        rest, matched = self._match(text)
        leaf, whole = self._leaf, matched == len(self._stack)
        if whole and self._continues(leaf, rest):
            return
        if not rest.strip():
            self._blank_line(matched)
            return
        opened = False
        while len(self._stack) < _DEPTH_LIMIT and (step := self._open_container(rest, matched, opened)):
            rest, opened = step, True
            matched = len(self._stack)
            rest = rest[1:]
        if opened:
            self._start_leaf(rest)
        elif isinstance(leaf, Paragraph) and not self._starts_leaf(rest, interrupts=True):
            self._add_text(leaf, rest)
        else:
            self._close_to(matched)
            self._start_leaf(rest)

    # Containers

    def _match(self, text: str) -> tuple[str, int]:
        """Takes off what belongs to the open containers; says how many of them go on."""
        rest, matched = text, 0
        for container in self._stack:
            if container.indent < 0:
                mark = _QUOTE.match(rest)
                if not mark:
                    break
                rest = rest[mark.end() :]
            elif not rest.strip():
                if container.empty:
                    break
                rest = ""
            elif len(rest) - len(rest.lstrip(" ")) >= container.indent:
                rest = rest[container.indent :]
            else:
                break
            matched += 1
        return rest, matched

    def _open_container(self, rest: str, matched: int, opened: bool) -> str:
        """Opens a quote or an item if ``rest`` begins one; gives ``>`` and what follows, or nothing."""
        fresh = opened or matched < len(self._stack) or not isinstance(self._leaf, Paragraph)
        if mark := _QUOTE.match(rest):
            self._close_to(matched)
            self._set_series(None)
            self._push(Container(-1, "▎ ", "▎ "))
            return ">" + rest[mark.end() :]
        if _RULE.match(rest):
            return ""
        mark = _ITEM.match(rest)
        if not mark:
            return ""
        after = rest[mark.end() :]
        ordered = mark.group(2)[0].isdigit()
        if not fresh and (not after.strip() or (ordered and int(mark.group(2)[:-1]) != 1)):
            return ""
        self._close_to(matched)
        spaces = len(mark.group(3))
        taken = spaces if 1 <= spaces <= 4 and after.strip() else 1
        indent = len(mark.group(1)) + len(mark.group(2)) + taken
        self._push_item(mark.group(2), indent, rest[indent:])
        task = _TASK.match(rest[indent:])
        return ">" + (rest[indent + task.end() :] if task else rest[indent:])

    def _push_item(self, marker: str, indent: int, content: str) -> None:
        kind = marker[-1]
        series = self._stack[-1].series if self._stack else self._series
        ordered = marker[0].isdigit()
        number = int(marker[:-1]) if ordered else 0
        if series is not None and series[0] == kind:
            number = series[1] + 1
        self._set_series((kind, number))
        depth = sum(1 for container in self._stack if container.indent >= 0)
        sign = f"{number}{kind}" if ordered else _BULLETS[min(depth, 2)]
        if task := _TASK.match(content):
            sign = "☐" if task.group(1) == " " else "☑"
        self._push(Container(indent, sign + " ", " " * (len(sign) + 1), empty=not content.strip()))

    def _push(self, container: Container) -> None:
        if self._room() - len(container.pad) < _LEAST_WIDTH:
            container.first = container.pad = ""
        self._stack.append(container)

    def _set_series(self, series: tuple[str, int] | None) -> None:
        if self._stack:
            self._stack[-1].series = series
        else:
            self._series = series

    def _close_to(self, depth: int) -> None:
        self._close_leaf()
        while len(self._stack) > depth:
            if self._stack[-1].indent >= 0 and not self._stack[-1].used:
                self._begin("item")
                self._write([Line([], 0)])
            self._stack.pop()

    def _blank_line(self, matched: int) -> None:
        leaf = self._leaf
        if isinstance(leaf, Fence) and not leaf.mark and matched == len(self._stack):
            self._blank = True
            return
        self._close_leaf()
        for at in range(matched, len(self._stack)):
            if self._stack[at].indent < 0 or self._stack[at].empty:
                self._close_to(at)
                break
        self._blank = True

    # Leaves

    def _continues(self, leaf: Leaf | None, rest: str) -> bool:
        """Gives the line to the open leaf if that goes on, whatever the line looks like."""
        match leaf:
            case Fence(mark=mark):
                if mark and leaf.closes(rest):
                    self._close_leaf()
                    return True
                if not mark and not rest.startswith("    "):
                    return False
                self._write_code(leaf, rest)
                return True
            case Html():
                if not rest.strip():
                    return False
                self._write(self._verbatim(rest))
                return True
            case Rows():
                if not rest.strip() or self._starts_leaf(rest, interrupts=True) or _QUOTE.match(rest):
                    return False
                if "|" not in rest and _ITEM.match(rest):
                    return False
                self._write_table(leaf.table.row(rest))
                return True
            case Paragraph():
                return self._turns(leaf, rest)
            case None:
                return False

    def _turns(self, leaf: Paragraph, rest: str) -> bool:
        """A paragraph that this line turns into a heading or a table."""
        if leaf.split:
            return False
        if leaf.lines == 1 and (aligns := alignments(rest)) and len(aligns) == len(split_row(leaf.text)):
            self._leaf = None
            self._start_table(leaf.text, rest)
            return True
        if mark := _SETEXT.match(rest):
            self._leaf = None
            self._heading(1 if mark.group(1)[0] == "=" else 2, leaf.text)
            return True
        return False

    def _starts_leaf(self, rest: str, *, interrupts: bool) -> bool:
        if _HEADING.match(rest) or _FENCE.match(rest) or _RULE.match(rest):
            return True
        return not interrupts and (rest.startswith("    ") or bool(_HTML.match(rest)))

    def _start_leaf(self, rest: str) -> None:
        if not rest.strip():
            return
        if self._stack:
            self._stack[-1].empty = False
        self._set_series(None)
        if mark := _HEADING.match(rest):
            self._heading(len(mark.group(1)), re.sub(r"(?:^|[ \t]+)#+[ \t]*$", "", mark.group(2)))
        elif _RULE.match(rest):
            self._begin("rule")
            width = self._room()
            self._write([Line([Segment("─" * width, self._styles.border)], width, skip=width)])
            self._begun = False
        elif mark := _FENCE.match(rest):
            self._leaf = Fence(mark.group(2), len(mark.group(1)), Highlighter(mark.group(3), self._styles))
        elif rest.startswith("    "):
            self._leaf = Fence("", 4, Highlighter("", self._styles))
            self._write_code(self._leaf, rest)
        elif _HTML.match(rest):
            self._leaf = Html()
            self._begin("html")
            self._write(self._verbatim(rest))
        else:
            self._leaf = Paragraph()
            self._add_text(self._leaf, rest)

    def _add_text(self, leaf: Paragraph, rest: str) -> None:
        leaf.text += ("\n" if leaf.lines else "") + rest.lstrip(" ")
        leaf.lines += 1
        self._blank = False if self._begun else self._blank
        self._write_ready()

    def _write_ready(self) -> None:
        leaf = self._leaf
        if isinstance(leaf, Paragraph) and (lines := leaf.take(self._room(), self._styles)):
            self._begin("text")
            self._write(lines)

    def _start_table(self, header: str, delimiter: str) -> None:
        self._leaf = Rows(Table(header, alignments(delimiter) or [], self._room(), self._styles))

    def _write_table(self, lines: list[Line]) -> None:
        if lines:
            self._begin("table")
            self._write(lines)

    def _heading(self, level: int, text: str) -> None:
        self._begin("heading")
        style = self._styles.headings[min(level, 3) - 1]
        text = inline.completed(text) if self._open_end else text
        self._write(wrap(inline.spans(text.strip(), self._styles, style), self._room()))
        self._begun = False

    def _write_code(self, leaf: Fence, rest: str) -> None:
        if not leaf.mark and self._begun and self._blank:
            self._write(leaf.line("", self._room(), self._styles))
        self._begin("code")
        self._blank = False
        if len(rest) >= LINE_LIMIT:
            rest += "…"
        self._write(leaf.line(rest, self._room(), self._styles))

    def _verbatim(self, text: str) -> list[Line]:
        return wrap([(text, self._styles.text)], self._room())

    def _close_leaf(self) -> None:
        leaf, self._leaf = self._leaf, None
        match leaf:
            case Paragraph():
                if (
                    self._open_end
                    and not leaf.split
                    and leaf.lines == 1
                    and may_become_table(leaf.text, "")
                ):
                    self._begin("table")
                    count = len(split_row(leaf.text))
                    guess = Table(leaf.text, ["left"] * count, self._room(), self._styles)
                    self._write(guess.close())
                elif leaf.text.strip() or leaf.carry:
                    self._begin("text")
                    self._write(leaf.rest(self._room(), self._styles, open_end=self._open_end))
            case Rows():
                self._write_table(leaf.table.close())
            case Fence() | Html() | None:
                pass
        self._begun = False

    def _undecided(self, partial: str) -> bool:
        """Whether the beginning of a line says nothing yet, or would be taken for what it is not."""
        rest, matched = self._match(partial)
        leaf = self._leaf if matched == len(self._stack) else None
        if isinstance(leaf, Fence) and leaf.mark:
            text = rest.strip()
            return bool(text) and set(text) == {leaf.mark[0]} and len(text) < len(leaf.mark)
        if isinstance(leaf, Fence | Html):
            return False
        if isinstance(leaf, Paragraph) and leaf.lines == 1 and may_become_table(leaf.text, rest):
            return not alignments(rest) or len(alignments(rest) or []) != len(split_row(leaf.text))
        if isinstance(self._leaf, Paragraph) and _NUMBER.fullmatch(rest):
            return True
        return bool(_UNDECIDED.match(rest))

    # Writing

    def _room(self) -> int:
        return max(self._width - sum([len(container.pad) for container in self._stack]), 1)

    def _begin(self, kind: str) -> None:
        """Leaves a blank line before a block that needs one."""
        if self._begun:
            return
        self._begun = True
        last, self._last = self._last, kind
        items = [container for container in self._stack if container.indent >= 0]
        apart = bool({last, kind} & _APART) if not items else last in ("heading", "rule")
        apart = apart and not any(container.used for container in items)
        if last and (self._blank or apart):
            prefix: list[Segment] = []
            cells = 0
            for container in self._stack:
                if not container.used:
                    break
                if container.pad:
                    prefix.append(Segment(container.pad, self._styles.border))
                    cells += len(container.pad)
            self.out.append(Line(prefix, cells, skip=cells))
        self._blank = False

    def _write(self, lines: list[Line]) -> None:
        if not self._stack:
            self.out += lines
            return
        for line in lines:
            prefix: list[Segment] = []
            chars = 0
            copied = 0
            for container in self._stack:
                sign = container.pad if container.used else container.first
                if sign:
                    style = self._styles.border if container.indent < 0 else self._styles.bullet
                    prefix.append(Segment(sign, style))
                    chars += len(sign)
                    copied = chars if container.used or container.indent < 0 else copied
                container.used = True
            written = line.prefixed(prefix, chars, chars)
            if line.skip == 0 and copied < chars:
                written.skip = copied  # an item is copied with its bullet
            self.out.append(written)
