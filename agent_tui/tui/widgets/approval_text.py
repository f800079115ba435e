"""What an approval asks about, as lines of styled text: the whole of it, made safe to show."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import JsonValue
from rich.cells import chop_cells

from agent_tui.events.view import Approval
from agent_tui.safetext import visible
from agent_tui.tui.format import plural
from agent_tui.tui.widgets.approval_diff import left_out

Line = tuple[str, str]
"""A line and the name of its style: ``text``, ``key``, ``add``, ``remove``, ``hunk`` or ``dim``."""


def lines_of(approval: Approval) -> list[Line]:
    """Every argument in full; a command first, then the preview, then the rest.

    An argument that can be read in the preview, where that is a diff, is named and not repeated.
    """
    lines: list[Line] = []
    args = dict(approval.args)
    command = args.pop("command", None)
    if isinstance(command, str):
        lines.extend(
            (("$ " if index == 0 else "  ") + line, "text") for index, line in enumerate(_split(command))
        )
    elif command is not None:
        args["command"] = command
    if approval.preview and approval.preview.strip() != str(command).strip():
        lines.extend(_diff(approval.preview))
        told = left_out(approval.preview, args)
        for why in dict.fromkeys(told.values()):
            names = ", ".join(visible(name, newlines=False) for name in told if told[name] == why)
            lines.append((f"{names}: {why}", "dim"))
        args = {name: value for name, value in args.items() if name not in told}
    for name, value in args.items():
        lines.extend(_argument(name, value))
    return lines or [("no arguments", "dim")]


def wrapped(lines: list[Line], width: int) -> list[Line]:
    """``lines`` cut to ``width`` cells; nothing is left out."""
    width = max(2, width)
    rows: list[Line] = []
    for text, style in lines:
        text = text.expandtabs(4)
        if text.isascii():
            rows.extend(
                (text[start : start + width], style) for start in range(0, max(1, len(text)), width)
            )
        else:
            rows.extend((piece, style) for piece in chop_cells(text, width) or [""])
    return rows


def _split(text: str) -> list[str]:
    return visible(text).split("\n")


def _argument(name: str, value: JsonValue) -> Iterator[Line]:
    name = visible(name, newlines=False)
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, indent=2)
    lines = _split(value)
    if len(lines) == 1:
        yield f"{name}: {lines[0]}", "text"
        return
    if not lines[-1]:
        lines.pop()  # after the last line end nothing follows
    yield f"{name}: {plural(len(lines), 'line')}", "key"
    for line in lines:
        yield f"  {line}", "text"


def _diff(preview: str) -> Iterator[Line]:
    for line in _split(preview.rstrip("\n")):
        if line.startswith(("+++", "---")):
            yield line, "key"
        elif line.startswith("@@"):
            yield line, "hunk"
        elif line.startswith("+"):
            yield line, "add"
        elif line.startswith("-"):
            yield line, "remove"
        else:
            yield line, "text"
