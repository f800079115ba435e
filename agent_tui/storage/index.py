"""The list of sessions, kept from the events themselves."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent_tui.storage import texts

_TYPE = re.compile(rb'"type":"(\w+)"')
_TS = re.compile(rb'"ts":"([^"]*)"')
TELLING = texts.TELLING | {"session_start", "session_update", "run_start", "run_done"}
"""Types of the events that say something of their session."""
TITLE_LENGTH = 60

_UPSERT = """
INSERT INTO sessions (id, cwd, model, title, created, last_ts, last_seq, runs, tokens, cost)
VALUES (
    :id, coalesce(:cwd, ''), coalesce(:model, ''), coalesce(:title, :first_line, ''),
    :created, :last_ts, :last_seq, :runs, :tokens, :cost
)
ON CONFLICT (id) DO UPDATE SET
    cwd = coalesce(:cwd, cwd),
    model = coalesce(:model, model),
    title = coalesce(:title, CASE title WHEN '' THEN :first_line END, title),
    last_ts = :last_ts,
    last_seq = :last_seq,
    runs = runs + :runs,
    tokens = tokens + :tokens,
    cost = CASE WHEN :cost IS NULL THEN cost ELSE coalesce(cost, 0) + :cost END
"""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session of the journal. ``created`` and ``last_ts`` are RFC 3339, as in its events.

    Attributes:
        tokens: Read and written by models; ``cost`` in dollars, None where no price is known.
    """

    id: str
    cwd: str
    model: str
    title: str
    created: str
    last_ts: str
    last_seq: int
    runs: int = 0
    tokens: int = 0
    cost: float | None = None

    @property
    def updated(self) -> str:
        return self.last_ts


COLUMNS = "id, cwd, model, title, created, last_ts, last_seq, runs, tokens, cost"


def type_of(line: bytes) -> str:
    """The ``type`` of an encoded event; the common fields before it hold no quotes."""
    match = _TYPE.search(line)
    return match[1].decode() if match else ""


def insert(db: sqlite3.Connection, lines: Sequence[tuple[str, int, bytes]]) -> None:
    """Writes events ``(session_id, seq, line)`` and what they say of their sessions."""
    rows = [(session_id, seq, type_of(line), line) for session_id, seq, line in lines]
    db.executemany("INSERT INTO events (session_id, seq, type, line) VALUES (?, ?, ?, ?)", rows)
    known: dict[str, dict[str, Any]] = {}
    found: list[texts.Text] = []
    for session_id, seq, kind, line in rows:
        facts = known.get(session_id)
        if facts is None:
            facts = known[session_id] = {
                "id": session_id, "cwd": None, "model": None, "title": None, "first_line": None,
                "created": ts_of(line), "runs": 0, "tokens": 0, "cost": None,
            }  # fmt: skip
        facts["last_seq"], facts["last_line"] = seq, line
        if kind in TELLING:
            event = json.loads(line)
            _learn(facts, event)
            if text := words(db, event):
                found.append((session_id, seq, kind, text))
    for facts in known.values():
        facts["last_ts"] = ts_of(facts.pop("last_line"))
        db.execute(_UPSERT, facts)
    if found:
        texts.keep(db, found)


def words(db: sqlite3.Connection, event: dict[str, Any]) -> str:
    """What of an event can be searched for; the end of a run that was cut short tells what it had said."""
    if event["type"] == "run_done" and event["status"] == "interrupted":
        return texts.interrupted_answer(db, event["session_id"], event["seq"])
    return texts.text_of(event)


def _learn(facts: dict[str, Any], event: dict[str, Any]) -> None:
    for name in ("cwd", "model", "title"):
        facts[name] = event.get(name) or facts[name]
    match event["type"]:
        case "run_start":
            facts["runs"] += 1
            if event.get("agent") in ("react", "plan") and not facts["first_line"]:
                facts["first_line"] = event["input"].strip().partition("\n")[0][:TITLE_LENGTH] or None
        case "run_done":
            usage = event["usage"]
            facts["tokens"] += usage["input_tokens"] + usage["output_tokens"]
            if usage.get("cost_usd") is not None:
                facts["cost"] = (facts["cost"] or 0.0) + usage["cost_usd"]
        case _:
            pass


def ts_of(line: bytes) -> str:
    """The ``ts`` of an encoded event."""
    match = _TS.search(line)
    return match[1].decode() if match else ""
