"""The durable log: every event of every session, written by one thread off the event loop.

It is not the log that screens follow: that is ``events.log``, whose lines arrive here through
``sink`` and are on disk some 20 ms later.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from agent_tui.errors import ConflictError, NotFoundError
from agent_tui.safetext import encodable
from agent_tui.storage import library, schema
from agent_tui.storage import repair as mending
from agent_tui.storage.index import COLUMNS, StoredSession
from agent_tui.storage.search import Hit, search
from agent_tui.storage.writer import Writer

T = TypeVar("T")


class Journal:
    """The journal of one file.

    When it cannot be written (a full disk, a read-only folder, a lock that does not go away) the
    session goes on: ``on_problem`` is told once, lines are kept in memory, and writing is tried
    again, less and less often, as further events come; when it works again nothing is missing.

    Args:
        path: The SQLite file.
        on_problem: Told in one sentence, once, that events are not being saved. Called on the
            event loop that ``start`` ran on.

    Attributes:
        wiped: Whether what ``purge`` removed is in no file any more. It is not while another program
            reads the WAL, and is as soon as the last one that has the file open lets go of it.
    """

    def __init__(self, path: Path, *, on_problem: Callable[[str], None] | None = None) -> None:
        self.path = path
        self.wiped = True
        self._writer = Writer(path, on_problem)
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()

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
        await self._writer.start()

    # Writing

    def sink(self, session_id: str, seq: int, line: bytes) -> None:
        """Takes a line of ``events.log``. Never blocks and never raises."""
        self._writer.put(session_id, seq, line)

    async def flush(self) -> bool:
        """Returns once everything before it is on disk; false if it could not be written."""
        return await self._writer.flush()

    async def close(self) -> bool:
        """Writes what is left and lets go of the file and the sessions; false if some is lost."""
        if not self._writer.closed:
            with self._reading:  # the writer goes last: only it can fold the WAL back into the file
                if self._reader is not None:
                    self._reader.close()
                    self._reader = None
            await self._writer.close()
        return self._writer.saved

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

    async def read_without_text(self, session_id: str, after: int, limit: int) -> Sequence[bytes]:
        """The same, without ``llm_delta`` and ``tool_output``, which are most of the lines."""
        rows = await asyncio.to_thread(
            self._query,
            "SELECT line FROM events WHERE session_id = ? AND seq > ? "
            "AND type NOT IN ('llm_delta', 'tool_output') ORDER BY seq LIMIT ?",
            (session_id, after, limit),
        )
        return [row[0] for row in rows]

    async def sessions(
        self, *, cwd: Path | None = None, used: bool = False, asked: bool = False, limit: int = 1000
    ) -> Sequence[StoredSession]:
        """The sessions, or those of one folder, the one last used first.

        Args:
            used: Only those in which something was done, or that have a title.
            asked: Only those in which a model was ever asked something.
        """
        where, values = ("AND cwd = ?", (encodable(str(cwd)),)) if cwd is not None else ("", ())
        if used:
            where += " AND (runs OR title != '')"
        if asked:  # the tokens first: only where there are none must the events be looked through
            where += (
                " AND (tokens OR EXISTS"
                " (SELECT 1 FROM events WHERE session_id = sessions.id AND type = 'llm_start'))"
            )
        rows = await asyncio.to_thread(
            self._query,
            f"SELECT {COLUMNS} FROM sessions WHERE NOT deleted {where} "
            "ORDER BY last_ts DESC, id DESC LIMIT ?",
            (*values, limit),
        )
        return [StoredSession(*row) for row in rows]

    async def search(self, query: str, *, cwd: Path | None = None, limit: int = 200) -> Sequence[Hit]:
        """The sessions in which every word occurs, best first, each with the place it was found.

        Raises:
            StorageError: The file cannot be read.
        """
        return await asyncio.to_thread(
            self._read_with, lambda db: search(db, query, cwd=cwd, limit=limit), []
        )

    async def find(self, prefix: str) -> StoredSession:
        """The one session whose id begins with ``prefix``.

        Raises:
            NotFoundError: None does, or several do.
        """
        prefix = encodable(prefix)
        rows = await asyncio.to_thread(
            self._query,
            f"SELECT {COLUMNS} FROM sessions WHERE substr(id, 1, ?) = ? AND NOT deleted "
            "ORDER BY last_ts DESC LIMIT 4",
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
            raise _taken(session_id)
        try:
            await self.repair(session_id)
            return await self.find(session_id)
        except BaseException:
            await self.release(session_id)
            raise

    async def claim(self, session_id: str) -> bool:
        """Makes this process the one that writes the session; false if another one is.

        New sessions are claimed by their first event.
        """
        return await self._writer.claim(session_id)

    async def release(self, session_id: str) -> None:
        """Lets other processes have the session."""
        await self._writer.release(session_id)

    async def open_runs(self, session_id: str) -> Sequence[int]:
        """``seq`` of each ``run_start`` that has no ``run_done``."""
        return await self._writer.call(lambda db: mending.open_runs(db, session_id))

    async def repair(self, session_id: str) -> int:
        """Ends what is open in the session; how many events that took. A second call adds none.

        A session that another live process writes is left alone.
        """

        def mend(db: sqlite3.Connection) -> int:
            return mending.repair(db, session_id) if self._writer.claim_now(session_id) else 0

        return await self._writer.call(mend)

    # Whole sessions

    async def hide(self, session_id: str) -> None:
        """Deletes a session in a way that can be undone: ``purge`` then does what it says.

        Raises:
            NotFoundError: There is no such session.
            ConflictError: Another running program has it.
        """
        if not await self.claim(session_id):
            raise _taken(session_id)
        if not await self._writer.call(lambda db: library.hide(db, session_id, hidden=True)):
            await self.release(session_id)
            raise NotFoundError(f"there is no session {session_id!r}")

    async def unhide(self, session_id: str) -> None:
        """Takes a ``hide`` back."""
        await self._writer.call(lambda db: library.hide(db, session_id, hidden=False))
        await self.release(session_id)

    async def purge(self) -> int:
        """Really removes what is hidden, also what a killed program had hidden; how many sessions.

        What another running program hid is left to it. ``wiped`` then tells whether no text is left.
        """

        def remove(db: sqlite3.Connection) -> int:
            mine = [name for name in library.hidden(db) if self._writer.claim_now(name)]
            self.wiped = library.remove(db, mine) if mine else True
            return len(mine)

        return await self._writer.call(remove)

    async def sizes(self) -> dict[str, int]:
        """Bytes of the events of each session, by id."""
        return await asyncio.to_thread(self._read_with, library.sizes, {})

    async def add(self, session_id: str, lines: Sequence[bytes]) -> bool:
        """Stores a whole session, from its first event; false if there is one of that id already."""
        rows = [(session_id, seq, line) for seq, line in enumerate(lines, 1)]
        return await self._writer.call(lambda db: library.add(db, session_id, rows))

    async def is_worth_compacting(self) -> bool:
        """Whether ``compact`` would give room back."""
        return await asyncio.to_thread(self._read_with, library.is_worth_compacting, False)

    async def compact(self) -> bool:
        """Gives unused room back to the disk if that is worth it; whether it was.

        Raises:
            StorageError: Another program is at work on the journal.
        """
        return await self._writer.call(library.compact)

    async def copy(self, source: str, target: str, *, first: bytes, up_to: int) -> None:
        """Makes a new session of another's events up to ``up_to``; ``first`` is its first event."""
        after = 0

        def part(db: sqlite3.Connection) -> int:
            return library.copy_part(db, source, target, first=first, after=after, up_to=up_to)

        while after < up_to:
            after = await self._writer.call(part)

    # On threads

    def _query(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        return self._read_with(lambda db: db.execute(sql, values).fetchall(), [])

    def _read_with(self, read: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        """What ``read`` finds, or ``nothing`` where there is no file yet."""
        with self._reading:
            if self._reader is None:
                if not schema.is_there(self.path):
                    return nothing
                self._reader = schema.connect_reader(self.path)
            try:
                return read(self._reader)
            except sqlite3.Error as error:
                raise schema.unusable(self.path, error) from error
            finally:
                if schema.is_frozen(self.path):  # it may be read without locks: only as it is right now
                    self._reader.close()
                    self._reader = None


def _taken(session_id: str) -> ConflictError:
    return ConflictError(f"session {session_id} is open in another agent-tui", hint="close it there first")
