"""The sessions that the server holds open: whose they are, who follows them, when they are let go.

It opens and closes; what happens in a session is the runtime's business.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from agent_tui.errors import AgentTuiError, NotFoundError
from agent_tui.events.types import Event
from agent_tui.runtime.runtime import Runtime, SessionInfo
from agent_tui.server.channel import Channel
from agent_tui.server.owners import Owners
from agent_tui.server.pace import Pace
from agent_tui.server.problems import Refused
from agent_tui.server.settings import OWNER, ServeSettings

_log = logging.getLogger(__name__)

Watcher = Callable[[Sequence[Event]], None]
"""Sees the events of every open session, once."""


@dataclass(slots=True)
class Held:
    """A session that is open here. ``busy`` counts the requests that are at work in it."""

    channel: Channel
    pump: asyncio.Task[None]
    used: float
    busy: int = 0
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class Streams:
    """How many event streams there are and were."""

    open: int = 0
    opened: int = 0
    dropped: int = 0
    refused: int = 0


@dataclass(slots=True)
class Sessions:
    """Every session over HTTP, by tenant.

    Attributes:
        watch: Told of all events that happen while a session is open here.
        clock: Seconds that only differences of mean anything.
    """

    runtime: Runtime
    settings: ServeSettings
    owners: Owners
    watch: Watcher
    clock: Callable[[], float] = time.monotonic
    streams: Streams = field(default_factory=Streams)
    draining: bool = False
    _held: dict[str, Held] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self._pace = Pace(self.clock)

    @property
    def held(self) -> int:
        return len(self._held)

    def check_taking(self) -> None:
        """Refuses new work while the server is stopping."""
        if self.draining:
            raise Refused(
                503, "shutting_down", "the server is stopping", hint="try again soon", retry_after_s=5
            )

    async def create(self, tenant: str, model: str | None) -> SessionInfo:
        """A new session of a tenant, in the server's folder."""
        self.check_taking()
        async with self._opening:
            await self._make_room()
            info = await self.runtime.open_session(model=model)
            await self._take(info, tenant)
        return info

    async def adopt(self, info: SessionInfo, tenant: str) -> None:
        """Takes in a session that the runtime has just opened for a tenant."""
        async with self._opening:
            await self._take(info, tenant)

    async def _take(self, info: SessionInfo, tenant: str) -> None:
        try:
            self.owners.note(info.id, tenant)
        except AgentTuiError:
            await self.runtime.close_session(info.id)
            raise
        self._hold(info)

    @asynccontextmanager
    async def using(self, tenant: str, session_id: str) -> AsyncIterator[str]:
        """Keeps a session of a tenant open while something is done with it; its whole id.

        Raises:
            NotFoundError: There is none of that id, or it is another tenant's.
        """
        full = await self.find(tenant, session_id)
        if full not in self._held:
            await self._open(full)
        held = self._held[full]
        held.busy += 1
        try:
            yield full
        finally:
            held.busy -= 1
            held.used = self.clock()

    async def find(self, tenant: str, session_id: str) -> str:
        """The whole id of a tenant's session. The owner may give the beginning of it.

        Raises:
            NotFoundError: There is none of that id, or it is another tenant's.
        """
        if session_id in self._held or tenant != OWNER:
            self.check_owner(tenant, session_id)
        if session_id in self._held:
            return session_id
        try:
            events = await self.runtime.events(session_id, 0, 1)
        except NotFoundError as error:
            raise _missing(session_id) from error
        if not events:
            raise _missing(session_id)
        self.check_owner(tenant, events[0].session_id)
        return events[0].session_id

    def check_owner(self, tenant: str, session_id: str) -> None:
        """Refuses a session that another tenant made, as if there were none."""
        if self.owners.tenant_of(session_id) != tenant:
            raise _missing(session_id)

    async def _open(self, session_id: str) -> None:
        async with self._opening:
            if session_id in self._held:
                return
            await self._make_room()
            self._hold(await self.runtime.open_session(session_id))

    def _hold(self, info: SessionInfo) -> None:
        channel = Channel(info.id, info.last_seq)
        pump = asyncio.create_task(self._pump(channel), name=f"pump {info.id}")
        self._held[info.id] = Held(channel, pump, self.clock(), notices=info.notices)

    async def _pump(self, channel: Channel) -> None:
        try:
            async for batch in self.runtime.follow(channel.session_id, channel.last):
                self.watch(batch)
                channel.add(batch)
                self._pace.delivered(len(batch) * channel.streams)
                if not self.draining:
                    await asyncio.sleep(self._pace.rest_s)
        except AgentTuiError as error:
            if self._holds(channel):  # who was let go before this began has nothing to tell
                _log.error("session %s is no longer followed: %s", channel.session_id, error)
        finally:
            channel.close()
            if self._holds(channel):
                del self._held[channel.session_id]

    def _holds(self, channel: Channel) -> bool:
        held = self._held.get(channel.session_id)
        return held is not None and held.channel is channel

    def channel(self, session_id: str) -> Channel:
        """The channel of a session that is in use."""
        return self._held[session_id].channel

    def followed(self, session_id: str) -> bool:
        """Whether somebody has an event stream of a session open."""
        held = self._held.get(session_id)
        return held is not None and held.channel.streams > 0

    async def info(self, session_id: str) -> SessionInfo:
        """A session that is in use, as it is now, with what there is to tell whoever comes to it."""
        info = await self.runtime.open_session(session_id)
        held = self._held.get(session_id)
        return replace(info, notices=held.notices) if held is not None else info

    async def list(self, tenant: str, *, query: str, limit: int) -> Sequence[SessionInfo]:
        """The sessions of a tenant, the one last used first; others' are not looked at twice."""
        wanted = limit
        while True:
            found = await self.runtime.sessions(query=query, limit=wanted)
            own = [info for info in found if self.owners.tenant_of(info.id) == tenant]
            if len(own) >= limit or len(found) < wanted:
                return own[:limit]
            wanted *= 4

    async def restore(self, tenant: str, session_id: str) -> None:
        """Undoes a delete.

        Raises:
            NotFoundError: No session of that id was deleted, or it is another tenant's.
        """
        self.check_owner(tenant, session_id)
        try:
            await self.runtime.restore(session_id)
        except NotFoundError as error:
            raise _missing(session_id) from error

    async def let_go(self, session_id: str) -> None:
        """Closes a session, if it is open; it stays in the journal."""
        held = self._held.pop(session_id, None)
        if held is None:
            return
        await self.runtime.close_session(session_id)
        await asyncio.gather(held.pump, return_exceptions=True)

    async def expire(self) -> int:
        """Lets go of sessions that nobody has used for long; how many."""
        async with self._opening:
            limit = self.clock() - self.settings.idle_s
            idle = [key for key, held in self._held.items() if held.used < limit]
            return sum([await self._let_go_if_idle(session_id) for session_id in idle])

    async def _make_room(self) -> None:
        """Lets go of the session that was idle for longest where there are too many."""
        if len(self._held) < self.settings.max_sessions:
            return
        for session_id in sorted(self._held, key=lambda key: self._held[key].used):
            if await self._let_go_if_idle(session_id):
                return
        raise Refused(
            503,
            "too_many_sessions",
            f"all {self.settings.max_sessions} sessions that may be open are at work",
            hint="close one, or try again later",
            retry_after_s=10,
        )

    async def _let_go_if_idle(self, session_id: str) -> bool:
        held = self._held.get(session_id)
        if held is None or held.busy or held.channel.streams:
            return False
        if (await self.runtime.open_session(session_id)).state != "idle":
            held.used = self.clock()
            return False
        await self.let_go(session_id)
        return True

    def wake(self) -> None:
        """Lets every stream look at the time."""
        for held in self._held.values():
            if held.channel.streams:
                held.channel.wake()

    async def settle(self) -> None:
        """Waits for the pumps of sessions that the runtime has closed."""
        pumps = [held.pump for held in self._held.values()]
        await asyncio.gather(*pumps, return_exceptions=True)


def _missing(session_id: str) -> NotFoundError:
    return NotFoundError(f"there is no session {session_id[:80]!r}")
