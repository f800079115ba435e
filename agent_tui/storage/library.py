"""Changes to whole sessions in the journal's tables: hide, copy, and really remove.

These are functions of a connection, for the writer's thread; asking for them is ``journal``'s.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from agent_tui.storage.index import insert

COPIED_AT_ONCE = 1000
"""Events copied in one transaction, so that what others write does not wait long."""

WORTH_COMPACTING = 0.2
"""Part of the file that must be unused before the rest is worth being written anew."""


def hide(db: sqlite3.Connection, session_id: str, *, hidden: bool) -> bool:
    """Hides a session from every list, or shows it again; false if there is none."""
    changed = db.execute("UPDATE sessions SET deleted = ? WHERE id = ?", (int(hidden), session_id))
    return changed.rowcount > 0


def hidden(db: sqlite3.Connection) -> list[str]:
    """The sessions that are hidden: those that somebody deleted and that are still there."""
    return [row[0] for row in db.execute("SELECT id FROM sessions WHERE deleted")]


def remove(db: sqlite3.Connection, session_ids: Sequence[str]) -> bool:
    """Removes sessions and everything they said, from the tables, the search index and the WAL.

    False if a reader held on to the WAL: what it said stands there until that reader is gone.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        for session_id in session_ids:
            for table in ("events", "texts"):
                db.execute(f"DELETE FROM {table} WHERE session_id = ?", (session_id,))
            db.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
        # The index only notes what was taken out of it, and forgets it when its parts are merged.
        db.execute("INSERT INTO words (words) VALUES ('optimize')")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return empty_wal(db)


def sizes(db: sqlite3.Connection) -> dict[str, int]:
    """Bytes of the events of each session."""
    return dict(db.execute("SELECT session_id, sum(length(line)) FROM events GROUP BY session_id"))


def add(db: sqlite3.Connection, session_id: str, lines: Sequence[tuple[str, int, bytes]]) -> bool:
    """Writes a whole session; false, and nothing is written, if there is one of that id."""
    db.execute("BEGIN IMMEDIATE")
    try:
        there = db.execute("SELECT 1 FROM sessions WHERE id = ?", (session_id,)).fetchone()
        if there is None:
            insert(db, lines)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return there is None


def is_worth_compacting(db: sqlite3.Connection) -> bool:
    """Whether the room that is no longer used is a good part of the file."""
    free, pages = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
    return bool(free and free >= pages * WORTH_COMPACTING)


def compact(db: sqlite3.Connection) -> bool:
    """Gives room that is no longer used back to the disk, if that is worth it."""
    if not is_worth_compacting(db):
        return False
    db.execute("VACUUM")
    return empty_wal(db)


def empty_wal(db: sqlite3.Connection) -> bool:
    """Writes the WAL into the file and empties it; false if a reader held on to it."""
    busy: int = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return busy == 0


def copy_part(
    db: sqlite3.Connection, source: str, target: str, *, first: bytes, after: int, up_to: int
) -> int:
    """Copies the next events of a session to another; the last ``seq`` copied, ``up_to`` at the end.

    Args:
        first: The line that stands in place of the source's first event.
        after: What has been copied already.
    """
    old, new = (b'"session_id":' + json.dumps(name).encode() for name in (source, target))
    rows = db.execute(
        "SELECT seq, line FROM events WHERE session_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
        (source, after, up_to, COPIED_AT_ONCE),
    ).fetchall()
    lines = [(target, seq, first if seq == 1 else line.replace(old, new, 1)) for seq, line in rows]
    db.execute("BEGIN IMMEDIATE")
    try:
        insert(db, lines)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return lines[-1][1] if lines else up_to
