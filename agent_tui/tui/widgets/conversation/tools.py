"""A tool call: one line, and what opens below it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import JsonValue
from rich.segment import Segment
from rich.style import Style

from agent_tui.events.view import ToolBlock, ToolState
from agent_tui.safetext import visible
from agent_tui.tui.markdown import Line
from agent_tui.tui.markdown.code import Highlighter
from agent_tui.tui.markdown.leaves import code_lines
from agent_tui.tui.markdown.lines import clip, width_of
from agent_tui.tui.results import Part, is_diff, parts_of
from agent_tui.tui.widgets.conversation.palette import Palette

STATES: dict[ToolState, tuple[str, str, str]] = {
    "running": ("●", "running", "running"),
    "waiting": ("?", "waiting for approval", "waiting"),
    "ok": ("✓", "", "ok"),
    "failed": ("✗", "failed", "failed"),
    "error": ("‼", "error", "error"),
    "denied": ("⊘", "denied", "denied"),
    "cancelled": ("◼", "cancelled", "denied"),
    "interrupted": ("◌", "interrupted", "denied"),
}
"""Per state its symbol, its word and its style."""
_MAIN = ("command", "path", "pattern", "query", "url", "expression", "file", "name", "text")
_SECTION_LINES = 200
_SECTION_CHARS = 60_000
_LINE_CHARS = 1_000
_BAR = "  │ "
OPEN = "▾ "
"""Stands before what is open, in the place of its sign."""


def tool_lines(block: ToolBlock, width: int, palette: Palette, *, opened: bool) -> list[Line]:
    """The lines of a tool call."""
    lines = [_head(block, width, palette, "⚙ " if not opened else OPEN)]
    if opened:
        for title, text, language, tail in _sections(block):
            lines += _section(title, text, language, width, palette, tail=tail)
        return lines
    if block.state == "running" and (last := _last_output(block)):
        lines.append(_text("  ⎿ " + last, palette.of("muted"), width))
    elif block.state == "error" and block.error is not None:
        message = visible(block.error.message.partition("\n")[0], newlines=False)
        lines.append(_text("  ⎿ " + message, palette.of("error"), width))
    elif block.state == "denied" and block.feedback:
        reason = visible(" ".join(block.feedback[:_LINE_CHARS].split()), newlines=False)
        lines.append(_text("  ⎿ " + reason, palette.of("denied"), width))
    return lines


def duration(ms: float) -> str:
    """A duration for a person: ``4 ms``, ``1.9 s``, ``2 m 05 s``."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} m {int(seconds % 60):02} s"


def summary_of(args: dict[str, JsonValue], limit: int) -> str:
    """The arguments in a few words: the main one if there is one, else all as JSON."""
    for key in _MAIN:
        if isinstance(value := args.get(key), str):
            return visible(value[:limit], newlines=False)
    values = list(args.values())
    if len(values) == 1 and isinstance(values[0], str | int | float):
        return visible(str(values[0])[:limit], newlines=False)
    return visible(json.dumps(args, ensure_ascii=False)[:limit], newlines=False) if args else ""


def _head(block: ToolBlock, width: int, palette: Palette, mark: str) -> Line:
    sign, word, role = STATES[block.state]
    status = [sign]
    if said := visible(block.summary, newlines=False) or word:
        status.append(said)
    if block.retries:
        status.append(f"↻{block.retries}")
    right = clip(" ".join(status), max(width // 2, 1))
    took = duration(block.duration_ms) + " " if block.duration_ms is not None else ""
    name = clip(visible(block.name, newlines=False), max(width // 2, 1))
    left = mark + name
    room = width - width_of(left) - width_of(right) - len(took) - 3
    args = clip(summary_of(block.args, width * 2), room) if room > 3 else ""
    fill = max(width - width_of(left) - width_of(right) - len(took) - width_of(args) - 1, 1)
    muted = palette.of("muted")
    segments = [
        Segment(mark, muted),
        Segment(name, palette.of("tool")),
        Segment(" " + args + " " * fill, palette.text),
        Segment(took, muted),
        Segment(right, palette.of(role)),
    ]
    line = Line(segments, sum(width_of(segment.text) for segment in segments))
    return line if line.cells <= width else _text(left + " " + right, palette.of(role), width)


def _last_output(block: ToolBlock) -> str:
    text = ""
    for _, piece in reversed(block.output):
        text = piece + text
        stripped = text.rstrip()
        if "\n" in stripped or len(text) > _LINE_CHARS:
            break
    lines = text.rstrip().replace("\r\n", "\n").split("\n")
    return visible(lines[-1][-_LINE_CHARS:].expandtabs(4), newlines=False)


def _sections(block: ToolBlock) -> list[tuple[str, str, str, bool]]:
    """Title, text, language, and whether its end matters more than its beginning."""
    found: list[tuple[str, str, str, bool]] = []
    parts = parts_of(block)
    if block.args:
        found.append(("args", _pretty(block.args), "json", False))
    if block.preview and not _shown_else(block.preview, block, parts):
        found.append(("preview", block.preview, "diff" if is_diff(block.preview) else "", False))
    for part in parts:
        text = part.text + ("\n… cut by the tool" if part.cut else "")
        found.append((part.title, text, "" if part.kind == "text" else part.kind, part.printed))
    if block.error is not None:
        found.append((f"error {block.error.code}", block.error.message, "", False))
    if block.feedback:
        found.append((f"answer by {block.by or 'a person'}", block.feedback, "", False))
    return found


def _shown_else(preview: str, block: ToolBlock, parts: Sequence[Part]) -> bool:
    """Whether a preview says what an argument or the result says: the command, the diff."""
    texts = [*block.args.values(), *(part.text for part in parts)]
    return any(isinstance(text, str) and text.strip() == preview.strip() for text in texts)


def _pretty(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _section(
    title: str, text: str, language: str, width: int, palette: Palette, *, tail: bool
) -> list[Line]:
    border = palette.of("border")
    lines = [_text(f"  ╭ {visible(title, newlines=False)}", border, width)]
    part = text[-_SECTION_CHARS:] if tail else text[:_SECTION_CHARS]
    rows = visible(part).rstrip("\n").split("\n")
    rows = rows[-_SECTION_LINES:] if tail else rows[:_SECTION_LINES]
    hidden = text.rstrip("\n").count("\n") + 1 - len(rows)
    note = f"  … {hidden:,} more lines" if hidden > 0 else ""
    if note and tail:
        lines.append(_text(note, border, width))
    highlighter = Highlighter(language, palette.markdown)
    inner = max(width - len(_BAR), 2)
    bar = Segment(_BAR, border)
    for row in rows:
        row = row.expandtabs(4)
        if len(row) > _LINE_CHARS:
            row = row[:_LINE_CHARS] + f" … {len(row) - _LINE_CHARS:,} more characters"
        wrapped = code_lines(highlighter.line(row), inner, palette.markdown)
        lines += [line.prefixed([bar], len(_BAR), len(_BAR)) for line in wrapped]
    if note and not tail:
        lines.append(_text(note, border, width))
    return lines


def _text(text: str, style: Style, width: int) -> Line:
    text = clip(text, width)
    return Line([Segment(text, style)], width_of(text))
