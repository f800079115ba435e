"""The one thread that writes the journal: gathers lines, commits them together, tries again.

It knows nothing of what the lines say, and is not for reading.
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

from agent_tui.errors import StorageError
from agent_tui.storage import schema
from agent_tui.storage.index import insert
from agent_tui.storage.locks import SessionLocks

T = TypeVar("T")
Line = tuple[str, int, bytes]

GATHER_S = 0.015
"""How long the first event of a batch waits for others, before all of them are committed.

With the commit, which takes some milliseconds, and the one before it, which may still go on when the event
comes, that keeps what a killed program loses under 50 ms.
"""

RETRY_FIRST_S, RETRY_MOST_S = 1.0, 30.0
"""After a failed write, new events wait this long before the next attempt; it doubles."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Call:
    """Something to do on the writer's thread, once all before it has been written."""

    function: Callable[[sqlite3.Connection | None], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]


class Writer:
    """Writes lines and runs calls, in the order they were given.

    Args:
        path: The SQLite file.
        on_problem: Told once that lines are not being saved, on the loop that ``start`` ran on.
    """

    def __init__(self, path: Path, on_problem: Callable[[str], None] | None) -> None:
        self.path = path
        self.closed = False
        self._on_problem = on_problem
        self._told = False
        self._queue: SimpleQueue[Line | _Call | None] = SimpleQueue()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._db: sqlite3.Connection | None = None
        self._locks = SessionLocks(path.with_name(path.name + "-live"))
        self._pending: list[Line] = []
        self._refused: set[str] = set()
        self._retry_at = 0.0
        self._delay_s = RETRY_FIRST_S

    @property
    def saved(self) -> bool:
        """Whether everything given so far is on disk, as of the last attempt."""
        return not self._pending

    async def start(self) -> None:
        """Opens the file and begins to write; see ``schema.connect`` for the ``StorageError``."""
        self._loop = asyncio.get_running_loop()
        try:
            self._db = await asyncio.to_thread(schema.connect, self.path)
        except (OSError, sqlite3.Error) as error:
            self._problem(error)
        self._thread.start()

    def put(self, session_id: str, seq: int, line: bytes) -> None:
        """Takes a line to write. Never blocks."""
        self._queue.put((session_id, seq, line))

    async def call(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Runs ``function`` on the writer's thread, once all before it has been written.

        Raises:
            StorageError: The writer is closed, or the file cannot be opened now.
        """

        def with_connection(db: sqlite3.Connection | None) -> T:
            if db is None:
                raise StorageError(
                    f"the journal {self.path} cannot be written", hint="run `agent-tui doctor`"
                )
            return function(db)

        return await self._call(with_connection)

    async def flush(self) -> bool:
        """Returns once everything before it is on disk; false if it could not be written."""
        return await self._call(lambda _db: self.saved)

    async def claim(self, session_id: str) -> bool:
        """Takes the session's lock for this process; false if another has it."""
        return await self._call(lambda _db: self.claim_now(session_id))

    async def release(self, session_id: str) -> None:
        await self._call(lambda _db: self._locks.release(session_id))

    async def close(self) -> None:
        """Writes what is left, lets go of every session and ends the thread."""
        self.closed = True
        self._retry_at = 0.0
        self._queue.put(None)
        self._hurry.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def _call(self, function: Callable[[sqlite3.Connection | None], T]) -> T:
        if self.closed or self._loop is None:
            raise StorageError("the journal is closed")
        loop = asyncio.get_running_loop()
        call = _Call(function, loop, loop.create_future())
        self._queue.put(call)
        self._hurry.set()
        result: T = await call.done
        return result

    # On the thread

    def _work(self) -> None:
        """Blocks until a line comes, lets others gather, commits them together; until ``None``."""
        going, looked = True, 0.0
        while going:
            try:
                items = [self._queue.get_nowait()]
            except Empty:
                items, looked = [self._queue.get()], time.monotonic()
            if not isinstance(items[0], _Call) and items[0] is not None:
                # What came while others were written has waited since then at most.
                self._hurry.wait(max(0.0, looked + GATHER_S - time.monotonic()))
            self._hurry.clear()
            try:
                while True:
                    items.append(self._queue.get_nowait())
            except Empty:
                pass
            looked = time.monotonic()
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
            failure = schema.unusable(self.path, error)
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
            if self._db is not None and self._drop_taken(self._db, error):
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
        if session_id not in self._refused and not self.claim_now(session_id):
            self._refuse(session_id)
        return session_id not in self._refused

    def claim_now(self, session_id: str) -> bool:
        """The same as ``claim``, for functions that already run on the thread."""
        try:
            return self._locks.take(session_id)
        except OSError as error:
            raise StorageError(
                f"session {session_id} cannot be gone on with or changed: {error.strerror}",
                hint=f"make {self.path.parent} writable; `agent-tui replay` shows the session as it is",
            ) from error

    def _drop_taken(self, db: sqlite3.Connection, error: sqlite3.IntegrityError) -> bool:
        """Gives up on sessions in which somebody else took the same numbers; false if none is."""
        before = len(self._pending)
        for session_id in {line[0] for line in self._pending}:
            first = min(seq for other, seq, _ in self._pending if other == session_id)
            try:
                taken = db.execute(
                    "SELECT 1 FROM events WHERE session_id = ? AND seq >= ?", (session_id, first)
                ).fetchone()
            except sqlite3.Error as unreadable:
                self._problem(unreadable)
                return False
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
            "it goes on in memory, and is saved as soon as that is mended; `agent-tui doctor` says how"
        )

    def _tell(self, message: str) -> None:
        if self._told or self._on_problem is None or self._loop is None:
            return
        self._told = True
        try:
            self._loop.call_soon_threadsafe(self._on_problem, message)
        except RuntimeError:
            _log.debug("nobody is left to be told: %s", message)
