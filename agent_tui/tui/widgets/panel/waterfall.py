"""Bars on a time axis, drawn with block characters. Pure: times in, pieces out."""

from __future__ import annotations

from dataclasses import dataclass

from agent_tui.tui.widgets.panel.text import Piece

_FROM_LEFT = " ▏▎▍▌▋▊▉█"
_SHADE = "░"
_PAUSE = "┄"
_LINE = "─"


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that a row of bars stands for, and the cells it has. Times are in seconds."""

    start: float
    length: float
    width: int

    def eighths(self, moment: float) -> int:
        """``moment`` in eighths of a cell from the left edge, within the row."""
        if self.length <= 0:
            return 0
        place = (moment - self.start) / self.length * self.width * 8
        return round(max(0.0, min(self.width * 8.0, place)))


def bar(
    axis: Axis,
    start: float,
    end: float,
    style: str,
    *,
    first: float | None = None,
    pause: float = 0.0,
) -> list[Piece]:
    """A bar from ``start`` to ``end``, exactly ``axis.width`` cells wide with its surroundings.

    Args:
        axis: Where it is drawn.
        start: When the piece of work began.
        end: When it ended, or now.
        style: Of the solid part.
        first: When its first token came: the time before is shaded. ``end`` if none has come yet.
        pause: Seconds waited after it, drawn as a dotted line.
    """
    left, right = axis.eighths(start), axis.eighths(end)
    if right <= left:  # too short to see: an eighth of a cell is shown all the same
        left = min(left, axis.width * 8 - 1)
        right = left + 1
    solid = left if first is None else min(max(axis.eighths(first), left), right)
    pieces: list[Piece] = []
    column = left // 8
    pieces.append((" " * column, ""))
    shaded = (solid // 8 if solid < right else -(-right // 8)) - column
    if shaded > 0:
        pieces.append((_SHADE * shaded, "wait"))
        column += shaded
        left = column * 8
    if solid < right:
        blocks = _blocks(max(solid, left), right)
        pieces.append((blocks, style))
        column += len(blocks)
    if pause > 0:
        dots = -(-axis.eighths(end + pause) // 8) - column
        if dots > 0:
            pieces.append((_PAUSE * dots, "warn"))
            column += dots
    pieces.append((" " * (axis.width - column), ""))
    return [piece for piece in pieces if piece[0]]


def line(axis: Axis, start: float, end: float, style: str) -> list[Piece]:
    """A thin line from ``start`` to ``end``, for what only holds other bars."""
    left = min(axis.eighths(start) // 8, axis.width - 1)
    right = max(left + 1, -(-axis.eighths(end) // 8))
    return [
        (text, kind)
        for text, kind in (
            (" " * left, ""),
            (_LINE * (right - left), style),
            (" " * (axis.width - right), ""),
        )
        if text
    ]


def _blocks(left: int, right: int) -> str:
    """Block characters for the eighths ``left`` to ``right``; the first cell begins at ``left // 8``.

    Blocks that keep to the right exist for one and four eighths only, so a beginning inside a
    cell is drawn with the nearer of those.
    """
    inside = left % 8
    if left // 8 == (right - 1) // 8:
        size = right - left
        if inside == 0 or size >= 6:
            return _FROM_LEFT[size if inside == 0 else 8]
        if right % 8 == 0:
            return "▐" if size >= 3 else "▕"
        return _FROM_LEFT[min(8, max(1, size))] if inside < 4 else ("▐" if size >= 3 else "▕")
    head = "█" if inside < 2 else "▐" if inside < 6 else "▕"
    whole = right // 8 - left // 8 - 1
    rest = right % 8
    return head + "█" * whole + (_FROM_LEFT[rest] if rest else "")
