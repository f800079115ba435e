"""A model server on loopback that plays scripted replies: the part that no provider's dialect is in.

It is written on bare ``asyncio`` protocols, shares no code with the product, and runs in a thread of its
own, so that its clock readings mean something even when the code under test blocks its own loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.listening import accept_nobody

BATCH = 64


@dataclass(frozen=True)
class Say:
    """Answer text, one chunk."""

    text: str


@dataclass(frozen=True)
class Think:
    """Shown reasoning, one chunk."""

    text: str
    signature: str | None = None


@dataclass(frozen=True)
class Call:
    """A native function call. Where arguments are streamed: ``pieces`` characters at a time."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    signature: str | None = None
    call_id: str | None = None
    pieces: int = 7


@dataclass(frozen=True)
class Tokens:
    """Many one-token chunks: ``rate`` a second, or as fast as the socket takes them."""

    tokens: Sequence[str]
    rate: float | None = None


@dataclass(frozen=True)
class Chunk:
    """One chunk given as JSON in the dialect."""

    data: Any


@dataclass(frozen=True)
class Raw:
    """Bytes put into the body as they are."""

    data: bytes


@dataclass(frozen=True)
class Wait:
    """A pause, in seconds."""

    seconds: float


@dataclass(frozen=True)
class Until:
    """Silence until the test's ``fact()`` holds."""

    fact: Callable[[], bool]


@dataclass(frozen=True)
class Stall:
    """Silence until the client goes away. As the first step: before the headers."""


@dataclass(frozen=True)
class Reset:
    """RST."""


@dataclass(frozen=True)
class Cut:
    """FIN without the end of the chunked body."""


@dataclass(frozen=True)
class End:
    """Finish reason and usage in the dialect's own words; ``reason=None`` ends without one."""

    reason: str | None = "stop"
    usage: dict[str, Any] | None = None


@dataclass(frozen=True)
class Fail:
    """An HTTP error as the first step, or an error object in mid-stream."""

    status: int
    message: str = "the fake said no"
    name: str = ""
    retry_after: str | None = None
    details: tuple[dict[str, Any], ...] = ()
    body: bytes | None = None


Step = Say | Think | Call | Tokens | Chunk | Raw | Wait | Until | Stall | Reset | Cut | End | Fail
Reply = Sequence[Step]


@dataclass
class Request:
    """One request as it arrived. Times are ``time.monotonic()``."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    at: float
    connection: int
    headers_at: float | None = None
    done_at: float | None = None
    closed_at: float | None = None
    """When the client was seen to have gone before the reply was complete."""


class Dialect:
    """What a provider's server says; subclassed once per provider."""

    default_reply: Reply = (Say("Hello."), End())

    def streams(self, request: Request) -> bool:
        raise NotImplementedError

    def known(self, request: Request) -> bool:
        raise NotImplementedError

    def events(self, step: Step, request: Request) -> list[bytes]:
        """The body bytes of one step, one item per chunk."""
        raise NotImplementedError

    def whole(self, reply: Reply, request: Request) -> Any:
        """The JSON of a reply that is not streamed."""
        raise NotImplementedError

    def error(self, fail: Fail) -> Any:
        raise NotImplementedError


def _framed(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


class _Connection(asyncio.Protocol):
    """One client connection: parses requests, plays replies one after the other."""

    def __init__(self, server: WireServer) -> None:
        self._server = server
        self._buffer = b""
        self._serving: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.number = self._server._opened(self)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def socket(self) -> Any:
        return self.transport.get_extra_info("socket")

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def eof_received(self) -> None:
        self._gone()
        self.transport.abort()  # and not closed in order: nobody reads what is not sent yet

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()
        self._server._lost(self)

    def _gone(self) -> None:
        """The client has gone: that is the fact the tests wait for."""
        request = self._request
        if request is not None and request.done_at is None and request.closed_at is None:
            request.closed_at = time.monotonic()
            self._server._say(f"closed {request.closed_at:.6f}")
            self._server._note()
        if self._serving is not None:
            self._serving.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def _next(self) -> None:
        if self._serving is not None and not self._serving.done():
            return
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        body = json.loads(rest[:length]) if length else None
        request = Request(method, path, headers, body, time.monotonic(), self.number)
        self._request = request
        self._serving = asyncio.get_running_loop().create_task(self._serve(request))

    async def _serve(self, request: Request) -> None:
        reply = self._server._take(request)
        try:
            await self._play(request, reply)
        except asyncio.CancelledError:
            return
        finally:
            self._serving = None
        if self._buffer:
            self._next()

    async def _play(self, request: Request, reply: Reply) -> None:
        dialect = self._server.dialect
        if not dialect.known(request):
            self._whole(
                request, 404, dialect.error(Fail(404, f"no such path: {request.path}", "NOT_FOUND"))
            )
            return
        steps = list(reply)
        while steps and isinstance(steps[0], Wait | Until | Stall | Reset | Cut | Fail):
            if not await self._before_headers(request, steps.pop(0)):
                return
        if not dialect.streams(request):
            self._whole(request, 200, dialect.whole(steps, request))
            return
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        self.transport.write(head.encode())
        request.headers_at = time.monotonic()
        self._server._note()
        for step in steps:
            if not await self._stream(request, step):
                return
        self.transport.write(b"0\r\n\r\n")
        self._done(request)

    def _done(self, request: Request) -> None:
        request.done_at = time.monotonic()
        self._server._say(f"done {request.done_at:.6f}")
        self._server._note()

    def _whole(
        self, request: Request, status: int, body: Any, headers: dict[str, str] | None = None
    ) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        extra += f"content-type: application/json\r\ncontent-length: {len(data)}\r\n"
        head = f"HTTP/1.1 {status} Fake\r\n{extra}\r\n"
        request.headers_at = time.monotonic()
        self.transport.write(head.encode() + data)
        self._done(request)

    async def _before_headers(self, request: Request, step: Step) -> bool:
        if isinstance(step, Fail):
            headers = {"retry-after": step.retry_after} if step.retry_after else {}
            body = step.body if step.body is not None else self._server.dialect.error(step)
            self._whole(request, step.status, body, headers)
            return False
        return await self._stop_or_wait(request, step)

    async def _stop_or_wait(self, request: Request, step: Step) -> bool:
        if isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
            return True
        if isinstance(step, Until):
            while not step.fact():
                await asyncio.sleep(0.002)
            return True
        if isinstance(step, Stall):
            self._server._note()
            await asyncio.Event().wait()
        self._done(request)
        if isinstance(step, Reset):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()
        return False

    async def _stream(self, request: Request, step: Step) -> bool:
        if isinstance(step, Wait | Until | Stall | Reset | Cut):
            return await self._stop_or_wait(request, step)
        if isinstance(step, Tokens):
            await self._tokens(request, step)
            return True
        for event in self._server.dialect.events(step, request):
            self._chunk(event)
        await self._writable.wait()
        return True

    def _chunk(self, event: bytes) -> None:
        self.transport.write(_framed(event))

    async def _tokens(self, request: Request, step: Tokens) -> None:
        self._server._say(f"first {time.monotonic():.6f}")
        if step.rate is None:
            for batch in self._server._rendered(request, step):
                self.transport.write(batch)
                await self._writable.wait()
                await asyncio.sleep(0)
            return
        begin = time.monotonic()
        for index, token in enumerate(step.tokens):
            ahead = begin + index / step.rate - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
            for event in self._server.dialect.events(Say(token), request):
                self._chunk(event)
            await self._writable.wait()


class WireServer:
    """Replies by order of arrival; when the script runs out, ``fallback`` is played.

    Args:
        replies: One per request to come.
        fallback: Played after those; None takes the dialect's default.
        echo: Called with each line worth printing in process mode.
    """

    def __init__(
        self,
        dialect: Dialect,
        replies: Sequence[Reply] = (),
        *,
        fallback: Reply | None = None,
        port: int = 0,
        echo: Callable[[str], None] | None = None,
    ) -> None:
        self.dialect = dialect
        self.requests: list[Request] = []
        self._replies = list(replies)
        self._fallback = fallback or dialect.default_reply
        self._port = port
        self._echo = echo
        self._connections: set[_Connection] = set()
        self._count = 0
        self._kept: dict[int, tuple[Tokens, list[bytes]]] = {}
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="fake model server", daemon=True)

    # -- for the test ------------------------------------------------------------------------------

    def __enter__(self) -> WireServer:
        self._thread.start()
        assert self._ready.wait(20), "the fake server did not start"
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def open_connections(self) -> int:
        with self._changed:
            return len(self._connections)

    def add(self, *replies: Reply) -> None:
        """More replies, for requests still to come."""
        with self._changed:
            self._replies.extend(replies)

    async def until(self, fact: Callable[[], bool], timeout: float = 20.0) -> None:
        """Waits until ``fact()`` holds, without holding the caller's loop.

        Raises:
            AssertionError: It did not come true in time.
        """
        assert await asyncio.to_thread(self.wait, fact, timeout), "the server did not see it in time"

    def wait(self, fact: Callable[[], bool], timeout: float = 20.0) -> bool:
        with self._changed:
            return self._changed.wait_for(fact, timeout)

    # -- inside ------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        await accept_nobody([server])
        server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        for _ in range(4):  # turns of the loop until a connection that was cut is closed
            await asyncio.sleep(0)

    def _opened(self, connection: _Connection) -> int:
        with self._changed:
            self._connections.add(connection)
            self._count += 1
            return self._count

    def _lost(self, connection: _Connection) -> None:
        with self._changed:
            self._connections.discard(connection)
            self._changed.notify_all()

    def _note(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _say(self, line: str) -> None:
        if self._echo is not None:
            self._echo(line)

    def _rendered(self, request: Request, step: Tokens) -> list[bytes]:
        """Flat-out tokens in framed batches; kept, so that a bench waits for them only once."""
        kept = self._kept.get(id(step))
        if kept is None:
            events = [_framed(e) for token in step.tokens for e in self.dialect.events(Say(token), request)]
            batches = [b"".join(events[at : at + BATCH]) for at in range(0, len(events), BATCH)]
            kept = self._kept[id(step)] = (step, batches)  # with the step, so that its id stays its own
        return kept[1]

    def _take(self, request: Request) -> Reply:
        self._say(f"request {request.at:.6f} {request.path}")
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            return self._replies.pop(0) if self._replies else self._fallback


@contextlib.contextmanager
def running(server: WireServer) -> Iterator[WireServer]:
    with server:
        yield server
