"""The journal's file: its tables, its version, and how a connection to it is opened."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from agent_tui.errors import StorageError

VERSION = 1
"""``user_version`` of the file. It goes up when an older program could not read the newer file."""

BUSY_S = 5.0
"""Longest wait for another process that is writing."""

_TABLES = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    cwd TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL,
    last_ts TEXT NOT NULL,
    last_seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_time ON sessions (last_ts);
CREATE TABLE events (
    session_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;
CREATE INDEX marks ON events (session_id, type, seq)
    WHERE type IN ('run_start', 'run_done', 'prompt_queued', 'prompt_unqueued');
"""


def connect(path: Path) -> sqlite3.Connection:
    """A connection for writing; makes the file, its folder and its tables if there are none.

    In WAL mode with ``synchronous=NORMAL`` a commit survives the death of the process at once; a
    power cut may take back the last commits since a checkpoint, but never harms the file.

    Raises:
        StorageError: The file is damaged, or a newer program wrote it. It is left as it is.
        OSError, sqlite3.OperationalError: It cannot be written now.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _check_version(db, path)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            _create(db)
    except sqlite3.OperationalError:
        db.close()
        raise
    except sqlite3.DatabaseError as error:
        db.close()
        raise damaged(path, error) from error
    except BaseException:
        db.close()
        raise
    return db


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read.

    Raises:
        StorageError: There is no such file, or it cannot be read.
    """
    if not path.exists():
        raise StorageError(f"there is no journal at {path}", hint="it is made by the first session")
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _check_version(db, path)
    except sqlite3.DatabaseError as error:
        db.close()
        raise damaged(path, error) from error
    except BaseException:
        db.close()
        raise
    return db


def damaged(path: Path, error: sqlite3.Error) -> StorageError:
    """What to tell the person about a file that SQLite refuses."""
    return StorageError(
        f"the journal {path} cannot be read: {error}",
        hint=f"to begin a new one, move it away: mv '{path}' '{path}.damaged'",
    )


def _check_version(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StorageError(
            f"the journal {path} was written by a newer agent-tui "
            f"(format {version}, this one knows {VERSION})",
            hint="update agent-tui, or set AGENT_TUI_HOME to another folder",
            code="journal_newer",
        )
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and tables:
        raise StorageError(
            f"{path} is a database of something else",
            hint="move it away, or set AGENT_TUI_HOME to another folder",
        )


def _create(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have made the tables while this one waited for the lock.
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in _TABLES.split(";"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
