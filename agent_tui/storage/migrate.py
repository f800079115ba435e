"""Brings the journal of an older program up to this one's format, all of it or nothing."""

from __future__ import annotations

import json
import sqlite3

from agent_tui.storage import texts
from agent_tui.storage.index import TELLING, words

SEARCH_TABLES = (
    """
CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
)
""",
    "CREATE INDEX texts_by_session ON texts (session_id)",
    # The words are kept beside their text, so that taking a text away can take its words away.
    """
CREATE VIRTUAL TABLE words USING fts5 (
    body, content = 'texts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
)
""",
    """
CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
    INSERT INTO words (rowid, body) VALUES (new.id, new.body);
END
""",
    """
CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN
    INSERT INTO words (words, rowid, body) VALUES ('delete', old.id, old.body);
END
""",
)
"""What format 2 added: texts that can be searched."""

_TOTALS = (
    "ALTER TABLE sessions ADD COLUMN runs INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN cost REAL",
    "ALTER TABLE sessions ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0",
)


def from_1(db: sqlite3.Connection) -> None:
    """Format 1 → 2: totals of each session, and words to search for, read from the events."""
    for statement in (*_TOTALS, *SEARCH_TABLES):
        db.execute(statement)
    kinds = ", ".join(f"'{kind}'" for kind in sorted(TELLING))
    rows = db.execute(f"SELECT session_id, seq, type, line FROM events WHERE type IN ({kinds})")
    for session_id, seq, kind, line in rows:
        event = json.loads(line)
        if kind == "run_start":
            db.execute("UPDATE sessions SET runs = runs + 1 WHERE id = ?", (session_id,))
        if kind == "run_done":
            usage = event["usage"]
            db.execute(
                "UPDATE sessions SET tokens = tokens + :tokens, "
                "cost = coalesce(cost + :cost, :cost, cost) WHERE id = :id",
                {
                    "tokens": usage["input_tokens"] + usage["output_tokens"],
                    "cost": usage.get("cost_usd"),
                    "id": session_id,
                },
            )
        if text := words(db, event):
            texts.keep(db, [(session_id, seq, kind, text)])


STEPS = {1: from_1}
"""What brings a file of each older format one format further."""
