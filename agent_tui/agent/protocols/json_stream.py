"""A JSON value read as it arrives, in one pass, whatever the chunks it is cut into.

It forgives what models get wrong where only one reading is possible: trailing commas, raw line
breaks in strings, unknown escapes, Python's ``True``. It knows nothing of actions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from pydantic import JsonValue

MAX_DEPTH = 64
REPLACEMENT = "\ufffd"
_RUN = re.compile(r'[^"\\]+')
_SPACE = re.compile(r"[ \t\r\n\ufeff\u00a0]+")
_SCALAR = re.compile(r"[-+.0-9A-Za-z_]+")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,999})")
_NUMBER = re.compile(r"-?[0-9]{1,999}(?:\.[0-9]{1,999})?(?:[eE][-+]?[0-9]{1,9})?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "'": "'",
}  # fmt: skip
_LITERALS: dict[str, JsonValue] = {
    "true": True, "false": False, "null": None, "True": True, "False": False, "None": None,
}  # fmt: skip
_HEX = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the input. ``live``: decoded text of a watched string; else the input as it came."""

    text: str
    live: bool


class _State(Enum):
    VALUE = auto()
    KEY = auto()
    COLON = auto()
    AFTER = auto()
    STRING = auto()
    SCALAR = auto()
    DONE = auto()
    BROKEN = auto()


Container = dict[str, JsonValue] | list[JsonValue]


class JsonStream:
    """One object or array, from its opening bracket to its closing one.

    Args:
        is_live: Asked at the start of each string value; true makes its text come out as live
            pieces while it arrives. It may look at ``root``, ``keys`` and ``depth``.

    Attributes:
        root: The value, complete once ``done``.
        keys: The key being filled on each level; None within an array.
        problem: What is wrong with the input, once ``broken``.
        duplicate: A key that an object has twice.
    """

    def __init__(self, is_live: Callable[[JsonStream], bool]) -> None:
        self._is_live = is_live
        self._state = _State.VALUE
        self._stack: list[Container] = []
        self.keys: list[str | None] = []
        self.root: Container | None = None
        self.problem = ""
        self.duplicate: str | None = None
        self._in_key = False
        self._live = False
        self._text: list[str] = []
        self._escape = ""
        self._high = ""
        self._fresh: list[str] = []
        self._pieces: list[Piece] = []
        self._mark = 0

    @property
    def depth(self) -> int:
        return len(self._stack)

    @property
    def done(self) -> bool:
        return self._state is _State.DONE

    @property
    def broken(self) -> bool:
        return self._state is _State.BROKEN

    @property
    def in_string(self) -> bool:
        return self._state is _State.STRING

    @property
    def in_live_string(self) -> bool:
        return self._live

    def can_be_closed(self) -> bool:
        """Whether only closing brackets are missing: nothing that was begun is half said."""
        return self._state is _State.AFTER

    def feed(self, text: str, start: int = 0) -> tuple[int, list[Piece]]:
        """Reads on until the value ends, breaks, or ``text`` does.

        Returns:
            The index of the first character not consumed, and what was consumed as pieces.
        """
        self._pieces = pieces = []
        self._mark = start
        at, end = start, len(text)
        while at < end and self._state not in (_State.DONE, _State.BROKEN):
            at = self._string(text, at) if self._state is _State.STRING else self._structure(text, at)
        if self._live:
            self._flush_live()
        elif at > self._mark:
            pieces.append(Piece(text[self._mark : at], live=False))
        return at, pieces

    def _structure(self, text: str, at: int) -> int:
        if self._state is _State.SCALAR:
            return self._scalar(text, at)
        if space := _SPACE.match(text, at):
            return space.end()
        char = text[at]
        match self._state:
            case _State.VALUE:
                return self._value(text, at, char)
            case _State.KEY:
                return self._key(text, at, char)
            case _State.COLON:
                if char != ":":
                    return self._fail(at, "a ':' must follow a key", char)
                self._state = _State.VALUE
            case _:
                return self._after(at, char)
        return at + 1

    def _value(self, text: str, at: int, char: str) -> int:
        if char == '"':
            self._begin_string(text, at, in_key=False)
        elif char in "{[":
            if len(self._stack) >= MAX_DEPTH:
                return self._fail(at, f"nested more than {MAX_DEPTH} levels deep", char)
            self._open({} if char == "{" else [])
        elif char == "]" and isinstance(self._stack[-1], list):
            self._close()
        elif _SCALAR.match(char):
            self._state = _State.SCALAR
            return at
        elif char == "'":
            return self._fail(at, "strings need double quotes", char)
        else:
            return self._fail(at, "a value was expected", char)
        return at + 1

    def _key(self, text: str, at: int, char: str) -> int:
        if char == '"':
            self._begin_string(text, at, in_key=True)
        elif char == "}":
            self._close()
        else:
            return self._fail(at, "a key in double quotes was expected", char)
        return at + 1

    def _after(self, at: int, char: str) -> int:
        is_list = isinstance(self._stack[-1], list)
        if char == ",":
            self._state = _State.VALUE if is_list else _State.KEY
        elif char == ("]" if is_list else "}"):
            self._close()
        else:
            return self._fail(
                at,
                f"after a value ',' or '{']' if is_list else '}'}' was expected; "
                'a double quote inside a string must be written \\"',
                char,
            )
        return at + 1

    def _open(self, container: Container) -> None:
        if self.root is None:
            self.root = container
        else:
            self._put(container)
        self._stack.append(container)
        self.keys.append(None)
        self._state = _State.VALUE if isinstance(container, list) else _State.KEY

    def _close(self) -> None:
        self._stack.pop()
        self.keys.pop()
        self._state = _State.AFTER if self._stack else _State.DONE

    def _put(self, value: JsonValue) -> None:
        holder = self._stack[-1]
        if isinstance(holder, list):
            holder.append(value)
        else:
            key = self.keys[-1]
            assert key is not None, "a value in an object follows a key"
            if key in holder:
                self.duplicate = self.duplicate or key
            holder[key] = value
        self._state = _State.AFTER

    def _scalar(self, text: str, at: int) -> int:
        if found := _SCALAR.match(text, at):
            self._text.append(found.group())
            return found.end()
        word = "".join(self._text)
        self._text.clear()
        if word in _LITERALS:
            self._put(_LITERALS[word])
        elif _INTEGER.fullmatch(word):
            self._put(int(word))
        elif _NUMBER.fullmatch(word) and math.isfinite(float(word)):
            self._put(float(word))
        else:
            return self._fail(at, "a value was expected; strings need double quotes", word)
        return at

    def _begin_string(self, text: str, at: int, *, in_key: bool) -> None:
        self._state = _State.STRING
        self._in_key = in_key
        self._text.clear()
        self._live = not in_key and self._is_live(self)
        if self._live:
            self._pieces.append(Piece(text[self._mark : at + 1], live=False))

    def _string(self, text: str, at: int) -> int:
        if self._escape:
            return self._escaped(text, at)
        if run := _RUN.match(text, at):
            self._say(_SURROGATE.sub(REPLACEMENT, run.group()))
            return run.end()
        if text[at] == "\\":
            self._escape = "\\"
            return at + 1
        self._end_string(at)
        return at + 1

    def _escaped(self, text: str, at: int) -> int:
        """One more character of an escape sequence, which any number of chunks may be cut into."""
        char = text[at]
        if len(self._escape) == 1:
            if char == "u":
                self._escape = "\\u"
                return at + 1
            self._escape = ""
            self._say(_ESCAPES.get(char) or f"\\{_SURROGATE.sub(REPLACEMENT, char)}")
            return at + 1
        if char not in _HEX:  # not an escape after all: the text stands as it is
            literal, self._escape = self._escape, ""
            self._say(literal)
            return at
        self._escape += char
        if len(self._escape) == 6:
            code, self._escape = int(self._escape[2:], 16), ""
            self._say_code(code)
        return at + 1

    def _say_code(self, code: int) -> None:
        if 0xDC00 <= code < 0xE000 and self._high:
            high, self._high = ord(self._high), ""
            self._say(chr(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)))
        elif 0xD800 <= code < 0xDC00:
            self._settle()
            self._high = chr(code)
        else:
            self._say(REPLACEMENT if 0xDC00 <= code < 0xE000 else chr(code))

    def _settle(self) -> None:
        """A high surrogate that no low one followed stands for nothing."""
        if self._high:
            self._high = ""
            self._say(REPLACEMENT)

    def _say(self, text: str) -> None:
        if self._high:
            self._settle()
        self._text.append(text)
        if self._live:
            self._fresh.append(text)

    def _end_string(self, at: int) -> None:
        self._settle()
        value = "".join(self._text)
        self._text.clear()
        if self._live:
            self._flush_live()
            self._live = False
            self._mark = at
        if self._in_key:
            self.keys[-1] = value
            self._state = _State.COLON
        else:
            self._put(value)

    def _flush_live(self) -> None:
        if self._fresh:
            self._pieces.append(Piece("".join(self._fresh), live=True))
            self._fresh.clear()

    def _fail(self, at: int, problem: str, got: str) -> int:
        self._state = _State.BROKEN
        self.problem = f"{problem}, but there is {got[:40]!r}"
        return at
