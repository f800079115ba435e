"""Selected rows → the text that is copied: whole blocks as their source, parts as unwrapped lines."""

from __future__ import annotations

from textual.geometry import Offset
from textual.selection import Selection

from agent_tui.tui.markdown import Line
from agent_tui.tui.widgets.conversation.draw import source_of
from agent_tui.tui.widgets.conversation.transcript import Row, Transcript

_STRIDE = 1 << 32


def row_id(row: Row) -> int:
    """A number for a row that stays the same while text arrives; rows further down have greater ones."""
    return row[0] * _STRIDE + max(row[1], 0)


def selected_text(transcript: Transcript, selection: Selection) -> str:
    """The text under a selection whose lines are ``row_id`` numbers."""
    count = len(transcript)
    if not count:
        return ""
    start = selection.start or Offset(0, 0)
    end = selection.end
    first = start.y // _STRIDE
    last = end.y // _STRIDE if end is not None else count - 1
    parts: list[str] = []
    for index in range(first, min(last, count - 1) + 1):
        if not transcript.is_shown(index):
            continue
        at_start = start if index == first else None
        at_end = end if end is not None and index == last else None
        if (at_start is None or (at_start.y % _STRIDE == 0 and at_start.x == 0)) and at_end is None:
            text = source_of(transcript.view.blocks[index])
        else:
            text = _part(transcript, index, at_start, at_end)
        parts.append("\n" * (transcript.gap(index) if parts else 0) + text.rstrip("\n"))
    return "\n".join(parts)


def _part(transcript: Transcript, index: int, start: Offset | None, end: Offset | None) -> str:
    height = transcript.measure(index) - transcript.gap(index)
    first = start.y % _STRIDE if start is not None else 0
    last = min(end.y % _STRIDE if end is not None else height - 1, height - 1)
    text = ""
    for at in range(first, last + 1):
        line = transcript.line((index, at))
        if line is None:
            continue
        left = start.x if start is not None and at == first else 0
        right = end.x if end is not None and at == last else None
        part = _copied(line, left, right)
        text += part if at == first else (line.join if line.join is not None else "\n") + part
    return text


def _copied(line: Line, left: int, right: int | None) -> str:
    return line.text[max(left, line.skip) : right].rstrip()
