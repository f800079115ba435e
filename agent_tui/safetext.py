"""Text from models, tools, files and networks, made safe to look at.

Every front end passes foreign text through ``visible`` before it reaches a terminal: control and
escape sequences are shown as symbols, never sent, and characters that reorder or hide text are
spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)}
_CONTROL_PICTURES[0x7F] = "\u2421"
_CONTROL_PICTURES.update({code: f"\\x{code:02x}" for code in range(0x80, 0xA0)})
# Bidirectional controls can make a line read as something it is not (CVE-2021-42574); zero-width
# and tag characters can hide text from the person while the model sees it.
_SPELLED = [
    0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029,
    *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC),
]  # fmt: skip
_TABLE: dict[int, str] = dict(_CONTROL_PICTURES)
_TABLE.update({code: f"\\u{code:04x}" for code in _SPELLED})
_TABLE.update({code: f"\\U{code:08x}" for code in range(0xE0000, 0xE0080)})
_TABLE.update(dict.fromkeys(range(55296, 57344), "�"))  # lone surrogates cannot be encoded
_KEEP_LINES = {ord("\n"): "\n", ord("\t"): "\t"}
_TABLE_LINES = {**_TABLE, **_KEEP_LINES}


def _any_of(codes: Iterable[int]) -> re.Pattern[str]:
    return re.compile("[" + "".join(re.escape(chr(code)) for code in sorted(codes)) + "]")


_UNSAFE_IN_LINE = _any_of(_TABLE)
_UNSAFE = _any_of(_TABLE.keys() - _KEEP_LINES.keys())


def visible(text: str, *, newlines: bool = True) -> str:
    """``text`` with everything that could act on a terminal shown as a symbol.

    Args:
        text: Anything.
        newlines: Keep line feeds and tabs as they are; ``\\r\\n`` becomes ``\\n``. With false they
            are shown as symbols too, so that the result is one line.
    """
    if newlines:
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        return text.translate(_TABLE_LINES) if _UNSAFE.search(text) else text
    return text.translate(_TABLE) if _UNSAFE_IN_LINE.search(text) else text


def encodable(text: str) -> str:
    """``text`` with split surrogate pairs joined and lone halves, which have no UTF-8, as U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
