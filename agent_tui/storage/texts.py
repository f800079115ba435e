"""What can be searched for in a session: the words of each event that people would look for.

Prompts, answers, tool calls and what tools said; never single deltas, so that streaming costs nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

TELLING = frozenset(
    {
        "session_update",
        "run_start",
        "steer_applied",
        "final",
        "cancelled",
        "tool_start",
        "react_observation",
    }
)
"""Types of the events whose words are kept."""

TEXT_KEPT = 20_000
"""Characters of one event's words that can be searched."""

Text = tuple[str, int, str, str]
"""``(session_id, seq, kind, body)``, a row of the table ``texts``."""


def text_of(event: dict[str, Any]) -> str:
    """The words of one decoded event; empty if it has none."""
    match event["type"]:
        case "session_update":
            text = event.get("title") or ""
        case "run_start":
            text = event["input"]
        case "steer_applied":
            text = event["text"]
        case "final":
            text = event["answer"]["answer"]
        case "cancelled":
            text = event["partial_text"]
        case "tool_start":
            text = " ".join([event["tool_name"], *_words(event["args"])])
        case "react_observation":
            text = event["content"]
        case _:
            text = ""
    return str(text)[:TEXT_KEPT].strip()


def _words(value: Any) -> Iterator[str]:
    """Every string and number in a JSON value, in order."""
    match value:
        case str():
            yield value
        case bool() | None:
            pass
        case int() | float():
            yield str(value)
        case dict():
            for item in value.values():
                yield from _words(item)
        case list():
            for item in value:
                yield from _words(item)
        case _:
            pass


def keep(db: sqlite3.Connection, texts: list[Text]) -> None:
    """Makes texts searchable."""
    db.executemany("INSERT INTO texts (session_id, seq, kind, body) VALUES (?, ?, ?, ?)", texts)


def interrupted_answer(db: sqlite3.Connection, session_id: str, before: int) -> str:
    """What a run that was cut short had streamed since its last model call began."""
    import json

    start = db.execute(
        "SELECT max(seq) FROM events WHERE session_id = ? AND seq < ? AND type = 'llm_start'",
        (session_id, before),
    ).fetchone()[0]
    rows = db.execute(
        "SELECT line FROM events WHERE session_id = ? AND seq > ? AND seq < ? AND type = 'llm_delta' "
        "ORDER BY seq",
        (session_id, start or before, before),
    )
    deltas = (json.loads(line) for (line,) in rows)
    return "".join(delta["text"] for delta in deltas if delta["channel"] == "answer")[:TEXT_KEPT].strip()
