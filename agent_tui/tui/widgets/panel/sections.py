"""Text in titled sections, broken into rows only as far as somebody looks. Pure: it draws nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agent_tui.tui import format as fmt
from agent_tui.tui.widgets.panel.text import (
    Piece,
    breaks,
    json_pieces,
    one_line,
    part,
    safe_lines,
)

Mode = Literal["text", "json", "facts", "error", "lines"]
"""``facts``: each line is ``key<TAB>value``. ``lines``: JSON values, one to a line."""

INDENT = 2
_MOST = 500_000
"""Characters of one text that are shown; text beyond ASCII takes far longer to break into rows."""
_MOST_WIDE = 120_000


@dataclass(frozen=True, slots=True)
class Section:
    """One titled text.

    Attributes:
        title: Shown as a heading; "" for none. Names the section when it is folded or copied.
        source: Gives the whole text, raw; called when it is first looked at or copied.
        version: Changes when the text does.
        mode: How it is coloured.
        note: A few words beside the heading.
        folded: Closed until the reader opens it.
        main: What all of them are about.
    """

    title: str
    source: Callable[[], str]
    version: Hashable
    mode: Mode = "text"
    note: str = ""
    folded: bool = False
    main: bool = False


@dataclass(slots=True)
class Body:
    """The rows of one section's text at one width: for each its line, and where it begins and ends.

    Attributes:
        lines: The text's lines, safe to show.
        rows: ``(line, start, end)`` of each row.
        octets: Length of the text in UTF-8.
        settled: The text up to its last line break, which a text that grows does not change any more.
        settled_rows: How many of the rows that makes.
    """

    lines: list[str]
    rows: list[tuple[int, int, int]]
    octets: int
    settled: str = ""
    settled_rows: int = 0

    @classmethod
    def of(cls, text: str, width: int, before: Body | None = None) -> Body:
        """The rows of ``text``; what it has in common with ``before``, at the same width, is taken over."""
        octets = len(text) if text.isascii() else len(text.encode(errors="replace"))
        most = _MOST if text.isascii() else _MOST_WIDE
        shown = text[:most]
        body = cls([], [], octets)
        if before is not None and shown.startswith(before.settled):
            body.settled = before.settled
            body.rows = before.rows[: before.settled_rows]
            body.lines = before.lines[: body.rows[-1][0] + 1 if body.rows else 0]
        end = shown.rfind("\n") + 1
        if end > len(body.settled):
            body._add(safe_lines(shown[len(body.settled) : end])[:-1], width)
            body.settled = shown[:end]
        body.settled_rows = len(body.rows)
        if end < len(shown) or not body.lines:
            body._add(safe_lines(shown[end:]), width)
        if len(text) > most:
            body._add([f"… {fmt.count(len(text) - most)} more characters: c copies all of them"], width)
        return body

    def _add(self, lines: Sequence[str], width: int) -> None:
        first = len(self.lines)
        self.lines += lines
        for index, line in enumerate(lines, first):
            self.rows += [(index, *ends) for ends in breaks(line, max(1, width))]

    @property
    def count(self) -> int:
        return len(self.rows)

    def row(self, number: int, mode: Mode) -> list[Piece]:
        index, start, end = self.rows[number]
        line = self.lines[index]
        if mode in ("json", "lines"):
            return part(json_pieces(line), start, end)
        return [(line[start:end], "error" if mode == "error" else "")]


@dataclass(slots=True)
class Layout:
    """Sections one below the other as numbered rows.

    ``folds`` remembers what the reader opened and closed, by title.
    """

    sections: Sequence[Section] = ()
    width: int = 0
    folds: dict[str, bool] = field(default_factory=dict)
    _bodies: dict[tuple[str, Hashable], Body] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    count: int = 0

    def arrange(self, sections: Sequence[Section], width: int) -> None:
        """Lays out ``sections``; texts whose version is the same are not read again."""
        if width != self.width:
            self._bodies.clear()
        self.sections, self.width = sections, width
        before = {title: body for (title, _), body in self._bodies.items()}
        kept: dict[tuple[str, Hashable], Body] = {}
        self._starts = []
        row = 0
        for section in sections:
            self._starts.append(row)
            key = (section.title, section.version)
            if section.title:
                row += 1
            if self.is_open(section):
                body = self._bodies.get(key) or self._body(section, before.get(section.title))
                kept[key] = body
                row += body.count
        self._bodies = kept
        self.count = row

    def is_open(self, section: Section) -> bool:
        return self.folds.get(section.title, not section.folded)

    def toggle(self, section: Section) -> None:
        self.folds[section.title] = not self.is_open(section)
        self.arrange(self.sections, self.width)

    def section_at(self, row: int) -> Section | None:
        if not self.sections:
            return None
        return self.sections[max(0, bisect_right(self._starts, row) - 1)]

    def start_of(self, section: Section) -> int:
        return self._starts[list(self.sections).index(section)]

    def is_heading(self, row: int) -> bool:
        section = self.section_at(row)
        return section is not None and bool(section.title) and self.start_of(section) == row

    def pieces(self, row: int) -> list[Piece]:
        index = max(0, bisect_right(self._starts, row) - 1)
        section = self.sections[index]
        inside = row - self._starts[index]
        body = self._bodies.get((section.title, section.version))
        if section.title:
            if inside == 0:
                return self._heading(section, body)
            inside -= 1
        if body is None or inside >= body.count:
            return []
        if section.mode == "facts":
            return _fact(body.row(inside, "text"))
        return [(" " * INDENT, ""), *body.row(inside, section.mode)]

    def _body(self, section: Section, before: Body | None) -> Body:
        if section.mode == "facts":
            return _facts_body(section.source(), self.width)
        return Body.of(section.source(), self.width - INDENT, before)

    def _heading(self, section: Section, body: Body | None) -> list[Piece]:
        pieces: list[Piece] = [("▾ " if body is not None else "▸ ", "dim"), (section.title, "heading")]
        notes = [section.note] if section.note else []
        if body is not None and section.mode in ("text", "json") and len(body.lines) > 3:
            notes.append(f"{fmt.plural(len(body.lines), 'line')} · {fmt.size(body.octets)}")
        if notes:
            pieces.append(("  " + " · ".join(notes), "dim"))
        return pieces


_KEY = 10


def _facts_body(text: str, width: int) -> Body:
    """``key<TAB>value`` lines, the values wrapped under each other."""
    room = max(8, width - _KEY)
    lines: list[str] = []
    for line in text.split("\n"):
        key, _, value = line.partition("\t")
        for start, end in breaks(one_line(value, 2000), room):
            lines.append(f"{key:<{_KEY}}{one_line(value, 2000)[start:end]}")
            key = ""
    return Body(lines, [(index, 0, len(line)) for index, line in enumerate(lines)], len(text))


def _fact(row: list[Piece]) -> list[Piece]:
    text = row[0][0] if row else ""
    return [(text[:_KEY], "dim"), (text[_KEY:], "")]
