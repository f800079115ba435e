"""The durable log: every event of every session, written by one thread off the event loop.

It is not the log that screens follow: that is ``events.log``, whose lines arrive here through
``sink`` and are on disk some 20 ms later.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from agent_tui.errors import ConflictError, NotFoundError, StorageError
from agent_tui.storage import repair as mending
from agent_tui.storage import schema
from agent_tui.storage.index import COLUMNS, StoredSession, insert
from agent_tui.storage.locks import SessionLocks

T = TypeVar("T")
Line = tuple[str, int, bytes]

GATHER_S = 0.015
"""How long the first event of a batch waits for others, before all of them are committed."""

RETRY_FIRST_S, RETRY_MOST_S = 1.0, 30.0
"""After a failed write, new events wait this long before the next attempt; it doubles."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Call:
    """Something to do on the writer's thread, once all before it has been written."""

    function: Callable[[sqlite3.Connection | None], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]


class Journal:
    """The journal of one file.

    When it cannot be written (a full disk, a read-only folder, a lock that does not go away) the
    session goes on: ``on_problem`` is told once, lines are kept in memory, and writing is tried
    again, less and less often, as further events come; when it works again nothing is missing.

    Args:
        path: The SQLite file.
        on_problem: Told in one sentence, once, that events are not being saved. Called on the
            event loop that ``start`` ran on.
    """

    def __init__(self, path: Path, *, on_problem: Callable[[str], None] | None = None) -> None:
        self.path = path
        self._on_problem = on_problem
        self._told = False
        self._queue: SimpleQueue[Line | _Call | None] = SimpleQueue()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._db: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()
        self._locks = SessionLocks(path.with_name(path.name + "-live"))
        self._pending: list[Line] = []
        self._refused: set[str] = set()
        self._retry_at = 0.0
        self._delay_s = RETRY_FIRST_S
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, on_problem: Callable[[str], None] | None = None) -> Journal:
        """A started journal; see ``start`` for what it raises."""
        journal = cls(path, on_problem=on_problem)
        await journal.start()
        return journal

    async def start(self) -> None:
        """Opens the file and begins to write.

        Raises:
            StorageError: The file is damaged, or a newer program wrote it. It is left as it is.
        """
        self._loop = asyncio.get_running_loop()
        try:
            self._db = await asyncio.to_thread(schema.connect, self.path)
        except (OSError, sqlite3.Error) as error:
            self._problem(error)
        self._thread.start()

    # Writing

    def sink(self, session_id: str, seq: int, line: bytes) -> None:
        """Takes a line of ``events.log``. Never blocks and never raises."""
        self._queue.put((session_id, seq, line))

    async def flush(self) -> bool:
        """Returns once everything before it is on disk; false if it could not be written."""
        return await self._on_writer(lambda _db: not self._pending)

    async def close(self) -> bool:
        """Writes what is left and lets go of the file and the sessions; false if some is lost."""
        if self._closed:
            return not self._pending
        self._closed = True
        with self._reading:  # the writer goes last: only it can fold the WAL back into the file
            if self._reader is not None:
                self._reader.close()
                self._reader = None
        self._retry_at = 0.0
        self._queue.put(None)
        self._hurry.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        return not self._pending

    # Reading

    async def read(self, session_id: str, after: int, limit: int) -> Sequence[bytes]:
        """Up to ``limit`` lines with ``seq > after``, in order.

        Raises:
            StorageError: The file cannot be read.
        """
        rows = await asyncio.to_thread(
            self._query,
            "SELECT line FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?",
            (session_id, after, limit),
        )
        return [row[0] for row in rows]

    async def sessions(self, *, cwd: Path | None = None, limit: int = 1000) -> Sequence[StoredSession]:
        """The sessions, or those of one folder, the one last used first."""
        where, values = ("WHERE cwd = ?", (str(cwd),)) if cwd is not None else ("", ())
        rows = await asyncio.to_thread(
            self._query,
            f"SELECT {COLUMNS} FROM sessions {where} ORDER BY last_ts DESC, id DESC LIMIT ?",
            (*values, limit),
        )
        return [StoredSession(*row) for row in rows]

    async def find(self, prefix: str) -> StoredSession:
        """The one session whose id begins with ``prefix``.

        Raises:
            NotFoundError: None does, or several do.
        """
        rows = await asyncio.to_thread(
            self._query,
            f"SELECT {COLUMNS} FROM sessions WHERE substr(id, 1, ?) = ? ORDER BY last_ts DESC LIMIT 4",
            (len(prefix), prefix),
        )
        found = [StoredSession(*row) for row in rows]
        exact = [session for session in found if session.id == prefix]
        if len(found) == 1 or exact:
            return (exact or found)[0]
        if not found:
            raise NotFoundError(f"there is no session {prefix!r}", hint="give the id it began with")
        names = ", ".join(session.id for session in found)
        raise NotFoundError(f"several sessions begin with {prefix!r}: {names}", hint="give more of the id")

    # Reopening

    async def reopen(self, session_id: str) -> StoredSession:
        """Takes a stored session to write on: claims it and ends what a killed program left open.

        Raises:
            NotFoundError: There is no such session.
            ConflictError: Another running program has it.
            StorageError: It cannot be read or repaired.
        """
        if not await self.claim(session_id):
            raise ConflictError(
                f"session {session_id} is open in another agent-tui", hint="close it there first"
            )
        await self.repair(session_id)
        return await self.find(session_id)

    async def claim(self, session_id: str) -> bool:
        """Makes this process the one that writes the session; false if another one is.

        New sessions are claimed by their first event.
        """
        return await self._on_writer(lambda _db: self._claim(session_id))

    async def release(self, session_id: str) -> None:
        """Lets other processes have the session."""
        await self._on_writer(lambda _db: self._locks.release(session_id))

    async def open_runs(self, session_id: str) -> Sequence[int]:
        """``seq`` of each ``run_start`` that has no ``run_done``."""
        return await self._on_writer(lambda db: mending.open_runs(self._writable(db), session_id))

    async def repair(self, session_id: str) -> int:
        """Ends what is open in the session; how many events that took. A second call adds none.

        A session that another live process writes is left alone.
        """

        def mend(db: sqlite3.Connection | None) -> int:
            return mending.repair(self._writable(db), session_id) if self._claim(session_id) else 0

        return await self._on_writer(mend)

    # The writer's thread

    async def _on_writer(self, function: Callable[[sqlite3.Connection | None], T]) -> T:
        if self._closed or self._loop is None:
            raise StorageError("the journal is closed")
        loop = asyncio.get_running_loop()
        call = _Call(function, loop, loop.create_future())
        self._queue.put(call)
        self._hurry.set()
        result: T = await call.done
        return result

    def _work(self) -> None:
        """Blocks until a line comes, lets others gather, commits them together; until ``None``."""
        going = True
        while going:
            items = [self._queue.get()]
            if not isinstance(items[0], _Call) and items[0] is not None:
                self._hurry.wait(GATHER_S)
            self._hurry.clear()
            try:
                while True:
                    items.append(self._queue.get_nowait())
            except Empty:
                pass
            going = self._handle(items)
        self._locks.release_all()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _handle(self, items: Sequence[Line | _Call | None]) -> bool:
        for item in items:
            if isinstance(item, tuple):
                self._pending.append(item)
            elif item is None:
                self._write(now=True)
                return False
            else:
                self._write(now=True)
                self._run(item)
        self._write()
        return True

    def _run(self, call: _Call) -> None:
        result: Any = None
        failure: Exception | None = None
        try:
            result = call.function(self._db)
        except sqlite3.Error as error:
            failure = schema.damaged(self.path, error)
        except Exception as error:  # noqa: BLE001 - handed to the caller, who awaits it
            failure = error

        def deliver() -> None:
            if call.done.done():
                return
            if failure is not None:
                call.done.set_exception(failure)
            else:
                call.done.set_result(result)

        try:
            call.loop.call_soon_threadsafe(deliver)
        except RuntimeError:
            _log.debug("the loop that asked the journal is gone")

    def _write(self, *, now: bool = False) -> None:
        """Commits what is pending; on failure keeps it for the next attempt."""
        if not self._pending or (not now and time.monotonic() < self._retry_at):
            return
        try:
            if self._db is None:
                self._db = schema.connect(self.path)
            lines = [line for line in self._pending if self._may_write(line[0])]
            self._commit(self._db, lines)
        except sqlite3.IntegrityError as error:
            if self._drop_taken(error):
                self._write(now=now)
        except (OSError, sqlite3.Error, StorageError) as error:
            self._problem(error)
        else:
            self._pending = []
            if self._retry_at:
                self._retry_at, self._delay_s = 0.0, RETRY_FIRST_S
                _log.info("the journal is written again")

    def _commit(self, db: sqlite3.Connection, lines: Sequence[Line]) -> None:
        db.execute("BEGIN IMMEDIATE")
        try:
            insert(db, lines)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _may_write(self, session_id: str) -> bool:
        if session_id not in self._refused and not self._claim(session_id):
            self._refuse(session_id)
        return session_id not in self._refused

    def _claim(self, session_id: str) -> bool:
        try:
            return self._locks.take(session_id)
        except OSError as error:
            raise StorageError(f"cannot lock session {session_id}: {error.strerror}") from error

    def _drop_taken(self, error: sqlite3.IntegrityError) -> bool:
        """Gives up on sessions in which somebody else took the same numbers; false if none is."""
        assert self._db is not None
        before = len(self._pending)
        for session_id in {line[0] for line in self._pending}:
            first = min(seq for other, seq, _ in self._pending if other == session_id)
            taken = self._db.execute(
                "SELECT 1 FROM events WHERE session_id = ? AND seq >= ?", (session_id, first)
            ).fetchone()
            if taken:
                self._refuse(session_id)
        self._pending = [line for line in self._pending if line[0] not in self._refused]
        if len(self._pending) == before:
            self._problem(error)
            return False
        return True

    def _refuse(self, session_id: str) -> None:
        self._refused.add(session_id)
        self._tell(
            f"session {session_id} is also written by another program; here it is kept in memory only"
        )

    def _problem(self, error: Exception) -> None:
        self._retry_at = time.monotonic() + self._delay_s
        self._delay_s = min(self._delay_s * 2, RETRY_MOST_S)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        _log.warning("journal not written: %s", reason)
        self._tell(
            f"this session is not being saved: {reason} ({self.path}); "
            "it goes on in memory, and is saved as soon as that is mended"
        )

    def _tell(self, message: str) -> None:
        if self._told or self._on_problem is None or self._loop is None:
            return
        self._told = True
        try:
            self._loop.call_soon_threadsafe(self._on_problem, message)
        except RuntimeError:
            _log.debug("nobody is left to be told: %s", message)

    def _writable(self, db: sqlite3.Connection | None) -> sqlite3.Connection:
        if db is None:
            raise StorageError(f"the journal {self.path} cannot be written", hint="run `agent-tui doctor`")
        return db

    def _query(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._reading:
            if self._reader is None:
                if not self.path.exists():
                    return []
                self._reader = schema.connect_reader(self.path)
            try:
                return self._reader.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise schema.damaged(self.path, error) from error
