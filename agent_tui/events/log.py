"""The session log: append facts, follow them with cursors.

A follower is a position in the log and nothing else: there is no queue to overflow, a late one
reads the past first, and a slow one delays nobody. All methods belong to the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from pydantic_core import PydanticSerializationError

from agent_tui.clock import Clock, SystemClock, rfc3339
from agent_tui.events import codec
from agent_tui.events.types import Event, EventBase

E = TypeVar("E", bound=EventBase)

Sink = Callable[[str, int, bytes], None]
"""Receives ``(session_id, seq, line)`` for every appended event; must not block."""

Observer = Callable[[Event], None]
"""Sees every event as it is appended, before any follower; must be quick and must not append."""

RECENT = 1024
"""Events kept as objects; older ones are decoded from their lines when somebody reads them."""

BATCH = 512
"""Most events handed to a follower at once, so that catching up does not hold the loop."""


class EventSource(Protocol):
    """Where a log reads events from that were appended before it was opened."""

    async def read(self, session_id: str, after: int, limit: int) -> Sequence[bytes]:
        """Up to ``limit`` lines with ``seq > after``, in order."""
        ...


class SessionLog:
    """The events of one session, in order.

    Args:
        session_id: Whose log.
        clock: Stamps the events; a time that went back is held at the last one.
        sink: Told of every appended line, the journal for one.
        last_seq: Number of events that the session already has in ``older``.
        older: Reads those.
    """

    def __init__(
        self,
        session_id: str,
        *,
        clock: Clock | None = None,
        sink: Sink | None = None,
        last_seq: int = 0,
        last_ts: str = "",
        older: EventSource | None = None,
    ) -> None:
        self.session_id = session_id
        self._clock = clock or SystemClock()
        self._sink = sink
        self._older = older
        self._base = last_seq
        self._seq = last_seq
        self._last_ts = last_ts
        self._last_now: datetime | None = None
        self._lines: list[bytes] = []
        self._recent: deque[Event] = deque(maxlen=RECENT)
        self._waiters: list[asyncio.Future[None]] = []
        self._observers: list[Observer] = []
        self._closed = False

    @property
    def last_seq(self) -> int:
        return self._seq

    @property
    def last_ts(self) -> str:
        """Time of the last event, RFC 3339; empty before the first."""
        return self._last_ts

    @property
    def closed(self) -> bool:
        return self._closed

    def observe(self, observer: Observer) -> None:
        """Shows every event appended from now on to ``observer``."""
        self._observers.append(observer)

    def append(self, kind: type[E], **fields: Any) -> E:
        """Makes the next event of this session, keeps it, and wakes every follower."""
        now = self._clock.now()
        if self._last_now is not None and now < self._last_now:
            now = self._last_now
        ts = max(rfc3339(now), self._last_ts)
        event = kind(seq=self._seq + 1, ts=ts, session_id=self.session_id, **fields)
        try:
            line = codec.encode(event)
        except PydanticSerializationError:  # half of a surrogate pair: a file name, a pasted text
            event = codec.encodable_event(event)
            line = codec.encode(event)
        self._seq += 1
        self._last_now, self._last_ts = now, ts
        self._lines.append(line)
        self._recent.append(cast(Event, event))
        for observer in self._observers:
            observer(cast(Event, event))
        if self._sink is not None:
            self._sink(self.session_id, event.seq, line)
        self._wake()
        return event

    def close(self) -> None:
        """Ends every follower once it has read what there is."""
        self._closed = True
        self._wake()

    async def follow_batches(self, after: int = 0) -> AsyncIterator[Sequence[Event]]:
        """Every event with ``seq > after``, in lists as they come; ends when the log is closed."""
        position = after
        while True:
            batch = await self._read(position)
            if batch:
                position = batch[-1].seq
                yield batch
            elif self._closed:
                return
            else:
                await self._appended()

    async def follow(self, after: int = 0) -> AsyncIterator[Event]:
        """Every event with ``seq > after``, one by one; ends when the log is closed."""
        async for batch in self.follow_batches(after):
            for event in batch:
                yield event

    async def read_lines(self, after: int, limit: int) -> Sequence[bytes]:
        """Up to ``limit`` encoded events with ``seq > after``; empty when there are none yet."""
        if after < self._base:
            if self._older is None:
                raise LookupError(f"events up to {self._base} of {self.session_id} are not in memory")
            return await self._older.read(self.session_id, after, min(limit, self._base - after))
        start = after - self._base
        return self._lines[start : start + limit]

    async def _read(self, after: int) -> Sequence[Event]:
        behind = self._seq - after
        if behind <= 0:
            return ()
        if behind <= len(self._recent):
            if behind == 1:
                return (self._recent[-1],)
            first = len(self._recent) - behind
            return [self._recent[index] for index in range(first, min(first + BATCH, len(self._recent)))]
        lines = await self.read_lines(after, BATCH)
        await asyncio.sleep(0)  # decoding a long past in one go would hold the loop
        return [codec.decode(line) for line in lines]

    async def _appended(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if not waiter.done() or waiter.cancelled():
                self._waiters = [other for other in self._waiters if other is not waiter]

    def _wake(self) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)


class Emitter:
    """Appends events that share a run, a span and a parent.

    Once closed, it and every emitter made from it raise ``asyncio.CancelledError``: code that
    outlived its run can add nothing to the log.
    """

    __slots__ = ("_fields", "_gate", "_log")

    def __init__(self, log: SessionLog, **fields: str | None) -> None:
        self._log = log
        self._fields = fields
        self._gate = [True]

    def __call__(self, kind: type[E], **fields: Any) -> E:
        if not self._gate[0]:
            raise asyncio.CancelledError("the run has ended")
        return self._log.append(kind, **{**self._fields, **fields})

    def within(self, **fields: str | None) -> Emitter:
        """An emitter with some of the common fields changed, such as ``span_id``."""
        inner = Emitter(self._log, **{**self._fields, **fields})
        inner._gate = self._gate
        return inner

    def close(self) -> None:
        self._gate[0] = False
