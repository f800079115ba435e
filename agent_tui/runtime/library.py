"""Sessions as a collection: listed, searched, read, copied, renamed, deleted. It runs nothing in them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent_tui import __version__
from agent_tui.clock import Clock, IdSource
from agent_tui.errors import NotFoundError, StorageError, UsageError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.runtime.runtime import SessionInfo
from agent_tui.storage.index import StoredSession
from agent_tui.storage.journal import Journal

if TYPE_CHECKING:
    from agent_tui.runtime.session import Session

_log = logging.getLogger(__name__)


class Library:
    """Every session of the journal, the open ones among them.

    Args:
        journal: Where they are stored.
        clock: Stamps what is written.
        ids: Names new sessions.
        opened: The sessions that are open in this runtime, by id; read, never changed.
    """

    def __init__(
        self, journal: Journal, clock: Clock, ids: IdSource, opened: Mapping[str, Session] | None = None
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._ids = ids
        self._opened = opened if opened is not None else {}
        self._deleted: set[str] = set()

    async def sessions(self, cwd: Path | None, query: str, limit: int) -> Sequence[SessionInfo]:
        """What ``Runtime.sessions`` promises."""
        await self._journal.flush()
        if query.strip():
            hits = await self._journal.search(query, cwd=cwd, limit=limit)
            return [replace(self.info(stored), snippet=snippet) for stored, snippet in hits]
        listed = await self._journal.sessions(cwd=cwd, used=True, limit=limit)
        return [self.info(stored) for stored in listed]

    def info(self, stored: StoredSession) -> SessionInfo:
        """A stored session as lists show it, and as it is now if it is open here."""
        info = info_of(stored)
        session = self._opened.get(stored.id)
        if session is None:
            return info
        now = session.info()
        return replace(
            info,
            model=now.model,
            title=now.title,
            updated=now.updated,
            last_seq=now.last_seq,
            state=now.state,
        )

    async def events(self, session_id: str, after: int, limit: int) -> Sequence[ev.Event]:
        """What ``Runtime.events`` promises."""
        if session_id not in self._opened:
            await self._journal.flush()
            session_id = (await self._journal.find(session_id)).id
        session = self._opened.get(session_id)
        if session is None:
            lines = await self._journal.read(session_id, after, limit)
        else:  # what was stored before it was opened, and what came since
            lines = await session.log.read_lines(after, limit)
            if lines and len(lines) < limit:
                lines = [*lines, *await session.log.read_lines(after + len(lines), limit - len(lines))]
        return await asyncio.to_thread(lambda: [codec.decode(line) for line in lines])

    async def fork(self, session_id: str, at: int | None) -> str:
        """Makes a stored session of another's events up to ``at``; its id."""
        await self._journal.flush()
        source = await self._journal.find(session_id)
        up_to = source.last_seq if at is None else at
        if not 1 <= up_to <= source.last_seq:
            raise UsageError(
                f"session {source.id} has no event {up_to}",
                hint=f"give a number from 1 to {source.last_seq}",
            )
        began = codec.decode((await self._journal.read(source.id, 0, 1))[0])
        first = ev.SessionStart(
            seq=1,
            ts=began.ts,
            session_id=self._ids.session_id(),
            cwd=began.cwd if isinstance(began, ev.SessionStart) else source.cwd,
            model=began.model if isinstance(began, ev.SessionStart) else source.model,
            version=__version__,
            forked_from=f"{source.id}:{up_to}",
        )
        await self._journal.copy(source.id, first.session_id, first=codec.encode(first), up_to=up_to)
        await self._update(first.session_id, title=f"{source.title} (fork)".strip())
        return first.session_id

    async def rename(self, session_id: str, title: str) -> None:
        """Names a session that is not open."""
        await self._journal.flush()
        await self._update((await self._journal.find(session_id)).id, title=title)

    async def _update(self, session_id: str, *, title: str) -> None:
        stored = await self._journal.reopen(session_id)
        try:
            log = SessionLog(
                stored.id,
                clock=self._clock,
                sink=self._journal.sink,
                last_seq=stored.last_seq,
                last_ts=stored.last_ts,
            )
            log.append(ev.SessionUpdate, title=title)
            await self._journal.flush()
        finally:
            await self._journal.release(stored.id)

    async def delete(self, session_id: str) -> None:
        await self._journal.flush()
        stored = await self._journal.find(session_id)
        await self._journal.hide(stored.id)
        self._deleted.add(stored.id)

    async def restore(self, session_id: str) -> None:
        if session_id not in self._deleted:
            raise NotFoundError(f"session {session_id!r} was not deleted here")
        await self._journal.unhide(session_id)
        self._deleted.discard(session_id)

    async def close(self) -> None:
        """What was deleted is now really removed, also by a program that was killed."""
        self._deleted.clear()
        try:
            await self._journal.purge()
        except StorageError as error:
            _log.warning("deleted sessions are hidden, but not yet removed: %s", error)


def info_of(stored: StoredSession) -> SessionInfo:
    """A stored session as lists show it."""
    return SessionInfo(
        id=stored.id,
        cwd=stored.cwd,
        model=stored.model,
        title=stored.title,
        created=stored.created,
        updated=stored.updated,
        last_seq=stored.last_seq,
        runs=stored.runs,
        tokens=stored.tokens,
        cost_usd=stored.cost,
    )
