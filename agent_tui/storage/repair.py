"""Ends what a killed program left open, so that every start in the journal has its one end."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.unfinished import EndEvent, Unfinished
from agent_tui.storage.index import insert

_MARKED = "type IN ('run_start', 'run_done', 'prompt_queued', 'prompt_unqueued')"
"""The condition of the index ``marks``, word for word: only so it is used."""


def _last_marks(db: sqlite3.Connection, session_id: str) -> dict[str, int]:
    """The highest ``seq`` of each type that begins or ends something which may be left open."""
    rows = db.execute(
        f"SELECT type, max(seq) FROM events WHERE session_id = ? AND {_MARKED} GROUP BY type", (session_id,)
    )
    return dict(rows.fetchall())


def open_runs(db: sqlite3.Connection, session_id: str) -> list[int]:
    """``seq`` of each ``run_start`` without its ``run_done``; runs are serial, so at most one."""
    marks = _last_marks(db, session_id)
    start = marks.get("run_start")
    return [start] if start is not None and start > marks.get("run_done", 0) else []


def repair(db: sqlite3.Connection, session_id: str) -> int:
    """Appends the missing ends in one transaction; how many there were. Doing it again adds none.

    They carry the time of the last event: the program died then, and a replay should not wait
    for the days until somebody looked.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        last_seq, last_ts = _last(db, session_id)
        ends = [*_run_ends(db, session_id, last_ts), *_queue_ends(db, session_id)] if last_seq else []
        lines = []
        for seq, (kind, fields) in enumerate(ends, last_seq + 1):
            event = kind(seq=seq, ts=last_ts, session_id=session_id, **fields)
            lines.append((session_id, seq, codec.encode(event)))
        if lines:
            insert(db, lines)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return len(lines)


def _last(db: sqlite3.Connection, session_id: str) -> tuple[int, str]:
    row = db.execute("SELECT last_seq, last_ts FROM sessions WHERE id = ?", (session_id,)).fetchone()
    return (row[0], row[1]) if row else (0, "")


def _run_ends(db: sqlite3.Connection, session_id: str, last_ts: str) -> list[EndEvent]:
    starts = open_runs(db, session_id)
    if not starts:
        return []
    unfinished = Unfinished()
    cancelled = False
    rows = db.execute(
        "SELECT line FROM events WHERE session_id = ? AND seq >= ? ORDER BY seq", (session_id, starts[0])
    )
    for (line,) in rows:
        event = codec.decode(line)
        unfinished.apply(event)
        cancelled = cancelled or isinstance(event, ev.Cancelled)
    died = datetime.fromisoformat(last_ts)
    ends = list(unfinished.ends(died))
    if unfinished.cancel_called is not None and not cancelled:
        ends.append(_cancelled(unfinished, unfinished.cancel_called, died))
    return [*ends, unfinished.run_done("interrupted", died)]


def _cancelled(unfinished: Unfinished, called: ev.CancelCalled, died: datetime) -> EndEvent:
    latency = (died - datetime.fromisoformat(called.ts)).total_seconds() * 1000
    return ev.Cancelled, {
        "run_id": called.run_id,
        "span_id": called.span_id,
        "latency_ms": max(0.0, round(latency, 3)),
        "partial_text": unfinished.partial_answer,
    }


def _queue_ends(db: sqlite3.Connection, session_id: str) -> list[EndEvent]:
    """Prompts that still waited: nobody will start them now."""
    waiting: dict[str, None] = {}
    if "prompt_queued" not in _last_marks(db, session_id):
        return []
    rows = db.execute(
        "SELECT line FROM events WHERE session_id = ? AND type IN ('prompt_queued', 'prompt_unqueued') "
        "ORDER BY seq",
        (session_id,),
    )
    for (line,) in rows:
        match codec.decode(line):
            case ev.PromptQueued(prompt_id=prompt_id):
                waiting[prompt_id] = None
            case ev.PromptUnqueued(prompt_id=prompt_id):
                waiting.pop(prompt_id, None)
            case _:
                pass
    return [(ev.PromptUnqueued, {"prompt_id": prompt_id, "reason": "removed"}) for prompt_id in waiting]
