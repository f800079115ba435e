"""The journal's file: its tables, its version, and how a connection to it is opened."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from agent_tui.errors import StorageError
from agent_tui.storage import migrate

VERSION = 2
"""``user_version`` of the file. It goes up when an older program could not read the newer file."""

BUSY_S = 5.0
"""Longest wait for another process that is writing."""

_TABLES = (
    """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    cwd TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL,
    last_ts TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    runs INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0,
    cost REAL,
    deleted INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID
""",
    "CREATE INDEX sessions_by_time ON sessions (last_ts)",
    """
CREATE TABLE events (
    session_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (session_id, seq)
) WITHOUT ROWID
""",
    """
CREATE INDEX marks ON events (session_id, type, seq)
    WHERE type IN ('run_start', 'run_done', 'prompt_queued', 'prompt_unqueued')
""",
    *migrate.SEARCH_TABLES,
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection for writing; makes the file, its folder and its tables if there are none.

    The file of an older program is brought up to date. What is deleted is overwritten.

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
        db.execute("PRAGMA secure_delete=ON")
        if db.execute("PRAGMA user_version").fetchone()[0] < VERSION:
            _bring_up_to_date(db, path)
    except sqlite3.OperationalError:
        db.close()
        raise
    except sqlite3.DatabaseError as error:
        db.close()
        raise unusable(path, error) from error
    except BaseException:
        db.close()
        raise
    return db


def is_there(path: Path) -> bool:
    """Whether there is a journal.

    Raises:
        StorageError: Its folder may not be looked into.
    """
    try:
        return path.exists()
    except OSError as error:
        raise StorageError(
            f"the journal {path} cannot be used: {error.strerror}",
            hint="make its folder readable, or set AGENT_TUI_HOME to another folder",
        ) from error


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read. The file of an older program is brought up to date before.

    Raises:
        StorageError: There is no such file, or it cannot be read.
    """
    if not is_there(path):
        raise StorageError(f"there is no journal at {path}", hint="it is made by the first session")
    try:
        db, version = _open_to_read(path)
    except sqlite3.DatabaseError as error:  # also a folder, or a file that this person may not read
        raise unusable(path, error) from error
    if version < VERSION:
        db.close()
        _update_file(path)
        return connect_reader(path)
    return db


def is_frozen(path: Path) -> bool:
    """Whether this person can write nothing beside the file, as on a read-only disk."""
    return not os.access(path.parent, os.W_OK)


def _open_to_read(path: Path) -> tuple[sqlite3.Connection, int]:
    """The file with its version.

    Even a reader needs the WAL and its index beside the file. Where they are not and cannot be made,
    nobody is writing, and the file alone is all there is.
    """
    try:
        return _open_as(path, "mode=ro")
    except sqlite3.OperationalError as error:
        closed = not path.with_name(path.name + "-wal").exists()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CANTOPEN and closed and is_frozen(path):
            return _open_as(path, "immutable=1")
        raise


def _open_as(path: Path, how: str) -> tuple[sqlite3.Connection, int]:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        return db, _check_version(db, path)
    except BaseException:
        db.close()
        raise


def _update_file(path: Path) -> None:
    try:
        connect(path).close()
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            f"the journal {path} is of an older agent-tui and cannot be brought up to date: {error}",
            hint="make it and its folder writable",
        ) from error


def unusable(path: Path, error: sqlite3.Error) -> StorageError:
    """What to tell the person about a file that SQLite refuses: moved away is only what is damaged."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest says more of the same
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            hint = "another program is writing it: try again in a moment"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            hint = f"to begin a new one, move it away: mv '{path}' '{path}.damaged'"
        case _:
            hint = "check the disk's space and the folder's permissions, or run `agent-tui doctor`"
    return StorageError(f"the journal {path} cannot be used: {error}", hint=hint)


def _check_version(db: sqlite3.Connection, path: Path) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
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
    return version


def _bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    """Makes the tables, or changes those of an older program, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited for the lock.
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _TABLES:
                db.execute(statement)
        else:
            for older in range(version, VERSION):
                migrate.STEPS[older](db)
        db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("COMMIT")
    except (ValueError, KeyError, TypeError) as error:
        db.execute("ROLLBACK")
        raise StorageError(
            f"the journal {path} is damaged: an event in it is not one ({error})",
            hint=f"to begin a new one, move it away: mv '{path}' '{path}.damaged'",
        ) from error
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
