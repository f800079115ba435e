"""Lines as styled pieces: cutting, padding and wrapping by terminal cells. No widget lives here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from pydantic import JsonValue
from rich.cells import cell_len, chop_cells, set_cell_size

from agent_tui.safetext import visible

Piece = tuple[str, str]
"""Text that is safe to show, and the name of its component class after ``line--``; "" for plain."""

_JSON_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))'
    r'|(?P<string>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<literal>\b(?:true|false|null)\b)"
)
_HIGHLIGHT_MOST = 4_000
"""A longer line is shown plain: reading it for colours would take longer than reading it."""


def one_line(text: str, most: int = 400) -> str:
    """The beginning of ``text`` as one safe line; runs of blanks and line ends become one space."""
    return visible(" ".join(text[: most * 2].split())[:most], newlines=False)


def safe_lines(text: str) -> list[str]:
    """``text`` as safe lines, with tabs as four spaces."""
    lines = visible(text).split("\n")
    if "\t" in text:
        return [line.replace("\t", "    ") for line in lines]
    return lines


def pretty(value: JsonValue) -> str:
    """JSON over several lines, as a person reads it."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def compact(value: JsonValue, most: int = 400) -> str:
    """JSON in one short safe line; the braces of an object are left out."""
    if isinstance(value, dict):
        parts = []
        length = 0
        for key, item in value.items():
            shown = item[:most] if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
            parts.append(shown if len(value) == 1 else f"{key}={shown}")
            length += len(parts[-1])
            if length > most:
                break
        return one_line(" ".join(parts), most)
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), most)


def width_of(pieces: Iterable[Piece]) -> int:
    """Cells that ``pieces`` take."""
    return sum(cell_len(text) for text, _ in pieces)


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, with an ellipsis if something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 1 else "…"


def fit(pieces: Iterable[Piece], width: int) -> list[Piece]:
    """``pieces`` cut or padded to exactly ``width`` cells."""
    fitted: list[Piece] = []
    left = width
    for text, style in pieces:
        if left <= 0:
            break
        room = cell_len(text)
        if room > left:
            text = cut(text, left)
            room = cell_len(text)
            fitted.append((text, style))
            left -= room
            break
        fitted.append((text, style))
        left -= room
    if left > 0:
        fitted.append((" " * left, ""))
    return fitted


def spread(left: Iterable[Piece], right: Iterable[Piece], width: int) -> list[Piece]:
    """``left`` at the left edge and ``right`` at the right one; ``right`` is kept whole."""
    kept = list(right)
    return [*fit(left, max(0, width - width_of(kept))), *kept]


def breaks(line: str, width: int) -> list[tuple[int, int]]:
    """Where the rows of ``line`` begin and end, in characters: between words where there are any."""
    plain = line.isascii()
    if plain and len(line) <= width:
        return [(0, len(line))]
    rows: list[tuple[int, int]] = []
    start, length = 0, len(line)
    while start < length:
        end = start + (width if plain else _fitting(line, start, width))
        if end >= length:
            rows.append((start, length))
            break
        space = line.rfind(" ", start, end + 1)
        if space > start and (not plain or space - start > width // 3):
            rows.append((start, space))
            start = space + 1
        else:
            rows.append((start, end))
            start = end
    return rows or [(0, 0)]


def _fitting(line: str, start: int, width: int) -> int:
    """How many characters from ``start`` on fit into ``width`` cells; at least one."""
    parts = chop_cells(line[start : start + width + 8], width)
    return max(1, len(parts[0])) if parts else 1


def json_pieces(line: str) -> list[Piece]:
    """One line of pretty JSON, its tokens told apart."""
    if len(line) > _HIGHLIGHT_MOST:
        return [(line, "")]
    pieces: list[Piece] = []
    position = 0
    for match in _JSON_TOKEN.finditer(line):
        if match.start() > position:
            pieces.append((line[position : match.start()], "punctuation"))
        pieces.append((match.group(), match.lastgroup or ""))
        position = match.end()
    if position < len(line):
        pieces.append((line[position:], "punctuation"))
    return pieces


def part(pieces: Iterable[Piece], start: int, end: int) -> list[Piece]:
    """The characters ``start`` to ``end`` of ``pieces``."""
    taken: list[Piece] = []
    position = 0
    for text, style in pieces:
        low, high = max(start - position, 0), min(end - position, len(text))
        if low < high:
            taken.append((text[low:high], style))
        position += len(text)
        if position >= end:
            break
    return taken
