"""HTTP to a model's server, such that a call's connection can be closed at once from outside.

Imported when a model is first called, because it brings ``httpx2``. Knows no provider and no message.
"""

from __future__ import annotations

import asyncio
import contextvars
import socket
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import anyio
import httpx2

from agent_tui.cancel import lines_of_run
from agent_tui.errors import ConfigError
from agent_tui.llm.ahead import Ahead

BREATH_S = 0.004
"""Longest a stream that is all there already may hold the event loop, in seconds."""
PACE_S = 0.02
"""How long a stream that comes fast is left alone when a piece was waited for, in seconds. What arrives
meanwhile is read together with it, for a fraction of what reading it bit by bit costs."""
WAITED_S = 0.0005
"""What took longer to come than this was not there yet when it was asked for."""
PIECE = 2048
"""Bytes given to the reader at a time; a few events, so that a breath can be taken between them."""
PART = 32_768
"""Bytes that are rewritten at a time, for the same reason."""

T = TypeVar("T")
Rewrite = Callable[[bytes], bytes]


def _as_it_came(data: bytes) -> bytes:
    return data


def _no_rewriter() -> Rewrite:
    return _as_it_came


async def _breathe() -> None:
    """One turn of the loop for timers that are due, and one for the tasks that those wake."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


class Exchange:
    """What one model call has open on the wire.

    Args:
        timeout_s: Longest the call may take to connect and to receive its headers.
        rewriter: Makes, for each response, what its bytes go through before they are read.
    """

    def __init__(self, timeout_s: float, rewriter: Callable[[], Rewrite] = _no_rewriter) -> None:
        self.timeout_s = timeout_s
        self.rewriter = rewriter
        self._streams: set[_Stream] = set()
        self._lines = lines_of_run.get()
        if self._lines is not None:
            self._lines.add(self.cut)

    def cut(self) -> None:
        """Closes the call's sockets now; awaits nothing."""
        for stream in self._streams:
            stream.cut()

    async def aclose(self) -> None:
        """Gives back everything that is still open."""
        if self._lines is not None:
            self._lines.discard(self.cut)
        for stream in list(self._streams):
            await stream.aclose()

    @contextmanager
    def current(self) -> Iterator[None]:
        """Requests that are made inside belong to this exchange."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: contextvars.ContextVar[Exchange | None] = contextvars.ContextVar("exchange", default=None)


class _Stream(httpx2.AsyncByteStream):
    """A response body that is read ahead, lets the loop breathe, and whose socket can be shut."""

    def __init__(self, response: httpx2.Response, exchange: Exchange) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        self._inner = response.stream
        self._network = response.extensions.get("network_stream")
        self._exchange = exchange
        self._rewrite = exchange.rewriter()
        self._ahead: Ahead[bytes] | None = None
        exchange._streams.add(self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # What servers send in one packet comes in many pieces; read ahead, it is in one hand again.
        self._ahead = Ahead(self._paced, "response body")
        async for pieces in self._ahead:
            came = b"".join(pieces)
            began = time.perf_counter()
            for part in _cut(came, PART):
                for piece in _cut(self._rewrite(part), PIECE):
                    # Taking the breath here, below the reader, means that a cancel which falls into it is
                    # seen by the reader as one inside its own read, where every reader cleans up.
                    if time.perf_counter() - began > BREATH_S:
                        await _breathe()
                        began = time.perf_counter()
                    yield piece

    async def _paced(self) -> AsyncIterator[bytes]:
        return self._pieces()

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        """What comes, with breaths in what is there already, and rests in what comes fast."""
        rested = before = time.perf_counter()
        earlier = float("-inf")
        async for data in self._inner:
            now = time.perf_counter()
            if now - before > WAITED_S:
                # A slow stream is never left alone, nor is the beginning of a fast one.
                if now - earlier < PACE_S:
                    await asyncio.sleep(PACE_S)
                earlier = rested = time.perf_counter()
            elif now - rested > BREATH_S:
                await _breathe()
                rested = time.perf_counter()
            yield data
            before = time.perf_counter()

    def cut(self) -> None:
        with suppress(OSError):  # it is closed already
            sock = self._network.get_extra_info("socket") if self._network is not None else None
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)

    async def aclose(self) -> None:
        self._exchange._streams.discard(self)
        if self._ahead is not None:
            await self._ahead.stop()
        await self._inner.aclose()


class Transport(httpx2.AsyncBaseTransport):
    """Passes requests on, and notes what each exchange has open."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _current.get()
        if exchange is None:
            return await self._inner.handle_async_request(request)
        async with asyncio.timeout(exchange.timeout_s):
            response = await self._inner.handle_async_request(request)
        response.stream = _Stream(response, exchange)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def load() -> None:
    """Imports what the transport would import at its first connection. Call it in a thread."""
    anyio.run(anyio.sleep, 0)


def open_http(url: str, proxy: str | None = None) -> httpx2.AsyncClient:
    """A client for one server. Slow (certificates): call it in a thread.

    It reads no environment for proxies, follows no redirect, asks for no compression (which makes
    servers hold text back) and has no timeout but the exchange's.

    Raises:
        ConfigError: The proxy cannot be used.
    """
    if url.startswith("https:") or proxy is not None:
        verify = httpx2.create_ssl_context()
    else:
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; trusts nobody if it were
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=4, keepalive_expiry=60.0)
    try:
        inner = httpx2.AsyncHTTPTransport(verify=verify, proxy=proxy, limits=limits)
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        hint = "use an http:// proxy, or add NO_PROXY; socks5:// needs the socksio package"
        raise ConfigError("the proxy that the environment names cannot be used", hint=hint) from error
    return httpx2.AsyncClient(
        transport=Transport(inner),
        timeout=None,
        trust_env=False,
        headers={"accept-encoding": "identity"},
    )


async def events(response: httpx2.Response) -> AsyncGenerator[str, None]:
    """The ``data`` of each server-sent event of ``response``."""
    async for event in httpx2.EventSource(response):
        yield event.data


class Pump(Ahead[T]):
    """Reads a foreign iterator such that a cancel always meets it inside a read.

    An iterator that leaks its connection when it is dropped between two items is never between two
    items for longer than it takes to put one into a list, and nothing is awaited there.

    Args:
        start: Makes the request and gives the iterator.
        exchange: What its requests belong to.
    """

    def __init__(self, start: Callable[[], Awaitable[AsyncIterator[T]]], exchange: Exchange) -> None:
        self._exchange = exchange
        with exchange.current():
            super().__init__(start, "model stream")

    async def aclose(self) -> None:
        """Closes the connection, then the reader. Returns when both are gone."""
        self._exchange.cut()
        try:
            await self.stop()
        finally:
            await self._exchange.aclose()
