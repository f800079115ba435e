"""Event ⇄ JSON: the one encoding that every reader of the stream shares.

The bytes are the contract: journal, ``run --json``, ``export --format jsonl`` and SSE ``data:``
hold the same line for the same event. Fields that are None are left out.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from agent_tui.errors import StorageError
from agent_tui.events.types import AnyEvent, Event, EventBase
from agent_tui.safetext import encodable

E = TypeVar("E", bound=EventBase)


@cache
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(AnyEvent)


def encode(event: EventBase) -> bytes:
    """The event as one line of UTF-8 JSON, without the line feed."""
    return event.model_dump_json(exclude_none=True).encode()


def encodable_event(event: E) -> E:
    """The event with every text in it fit for UTF-8; what comes from names and arguments may not be."""
    return type(event).model_validate(_encodable(event.model_dump()))


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return encodable(value)
        case dict():
            return {encodable(key): _encodable(item) for key, item in value.items()}
        case list() | tuple():
            return [_encodable(item) for item in value]
        case _:
            return value


def decode(line: bytes | str) -> Event:
    """The event of one line.

    Raises:
        StorageError: The line is not an event of this version.
    """
    try:
        return _adapter().validate_json(line)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        what = f"{problem['msg']} at {where or 'its top'}"
        if problem["type"] == "union_tag_invalid":  # which would list all the types there are
            what = f"nothing here knows the type {problem['ctx']['tag'][:60]!r}"
        raise StorageError(
            f"not an event: {what}",
            hint="the line was written by another version, or is damaged",
            code="bad_event",
        ) from error


def event_types() -> dict[str, type[EventBase]]:
    """Every event class by its ``type``."""
    return {cls.model_fields["type"].default: cls for cls in get_args(Event)}
