"""What a tool printed and gave back, as titled texts of which none is told twice. It knows no widget."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from agent_tui.events.types import OutputStream
from agent_tui.events.view import ToolBlock
from agent_tui.safetext import visible

Kind = Literal["text", "diff", "json"]
_TITLE = 40
_CUT_LINE = 80
"""At most so many characters stand for what a tool cut out of the middle of a text."""


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a call.

    Attributes:
        title: Safe to show, one line.
        text: Raw, whole.
        main: It is what the call was made for, before what is only said about it.
        given: It is of the result, and not only printed on the way to it.
        printed: It came while the tool ran, so that its end matters more than its beginning.
        cut: The tool cut it.
    """

    title: str
    text: str
    kind: Kind = "text"
    main: bool = False
    given: bool = True
    printed: bool = False
    cut: bool = False


def parts_of(block: ToolBlock) -> list[Part]:
    """The parts of the result, then what was printed and is in none of them.

    Of an object the values of several lines, and those that were printed, are texts of their own; the
    raw JSON would show each of their lines escaped, in one row.
    """
    if block.result is None:
        return _printed(block, ())
    said = _by_stream(block)
    texts, rest = _texts(block.result, said)
    parts: list[Part] = []
    if (about := _rest(rest, texts)) is not None:
        parts.append(Part("result", *about, main=not texts, cut=block.truncated and not texts))
    told: set[OutputStream] = set()
    for number, (key, text) in enumerate(texts.items()):
        streams = _streams_of(text, block, {name: said[name] for name in said if name not in told})
        told.update(streams)
        if len(streams) == 1:
            text = max(text, said[streams[0]], key=len)  # the result may be a cut of what was printed
        parts.append(
            Part(
                visible(key[:_TITLE], newlines=False),
                text,
                "diff" if is_diff(text) else "text",
                main=number == 0,
                printed=bool(streams),
                cut=block.truncated and not streams,
            )
        )
    return parts + _printed(block, told)


def is_diff(text: str) -> bool:
    """Whether text is a unified diff."""
    head = text[:2000]
    return head.startswith(("--- ", "diff --git ", "@@ ")) or "\n@@ " in head


def _by_stream(block: ToolBlock) -> dict[OutputStream, str]:
    pieces: dict[OutputStream, list[str]] = {}
    for stream, text in block.output:
        pieces.setdefault(stream, []).append(text)
    return {stream: "".join(texts) for stream, texts in pieces.items()}


def _texts(result: JsonValue, said: dict[OutputStream, str]) -> tuple[dict[str, str], JsonValue]:
    """What of a result is text to read, by title, and what else there is."""
    if isinstance(result, str):
        return ({"result": result} if result else {}), None
    if not isinstance(result, dict):
        return {}, result
    seen = {text.rstrip() for text in said.values()}
    texts = {
        key: value
        for key, value in result.items()
        if isinstance(value, str) and value.strip() and ("\n" in value or value.rstrip() in seen)
    }
    return texts, {key: value for key, value in result.items() if key not in texts}


def _rest(rest: JsonValue, texts: dict[str, str]) -> tuple[str, Kind] | None:
    if not rest and (texts or rest is None):
        return None
    if not texts or not isinstance(rest, dict):
        return json.dumps(rest, ensure_ascii=False, indent=2), "json"
    if any(isinstance(value, dict | list) for value in rest.values()):
        return json.dumps(rest, ensure_ascii=False, indent=2), "json"
    lines = [
        f"{key}: {value if isinstance(value, str) else json.dumps(value)}"
        for key, value in rest.items()
        if value != ""
    ]
    return ("\n".join(lines), "text") if lines else None


def _streams_of(text: str, block: ToolBlock, said: dict[OutputStream, str]) -> tuple[OutputStream, ...]:
    """On which of the streams ``text`` was printed; on several if it is all of them, in their order."""
    for stream, printed in said.items():
        if _same(text, printed) or (block.truncated and _is_cut_of(text, printed)):
            return (stream,)
    together = "".join([piece for stream, piece in block.output if stream in said])
    return tuple(said) if len(said) > 1 and _same(text, together) else ()


def _same(text: str, printed: str) -> bool:
    return bool(printed) and text.rstrip() == printed.rstrip()


def _is_cut_of(text: str, whole: str) -> bool:
    """Whether ``text`` is the head and the tail of ``whole`` with a line between them."""
    if len(whole) <= len(text):
        return False
    head, tail = _alike(text, whole), _alike(reversed(text), reversed(whole))
    return head > 0 and tail > 0 and head + tail + _CUT_LINE >= len(text)


def _alike(one: Iterable[str], other: Iterable[str]) -> int:
    """How many characters both begin with, unless one of them begins with the whole other."""
    return next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)


def _printed(block: ToolBlock, told: Iterable[OutputStream]) -> list[Part]:
    text = "".join([text for stream, text in block.output if stream not in told])
    return [Part("output", text, given=False, printed=True)] if text else []
