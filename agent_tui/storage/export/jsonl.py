"""Sessions as JSON lines: the journal's own bytes, written out and read in again."""

from __future__ import annotations

from collections.abc import Iterable

from agent_tui.errors import StorageError
from agent_tui.events import codec
from agent_tui.events import types as ev

_HINT = "give what `sessions export --format jsonl` wrote"


def jsonl(events: Iterable[ev.Event]) -> str:
    """The events as they stand in the journal, one on each line."""
    return "".join(codec.encode(event).decode() + "\n" for event in events)


def read_jsonl(text: bytes) -> list[ev.Event]:
    """The events of one exported session.

    Raises:
        StorageError: A line is not an event, or they are not the events of one session in order.
    """
    events: list[ev.Event] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            event = codec.decode(line)
        except StorageError as error:
            raise _bad(number, error.message) from error
        if event.seq != len(events) + 1:
            raise _bad(number, f"seq is {event.seq}, where {len(events) + 1} was due")
        if events and event.session_id != events[0].session_id:
            raise _bad(number, "it is of another session")
        if events and event.ts < events[-1].ts:
            raise _bad(number, "its time is before that of the line above")
        if not events and not isinstance(event, ev.SessionStart):
            raise _bad(number, "a session begins with session_start")
        events.append(event)
    if not events:
        raise StorageError("there are no events", hint=_HINT, code="bad_import")
    return events


def _bad(number: int, what: str) -> StorageError:
    return StorageError(f"line {number}: {what}", hint=_HINT, code="bad_import")
