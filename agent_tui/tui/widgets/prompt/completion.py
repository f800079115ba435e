"""What could complete a text: which word is meant, and how well a candidate fits it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Literal

MOST_SHOWN = 50
_COMMAND = re.compile(r"/([\w?-]*)\Z")
_FILE = re.compile(r"(?:^|(?<=[\s(\[\"'`]))@([^\s@]*)\Z")
_BOUNDARY = frozenset("/._- ")


@dataclass(frozen=True, slots=True)
class CommandHint:
    """A slash command as the popup shows it.

    Attributes:
        name: Without the slash.
        help: A sentence.
        takes_argument: The command means nothing without one, so that Enter in the popup only writes
            its name.
    """

    name: str
    help: str
    takes_argument: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """The word that is being typed. ``start`` is its column, its sign included."""

    kind: Literal["command", "file"]
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of the popup.

    Attributes:
        insert: What takes the word's place.
        label: What is shown; ``hits`` are the columns in it that matched.
        note: Dimmed text beside it.
        final: Whether choosing it with Enter also submits.
    """

    insert: str
    label: str
    note: str = ""
    hits: tuple[int, ...] = ()
    final: bool = False


def word_at(before: str, first_line: bool) -> Word | None:
    """The word before the cursor, if it can be completed. ``before`` is the line up to the cursor."""
    if first_line and (match := _COMMAND.match(before)):
        return Word("command", match[1], 0)
    if match := _FILE.search(before):
        return Word("file", match[1], match.start())
    return None


def command_candidates(query: str, commands: Sequence[CommandHint]) -> list[Candidate]:
    """Commands that fit, those that begin with ``query`` first."""
    found = []
    for command in commands:
        fit = fuzzy(query.lower(), command.name.lower())
        if fit is not None:
            score, hits = fit
            hits = tuple(hit + 1 for hit in hits)
            begins = command.name.startswith(query)
            candidate = Candidate(
                f"/{command.name} ", f"/{command.name}", command.help, hits, not command.takes_argument
            )
            found.append((begins, score, candidate))
    if query:
        found.sort(key=lambda entry: entry[:2], reverse=True)
    return [candidate for _, _, candidate in found]


def file_candidates(query: str, paths: Iterable[str]) -> list[Candidate]:
    """The paths that fit best, best first."""
    if not query:
        chosen = [(path, ()) for _, path in zip(range(MOST_SHOWN), paths, strict=False)]
        return [Candidate(f"@{quoted(path)} ", path) for path, _ in chosen]
    folded = query.lower()
    able = re.compile(".*?".join(map(re.escape, folded)), re.DOTALL)
    scored = []
    for path in paths:
        lowered = path.lower()
        if able.search(lowered) and (fit := fuzzy(folded, lowered)) is not None:
            scored.append((fit[0], -len(path), path, fit[1]))
    best = nlargest(MOST_SHOWN, scored)
    return [Candidate(f"@{quoted(path)} ", path, hits=hits) for _, _, path, hits in best]


def quoted(path: str) -> str:
    """A path as it stands in a prompt; one with spaces is put in quotes."""
    return f'"{path}"' if re.search(r"\s", path) else path


def fuzzy(query: str, text: str) -> tuple[int, tuple[int, ...]] | None:
    """How well ``query`` fits ``text`` as letters in order, and where; None if it does not.

    Whole runs count most, then letters at the start of a word, then those in the last part of a path.
    """
    if not query:
        return 0, ()
    name = text.rfind("/") + 1
    for begin in (text.find(query, name), text.find(query)):
        if begin >= 0:
            at_word = begin == 0 or text[begin - 1] in _BOUNDARY
            score = 100 + 20 * len(query) + (40 if begin >= name else 0) + (30 if at_word else 0)
            return score, tuple(range(begin, begin + len(query)))
    return _scattered(query, text, name)


def _scattered(query: str, text: str, name: int) -> tuple[int, tuple[int, ...]] | None:
    hits: list[int] = []
    score, at = 0, -1
    for letter in query:
        found = text.find(letter, at + 1)
        if found < 0:
            return None
        if found == at + 1:
            score += 8
        if found == 0 or text[found - 1] in _BOUNDARY:
            score += 10
        if found >= name:
            score += 2
        hits.append(found)
        at = found
    return score - (hits[-1] - hits[0]) // 4, tuple(hits)
