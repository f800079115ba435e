"""What the demo model makes of a sentence: pattern rules that turn wishes into tool calls.

There is no understanding here, and no answer is written here either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agent_tui.llm.demo_patterns import path_alone, recognise, unquoted

MAX_PIECES = 24
MAX_LENGTH = 600
"""Characters of a prompt beyond which no rule is tried."""

_MASKED = re.compile(
    r"`[^`\n]+`|\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)'[^'\n]*'(?!\w)|\w*\([^()]*\)|https?://\S+|\d,\d{3}\b"
)
_THEN = re.compile(
    r"(?:[,.;]?\s+(?:and\s+)?(?:then|after that|afterwards|finally)\b[,:]?\s+"
    r"|\s*;\s+|\s*\n+\s*|(?<=\w\w)[.!?]\s+(?=[A-Z]))",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\s*,\s+(?:and\s+)?(?:also\s+)?|\s+and\s+(?:also\s+)?|\s+as well as\s+|\?\s+", re.IGNORECASE
)
_REST_IS_COMMAND = re.compile(
    r"(?:^|(?<=[\s,;]))(?:(?:run|execute|shell)(?: (?:this|the))?(?: shell)?(?: command)?\s*:|\$)\s+(\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_STOP = re.compile(
    r"\b(?:stop|never ?mind|forget (?:it|that|the)|instead|don't|do not|cancel|enough)\b", re.IGNORECASE
)
_IN_PARALLEL = re.compile(
    r",?\s*\b(?:in parallel|at the same time|at once|simultaneously|side by side|together)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A tool call that a sentence asks for. ``said`` is the part of the sentence that does."""

    tool: str
    args: dict[str, object]
    said: str


@dataclass(slots=True)
class Wishes:
    """Stages one after the other, each of calls that run side by side, and what no rule fits."""

    stages: list[list[Wish]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def wants_to_stop(text: str) -> bool:
    """Whether something said in the middle of the work calls the rest of it off."""
    return _STOP.search(text) is not None


def wishes_in(text: str) -> Wishes:
    """Everything in ``text`` that a rule fits: "and" runs side by side, "then" one after the other."""
    wishes = Wishes()
    command = _REST_IS_COMMAND.search(text)
    if len(text[: command.start()] if command else text) > MAX_LENGTH:
        wishes.unknown.append(text)
        return wishes
    before = text[: command.start()] if command else text
    before = (
        re.sub(r"[\s,;]*(?:\b(?:and|then|please|can you|could you)\b[\s,;]*)*$", "", before)
        if command
        else before
    )
    together = _IN_PARALLEL.search(before) is not None
    masked, kept = _mask(_IN_PARALLEL.sub("", before))
    stages: list[list[Wish]] = []
    for part in [] if not masked.strip() else [masked] if together else _THEN.split(masked):
        found = _side_by_side(part, kept, wishes.unknown, _THEN if together else None)
        if found:
            stages.append(found)
    if command:
        stages.append(
            [Wish("shell", {"command": unquoted(command.group(1).strip())}, command.group().strip())]
        )
    wishes.stages = stages
    return wishes


def _mask(text: str) -> tuple[str, list[str]]:
    """Hides what must not be cut: quotations, addresses, arguments of functions."""
    kept: list[str] = []

    def hide(found: re.Match[str]) -> str:
        kept.append(found.group())
        return f"\ue000{len(kept) - 1}\ue001"

    return _MASKED.sub(hide, text.translate({0xE000: None, 0xE001: None})), kept


def _unmask(text: str, kept: list[str]) -> str:
    return re.sub("\ue000([0-9]+)\ue001", lambda found: kept[int(found.group(1))], text)


def _side_by_side(
    part: str, kept: list[str], unknown: list[str], also_at: re.Pattern[str] | None
) -> list[Wish]:
    """The wishes of one stage. A piece that means nothing alone belongs to the one before it."""
    cut = re.compile(f"{_BESIDE.pattern}|{also_at.pattern}", re.IGNORECASE) if also_at else _BESIDE
    marks = [(0, 0), *((found.start(), found.end()) for found in cut.finditer(part))][:MAX_PIECES]
    edges = [*(start for start, _ in marks[1:]), len(part)]
    pieces = [(start, end) for (_, start), end in zip(marks, edges, strict=True)]
    found: list[Wish] = []
    at = 0
    while at < len(pieces):
        begin, end = pieces[at]
        wish = _recognise(_unmask(part[begin:end], kept))
        upto = at + 1
        while upto < len(pieces) and (
            wish is None or _recognise(_unmask(part[slice(*pieces[upto])], kept)) is None
        ):
            longer = _recognise(_unmask(part[begin : pieces[upto][1]], kept))
            if wish is not None and longer is None:
                break
            wish, end, upto = longer or wish, pieces[upto][1], upto + 1
        alone = path_alone(_unmask(part[slice(*pieces[at])], kept))
        if wish is None and alone and found and found[-1].tool == "read_file":
            found.append(Wish("read_file", {"path": alone}, alone))
            at += 1
            continue
        if wish is None:
            unknown.append(_unmask(part[begin:end], kept).strip())
        else:
            found.append(wish)
        at = upto
    return found


def _recognise(piece: str) -> Wish | None:
    call = recognise(piece)
    return Wish(call[0], call[1], piece.strip()) if call else None
