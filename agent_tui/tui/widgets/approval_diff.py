"""What the reader of a diff has read of a call's arguments. A doubt means that they have not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from agent_tui.tui.format import plural

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(slots=True)
class _Hunk:
    """``start`` is the first of the ``new`` lines, counted from one."""

    start: int
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


def left_out(diff: str, args: Mapping[str, JsonValue]) -> dict[str, str]:
    """Arguments that need not be shown below ``diff``, a unified one, each with a word on why.

    Those are the file's name, and texts whose every line stands in the diff. Of the new text of a file
    that was there before the diff shows what changes; if two arguments could be that text, neither is.
    """
    parsed = _parsed(diff)
    if parsed is None:
        return {}
    name, hunks = parsed
    told: dict[str, str] = {}
    changed: list[str] = []
    for key, value in args.items():
        if not isinstance(value, str):
            continue
        lines = value.replace("\r\n", "\n").removesuffix("\n").split("\n")
        if value == name or (len(lines) > 1 and _stands_in(hunks, lines)):
            told[key] = "as in the diff above"
        elif len(lines) > 1 and _changes_to(hunks, lines):
            told[key] = f"{plural(len(lines), 'line')}, the diff above shows those that change"
            changed.append(key)
    return told if len(changed) < 2 else {key: told[key] for key in told if key not in changed}


def _stands_in(hunks: list[_Hunk], lines: list[str]) -> bool:
    return any(_holds(side, lines) for hunk in hunks for side in (hunk.old, hunk.new))


def _changes_to(hunks: list[_Hunk], lines: list[str]) -> bool:
    """Whether ``lines`` may be the file after the change: all hunks fit where they say.

    Of a file that was empty or not there, all lines change: they would stand in the diff.
    """
    return any(hunk.new for hunk in hunks) and all(
        hunk.old and lines[hunk.start - 1 : hunk.start - 1 + len(hunk.new)] == hunk.new
        for hunk in hunks
        if hunk.new
    )


def _holds(lines: list[str], part: list[str]) -> bool:
    return any(
        lines[at] == part[0] and lines[at : at + len(part)] == part
        for at in range(len(lines) - len(part) + 1)
    )


def _parsed(diff: str) -> tuple[str, list[_Hunk]] | None:
    """The file's name after the change, and the hunks; None for what is not a whole diff of one file."""
    before, after, *rest = [*diff.removesuffix("\n").split("\n"), "", ""]
    if not before.startswith("--- ") or not after.startswith("+++ "):
        return None
    hunks: list[_Hunk] = []
    old = new = 0
    for line in rest[:-2]:
        if not old and not new:
            if (head := _HUNK.match(line)) is None:
                return None
            old, new = int(head[1] or 1), int(head[3] or 1)
            hunks.append(_Hunk(int(head[2])))
            continue
        if line[:1] in ("-", " "):
            hunks[-1].old.append(line[1:])
            old -= 1
        if line[:1] in ("+", " "):
            hunks[-1].new.append(line[1:])
            new -= 1
        if line[:1] not in ("+", "-", " ") or old < 0 or new < 0:
            return None
    return None if old or new or not hunks else (after[4:], hunks)
