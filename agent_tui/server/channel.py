"""The newest events of one session as SSE frames, made once for all the streams that show it.

A channel is no second log: a stream that is behind what is kept here reads the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agent_tui.events import codec
from agent_tui.events.types import Event

KEPT_BYTES = 512_000
"""Frames kept for streams that are a little behind."""

CHUNK_BYTES = 64_000
"""Most bytes handed to a stream at once; a frame larger than that goes alone."""


Write = Callable[[bytes], bool]
"""Writes to a client at once; false, with nothing written, if it has to be waited for."""


@dataclass(slots=True, eq=False)
class _Waiter:
    """A stream that has all events up to number ``after``."""

    future: asyncio.Future[None]
    after: int
    write: Write | None


def frame(event: Event) -> bytes:
    """One event as SSE has it: its number, its type, and its line as the journal has it."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.type.encode(), codec.encode(event))


class Channel:
    """Frames of one session, in order.

    Args:
        session_id: Whose.
        last: Number of the last event before the first that will be added.
    """

    def __init__(self, session_id: str, last: int) -> None:
        self.session_id = session_id
        self.last = last
        self.streams = 0
        self.closed = False
        self._frames: list[bytes] = []
        self._bytes = 0
        self._waiters: list[_Waiter] = []
        self._newest: tuple[int, int, bytes] = (0, 0, b"")

    @property
    def first(self) -> int:
        """Number of the oldest event kept."""
        return self.last - len(self._frames) + 1

    def add(self, events: Sequence[Event]) -> None:
        """Takes in the next events and hands them to the streams. Without streams nothing is kept."""
        if self.streams:
            for event in events:
                data = frame(event)
                self._frames.append(data)
                self._bytes += len(data)
            self._trim()
        else:
            self._frames.clear()
            self._bytes = 0
        self.last = events[-1].seq
        self._hand_out()

    def read(self, after: int) -> tuple[bytes, int] | None:
        """The next bytes after event ``after`` and the number of the last event in them.

        None if that is older than what is kept; nothing, if there is nothing newer.
        """
        if after >= self.last:
            return b"", after
        if after + 1 < self.first:
            return None
        begin, end, data = self._newest
        if begin == after and end == self.last:
            return data, end
        start = after - self.last + len(self._frames)
        return self._joined(after, start)

    def _joined(self, after: int, start: int) -> tuple[bytes, int]:
        stop = _fitting(self._frames, start)
        data = b"".join(self._frames[start:stop])
        end = after + stop - start
        if end == self.last:  # what the other streams, which are as far, will ask for too
            self._newest = (after, end, data)
        return data, end

    def _trim(self) -> None:
        gone = 0
        while self._bytes > KEPT_BYTES and gone < len(self._frames) - 1:
            self._bytes -= len(self._frames[gone])
            gone += 1
        del self._frames[:gone]

    async def changed(self, after: int, write: Write | None = None) -> int:
        """Waits until a stream that has all events up to ``after`` has something to do.

        That is when there is something newer, when the channel closed, or when somebody woke it.
        What ``write`` takes is no reason: it is written without waking the stream, which is most of
        the price of an event that many are shown.

        Returns:
            The number of the last event that the stream's client has been sent.
        """
        waiter = _Waiter(asyncio.get_running_loop().create_future(), after, write)
        self._waiters.append(waiter)
        try:
            await waiter.future
        finally:
            if not waiter.future.done() or waiter.future.cancelled():
                self._waiters = [other for other in self._waiters if other is not waiter]
        return waiter.after

    def _hand_out(self) -> None:
        """Writes what is new where it can be written now, and wakes the other streams."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.future.done():
                continue
            if waiter.after < self.last and waiter.write is not None:
                read = self.read(waiter.after)
                if read is not None and waiter.write(read[0]):
                    waiter.after = read[1]
            if waiter.after >= self.last:  # more only where the client has seen what comes to us yet
                self._waiters.append(waiter)
            else:
                waiter.future.set_result(None)

    def wake(self) -> None:
        """Wakes every stream."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.future.done():
                waiter.future.set_result(None)

    def leave(self) -> None:
        """A stream has ended; what only streams need is let go with the last one."""
        self.streams -= 1
        if not self.streams:
            self._frames.clear()
            self._bytes = 0
            self._newest = (0, 0, b"")

    def close(self) -> None:
        self.closed = True
        self.wake()


def chunked(frames: Sequence[bytes]) -> Iterator[bytes]:
    """The frames joined to chunks of ``CHUNK_BYTES``."""
    start = 0
    while start < len(frames):
        stop = _fitting(frames, start)
        yield b"".join(frames[start:stop])
        start = stop


def _fitting(frames: Sequence[bytes], start: int) -> int:
    """Where the chunk that begins with frame ``start`` ends."""
    size, stop = len(frames[start]), start + 1
    while stop < len(frames) and size + len(frames[stop]) <= CHUNK_BYTES:
        size += len(frames[stop])
        stop += 1
    return stop
