"""Keeps what tools give back within bounds, and fit for the wire; what was cut is said exactly."""

from __future__ import annotations

import json
from collections import deque

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from agent_tui.safetext import encodable

DEFAULT_CONTENT_LIMIT = 30_000
"""Most characters of one result that a model is told."""

MAX_JSON_DEPTH = 100


def clean_json(value: object, depth: int = 0) -> JsonValue:
    """``value`` as JSON: text made encodable, anything unknown as its ``str``.

    Raises:
        ValueError: It is nested too deep, or refers to itself.
    """
    if depth > MAX_JSON_DEPTH:
        raise ValueError("the value is nested too deep")
    match value:
        case None | bool():
            return value
        case int():
            return (
                value if value.bit_length() < 14_000 else hex(value)
            )  # Python writes 4,300 digits at most
        case float():
            return value if value - value == 0 else str(value)  # JSON knows neither nan nor inf
        case str():
            return encodable(value)
        case dict():
            return {encodable(str(key)): clean_json(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [clean_json(item, depth + 1) for item in value]
    plain = to_jsonable_python(value, fallback=str, inf_nan_mode="strings")
    return clean_json(plain, depth + 1)


def cut_middle(text: str, limit: int) -> tuple[str, bool]:
    """``text``, or its head and its tail with a line between them that says what was cut."""
    if len(text) <= limit:
        return text, False
    head, tail = text[: limit // 2], text[len(text) - limit // 2 :]
    return _joined(head, tail, text[limit // 2 : len(text) - limit // 2]), True


def _joined(head: str, tail: str, middle: str) -> str:
    return head + cut_line(len(middle), middle.count("\n")) + tail


def cut_line(characters: int, lines: int) -> str:
    """The line that stands for what was cut."""
    return f"\n[… {characters:,} characters ({lines:,} line ends) cut here …]\n"


def bounded_result(value: JsonValue, limit: int) -> tuple[JsonValue, bool]:
    """A result that takes at most about ``limit`` characters as JSON; a larger one becomes text, cut."""
    if isinstance(value, str):
        return cut_middle(value, limit)
    if value is None or isinstance(value, bool | int | float):
        return (value, False) if len(str(value)) <= limit else cut_middle(str(value), limit)
    text = json.dumps(value, ensure_ascii=False)
    return (value, False) if len(text) <= limit else cut_middle(text, limit)


class HeadTail:
    """Keeps the head and the tail of a text of any length, and counts what lies between.

    Args:
        limit: Most characters kept.
    """

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._head: list[str] = []
        self._head_length = 0
        self._tail: deque[str] = deque()
        self._tail_length = 0
        self._cut = 0
        self._cut_lines = 0

    @property
    def truncated(self) -> bool:
        return self._cut > 0

    def add(self, text: str) -> None:
        room = self._half - self._head_length
        if room > 0:
            self._head.append(text[:room])
            self._head_length += len(self._head[-1])
            text = text[room:]
        if not text:
            return
        self._tail.append(text)
        self._tail_length += len(text)
        while self._tail_length > self._half:
            first = self._tail.popleft()
            excess = min(self._tail_length - self._half, len(first))
            self._cut += excess
            self._cut_lines += first.count("\n", 0, excess)
            self._tail_length -= excess
            if excess < len(first):
                self._tail.appendleft(first[excess:])

    def text(self) -> str:
        """What was kept; the line between says how much was not."""
        middle = cut_line(self._cut, self._cut_lines) if self._cut else ""
        return "".join(self._head) + middle + "".join(self._tail)
