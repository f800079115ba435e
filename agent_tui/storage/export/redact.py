"""Takes secrets out of events: what looks like one, and what the environment says is one.

What it does not know as a secret it leaves alone: a redacted export is safer, not safe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from agent_tui import secretshapes
from agent_tui.events import types as ev

GONE = "[redacted]"

_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_-])(?:password|passwd|secret|token|api_?key|credentials?|authorization)$|[_-]key$"
)
"""Names of environment variables and of JSON fields whose values are secrets."""

_SHORTEST = 8
"""Values of the environment that are shorter could be anybody's."""

_KEPT = frozenset({"seq", "ts", "type", "session_id", "run_id", "span_id", "parent_id"})


class Redactor:
    """Replaces secrets by ``[redacted]``.

    Args:
        environ: Variables whose names say that they hold a secret give their values.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        values = {
            value
            for name, value in environ.items()
            if len(value) >= _SHORTEST and _SECRET_NAME.search(name)
        }
        forms = {
            form for value in values for form in (value, json.dumps(value)[1:-1], quote(value, safe=""))
        }
        alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self._known = re.compile(alternatives) if alternatives else None

    def text(self, text: str) -> str:
        return secretshapes.cut(text, self._spans(text), GONE)

    def events(self, events: Iterable[ev.Event]) -> list[ev.Event]:
        """The same events without secrets, also those that came in several pieces."""
        everything = list(events)
        pieces = self._streams(everything)
        return [self._event(event, pieces.get(event.seq)) for event in everything]

    def _event(self, event: ev.Event, piece: str | None) -> ev.Event:
        fields = event.model_dump(mode="json")
        clean = {name: value if name in _KEPT else self._value(value) for name, value in fields.items()}
        if piece is not None:
            clean["text"] = piece
        return type(event).model_validate(clean)

    def _value(self, value: Any, name: str = "") -> Any:
        match value:
            case str():
                return GONE if value and name and _SECRET_NAME.search(name) else self.text(value)
            case dict():
                return {self.text(key): self._value(item, key) for key, item in value.items()}
            case list():
                return [self._value(item, name) for item in value]
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

    def _spans(self, text: str) -> list[tuple[int, int]]:
        spans = secretshapes.find(text)
        if self._known is not None:
            spans += [match.span() for match in self._known.finditer(text)]
        return sorted(spans)
