"""The list of sessions, kept from the events themselves."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_TYPE = re.compile(rb'"type":"(\w+)"')
_TS = re.compile(rb'"ts":"([^"]*)"')
_TELLING = {"session_start", "session_update", "run_start"}
TITLE_LENGTH = 60

_UPSERT = """
INSERT INTO sessions (id, cwd, model, title, created, last_ts, last_seq)
VALUES (
    :id, coalesce(:cwd, ''), coalesce(:model, ''), coalesce(:title, :first_line, ''),
    :created, :last_ts, :last_seq
)
ON CONFLICT (id) DO UPDATE SET
    cwd = coalesce(:cwd, cwd),
    model = coalesce(:model, model),
    title = coalesce(:title, CASE title WHEN '' THEN :first_line END, title),
    last_ts = :last_ts,
    last_seq = :last_seq
"""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session of the journal. ``created`` and ``last_ts`` are RFC 3339, as in its events."""

    id: str
    cwd: str
    model: str
    title: str
    created: str
    last_ts: str
    last_seq: int

    @property
    def updated(self) -> str:
        return self.last_ts


COLUMNS = "id, cwd, model, title, created, last_ts, last_seq"


def type_of(line: bytes) -> str:
    """The ``type`` of an encoded event; the common fields before it hold no quotes."""
    match = _TYPE.search(line)
    return match[1].decode() if match else ""


def insert(db: sqlite3.Connection, lines: Sequence[tuple[str, int, bytes]]) -> None:
    """Writes events ``(session_id, seq, line)`` and what they say of their sessions."""
    rows = [(session_id, seq, type_of(line), line) for session_id, seq, line in lines]
    db.executemany("INSERT INTO events (session_id, seq, type, line) VALUES (?, ?, ?, ?)", rows)
    known: dict[str, dict[str, Any]] = {}
    for session_id, seq, kind, line in rows:
        facts = known.get(session_id)
        if facts is None:
            facts = known[session_id] = {
                "id": session_id, "cwd": None, "model": None, "title": None, "first_line": None,
                "created": _ts(line),
            }  # fmt: skip
        facts["last_seq"], facts["last_line"] = seq, line
        if kind in _TELLING:
            _learn(facts, json.loads(line))
    for facts in known.values():
        facts["last_ts"] = _ts(facts.pop("last_line"))
        db.execute(_UPSERT, facts)


def _learn(facts: dict[str, Any], event: dict[str, Any]) -> None:
    for name in ("cwd", "model", "title"):
        facts[name] = event.get(name) or facts[name]
    if event["type"] == "run_start" and event.get("agent") in ("react", "plan") and not facts["first_line"]:
        facts["first_line"] = event["input"].strip().partition("\n")[0][:TITLE_LENGTH] or None


def _ts(line: bytes) -> str:
    match = _TS.search(line)
    return match[1].decode() if match else ""
