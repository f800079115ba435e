"""One event stream: from where the client was, without a gap, until it leaves or is dropped."""

from __future__ import annotations

import asyncio
import logging
import socket
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from agent_tui.errors import AgentTuiError
from agent_tui.server.channel import chunked, frame
from agent_tui.server.connection import Outlet
from agent_tui.server.problems import Refused
from agent_tui.server.sessions import Sessions

_log = logging.getLogger(__name__)

PAGE = 100
"""Events read from the journal at once for a stream that is behind."""

SOCKET_BYTES = 128_000
"""What the system may hold of a stream that the client has not taken yet."""

COME_BACK_MS = 500
"""What a client by the HTML standard waits before it comes back; a browser left alone takes seconds."""

HEADERS = {
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "vary": "accept-encoding",
}


class EventStream(Response):
    """The events of a session after ``after``, as Server-Sent Events.

    Each write is awaited, so a client that does not read costs what the socket buffers hold and one
    chunk; after ``send_timeout_s`` it is dropped.

    Raises:
        Refused: Too many streams are open, on this session or at all.
    """

    media_type = "text/event-stream"

    def __init__(self, sessions: Sessions, session_id: str, after: int, *, compress: bool) -> None:
        super().__init__(headers=HEADERS | ({"content-encoding": "gzip"} if compress else {}))
        del self.headers["content-length"]
        self._sessions = sessions
        self._channel = sessions.channel(session_id)
        self._after = after
        self._squeeze = zlib.compressobj(wbits=31) if compress else None
        self._outlet: Outlet | None = None
        self._count: Callable[[int], None] = _nobody
        self._gone = False
        self._check_limits()
        # Counted here and not when the first byte goes out, so that a rush cannot pass the limit.
        self._channel.streams += 1
        sessions.streams.open += 1
        sessions.streams.opened += 1

    def _check_limits(self) -> None:
        settings, streams = self._sessions.settings, self._sessions.streams
        if streams.open >= settings.max_streams or self._channel.streams >= settings.max_session_streams:
            streams.refused += 1
            where = "the server" if streams.open >= settings.max_streams else "this session"
            raise Refused(
                429, "too_many_streams", f"too many event streams are open on {where}", retry_after_s=5
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.create_task(self._leave_with_client(receive))
        limit = self._sessions.settings.send_timeout_s
        _bound(scope)
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            self._outlet = Outlet.of(scope)
            self._count = scope.get("state", {}).get("count_bytes", _nobody)
            async with aclosing(self._bytes()) as chunks:
                async for chunk in chunks:
                    async with asyncio.timeout(limit):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if not self._gone:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            self._sessions.streams.dropped += 1
            _log.info("a stream of session %s was dropped: it read nothing", self._channel.session_id)
            await hang_up(scope)
        finally:
            leaving.cancel()
            self._sessions.streams.open -= 1
            self._channel.leave()

    async def _leave_with_client(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._channel.wake()

    async def _bytes(self) -> AsyncGenerator[bytes, None]:
        async for chunk in self._chunks():
            yield self._encoded(chunk)
        if self._squeeze is not None:
            yield self._squeeze.flush()

    def _encoded(self, data: bytes) -> bytes:
        if self._squeeze is None:
            return data
        return self._squeeze.compress(data) + self._squeeze.flush(zlib.Z_SYNC_FLUSH)

    def _write(self, data: bytes) -> bool:
        """Writes past the application's layers, while this stream waits, if its client keeps up."""
        if self._gone or self._outlet is None or not self._outlet.free:
            return False
        encoded = self._encoded(data)
        self._outlet.write(encoded)
        self._count(len(encoded))
        return True

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        settings, clock, channel = self._sessions.settings, self._sessions.clock, self._channel
        end, ping = clock() + settings.stream_age_s, clock() + settings.ping_s
        position = self._after
        yield b": ok\n\nretry: %d\n" % COME_BACK_MS  # begins a frame: alone, some take it for an event
        while not self._gone and clock() < end:
            if clock() >= ping:
                ping = clock() + settings.ping_s
                yield b": ping\n\n" if position > self._after else b": ping\n"
            read = channel.read(position)
            if read is None:
                older = await self._older(position)
                for data in chunked(older):
                    yield data
                position += len(older)
                if older:
                    continue
            elif read[0]:
                data, position = read
                yield data
                continue
            if channel.closed:
                return
            position = await channel.changed(position, self._write)

    async def _older(self, position: int) -> list[bytes]:
        """The next frames, of events that only the journal has."""
        try:
            events = await self._sessions.runtime.events(self._channel.session_id, position, PAGE)
        except AgentTuiError:  # the session is gone, or the server is going: the client comes back
            self._gone = True
            return []
        return await asyncio.to_thread(lambda: [frame(event) for event in events])


def _nobody(_: int) -> None:
    """Counts nothing: the application is served without an access log."""


def _bound(scope: Scope) -> None:
    """Keeps the system from holding megabytes of what a client does not take."""
    transport: Any = scope.get("state", {}).get("transport")
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)


async def hang_up(scope: Scope) -> None:
    """Ends the connection with what is still in its buffer: it would wait for the client for ever."""
    transport: Any = scope.get("state", {}).get("transport")
    if transport is not None:
        transport.abort()
        await asyncio.sleep(0)  # until the server knows, who else complains of an unfinished answer


def resume_from(last_event_id: str, after: int | None, last: int) -> int:
    """The event to go on after: what the client last saw, else what it asked for, else the beginning.

    Raises:
        Refused: It is no number, or the session has no event of that number, so that the client has
            seen what is not there and must begin anew.
    """
    if last_event_id:
        if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 15:
            raise Refused(400, "usage", "Last-Event-ID is not the number of an event")
        after = int(last_event_id)
    position = after or 0
    if position > last:
        raise Refused(409, "ahead", f"the session ends with event {last}", hint="begin anew from its state")
    return position
