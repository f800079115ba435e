"""Takes secrets out of events: what looks like one, and what the environment says is one.

What it does not know as a secret it leaves alone: a redacted export is safer, not safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, get_args, get_origin

from agent_tui import secretshapes
from agent_tui.events import types as ev

GONE = "[redacted]"

_KEPT = frozenset({"seq", "ts", "session_id", "run_id", "span_id", "parent_id"})


class Redactor:
    """Replaces secrets by ``[redacted]``.

    Args:
        environ: Where secrets are told by the names of their variables.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._spans = secretshapes.Finder(environ).find

    def text(self, text: str) -> str:
        return secretshapes.cut(text, self._spans(text), GONE)

    def events(self, events: Iterable[ev.Event]) -> list[ev.Event]:
        """The same events without secrets, also those that came in several pieces."""
        everything = list(events)
        pieces = self._streams(everything)
        return [self._event(event, pieces.get(event.seq)) for event in everything]

    def _event(self, event: ev.Event, piece: str | None) -> ev.Event:
        fields = event.model_dump(mode="json")
        kept = _KEPT | _choices(type(event))
        clean = {name: value if name in kept else self._value(value) for name, value in fields.items()}
        if piece is not None:
            clean["text"] = piece
        return type(event).model_validate(clean)

    def _value(self, value: Any, name: str = "") -> Any:
        secret = secretshapes.is_secret_field(name)
        match value:
            case str():
                return GONE if value and secret else self.text(value)
            case dict():
                return {
                    self.text(key): self._value(item, name if secret else key)
                    for key, item in value.items()
                }
            case list():
                return [self._value(item, name) for item in value]
            case int() | float() if secret and not isinstance(value, bool):
                return GONE
            case _:
                return value

    def _streams(self, events: Sequence[ev.Event]) -> dict[int, str]:
        """The texts of events that are pieces of one stream, by ``seq``."""
        streams: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for event in events:
            match event:
                case ev.LlmDelta(span_id=span_id, channel=channel, text=text):
                    streams.setdefault((span_id or "", channel), []).append((event.seq, text))
                case ev.ToolOutput(call_id=call_id, stream=stream, text=text):
                    streams.setdefault((call_id, stream), []).append((event.seq, text))
                case _:
                    pass
        clean: dict[int, str] = {}
        for parts in streams.values():
            spans = self._spans("".join(text for _, text in parts))
            begin = 0
            for seq, text in parts:
                here = [(start - begin, stop - begin) for start, stop in spans]
                clean[seq] = secretshapes.cut(text, here, GONE)
                begin += len(text)
        return clean


@cache
def _choices(kind: type[ev.EventBase]) -> frozenset[str]:
    """The fields that take one of a few given words: no secret, though one may be the same word."""
    return frozenset(name for name, field in kind.model_fields.items() if _is_choice(field.annotation))


def _is_choice(annotation: Any) -> bool:
    return get_origin(annotation) is Literal or any(_is_choice(part) for part in get_args(annotation))
