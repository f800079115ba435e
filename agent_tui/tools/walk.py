"""Walks folders the way searches want it: sorted, never through links, past what nobody searches."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import translate
from functools import lru_cache

SKIPPED = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".mypy_cache", ".pytest_cache",
     ".ruff_cache", ".tox", ".nox", ".idea"}
)  # fmt: skip
MAX_ALTERNATIVES = 64


def walk(descriptor: int, checkpoint: Callable[[], None]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """``(parts, is_folder)`` of everything below an open folder; takes the descriptor over."""
    yield from _walk(descriptor, (), checkpoint)


def _walk(
    descriptor: int, parts: tuple[str, ...], checkpoint: Callable[[], None]
) -> Iterator[tuple[tuple[str, ...], bool]]:
    try:
        with os.scandir(descriptor) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        for name, folder in found:
            checkpoint()
            if folder and name in SKIPPED:
                continue
            yield (*parts, name), folder
            if folder and len(parts) < 100:
                try:
                    below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
                except OSError:  # gone, or not ours to read: a search passes over it
                    continue
                yield from _walk(below, (*parts, name), checkpoint)
    finally:
        os.close(descriptor)


class Glob:
    """A pattern of components: ``*`` and ``?`` within one, ``**`` for any number of them, ``{a,b}``."""

    def __init__(self, pattern: str) -> None:
        self._alternatives = [
            tuple(part for part in one.split("/") if part not in {"", "."}) for one in _braces(pattern)
        ]

    def fits(self, parts: Sequence[str]) -> bool:
        return any(_fits(alternative, tuple(parts)) for alternative in self._alternatives)


def _fits(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the components fit, by the set of pattern positions reached: no backtracking."""
    reached = _closure(pattern, {0})
    for part in parts:
        following = {
            at if pattern[at] == "**" else at + 1
            for at in reached
            if at < len(pattern) and (pattern[at] == "**" or _component(pattern[at]).match(part))
        }
        reached = _closure(pattern, following)
        if not reached:
            return False
    return len(pattern) in reached


def _closure(pattern: tuple[str, ...], reached: set[int]) -> set[int]:
    grown = set(reached)
    for at in sorted(reached):
        position = at
        while position < len(pattern) and pattern[position] == "**":
            position += 1
            grown.add(position)
    return grown


@lru_cache(maxsize=512)
def _component(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def _braces(pattern: str) -> list[str]:
    """``*.{a,b}`` as ``*.a`` and ``*.b``; at most 64 patterns."""
    ready: list[str] = []
    waiting = [pattern]
    while waiting and len(ready) + len(waiting) <= MAX_ALTERNATIVES:
        current = waiting.pop(0)
        match = re.search(r"\{([^{}]*,[^{}]*)\}", current)
        if match is None:
            ready.append(current)
        else:
            waiting += [
                current[: match.start()] + one + current[match.end() :] for one in match[1].split(",")
            ]
    return ready + waiting
