"""Clients that vanish without a word: their connections look open, and must not stay.

No packet may leave the client any more, no end, no reset, and no acknowledgement of what it is sent, as if
its cable were cut. A socket filter that lets nothing in does just that to one socket, and needs no rights:
the system drops what arrives before the connection sees it.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import select
import socket
import struct
import sys
import termios
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.server.channel import CHUNK_BYTES
from agent_tui.server.sse import SOCKET_BYTES
from tests.fakes.serving import Served, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="socket filters are Linux's"),
]

SO_ATTACH_FILTER = 26
NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)
"""A filter of one instruction: of each packet, 0 bytes come in."""

PING_S, SEND_S = 0.1, 0.3
BOUNDS = {"ping_s": PING_S, "send_timeout_s": SEND_S}
SYSTEM_BYTES = 2 * SOCKET_BYTES + 65_536
"""Linux doubles what it is asked for, and takes one more packet as long as there is any room."""
MARGIN_S = 8.0
"""The system looks in steps of a second, and this machine may be busy; without a bound it takes minutes."""


def vanish(client: socket.socket) -> None:
    program = ctypes.create_string_buffer(NOTHING)
    client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))


@pytest.fixture(scope="module", autouse=True)
def _they_can_vanish() -> None:
    """Skips where the system takes the filter and does not heed it, or does not take it."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
        with server.accept()[0] as other:
            try:
                vanish(client)
            except OSError as error:
                pytest.skip(f"no socket filters here: {error}")
            other.sendall(b"x")
            if select.select([client], [], [], 0.05)[0]:
                pytest.skip("socket filters are not heeded here")


def ask(stack: ExitStack, served: Served, request: str) -> socket.socket:
    """A client that has sent this much of a request."""
    client = stack.enter_context(socket.socket())
    client.connect(("127.0.0.1", served.port))
    client.sendall(request.replace("\n", "\r\n").encode())
    return client


def follow(session_id: str) -> str:
    return f"GET /sessions/{session_id}/events HTTP/1.1\nHost: localhost\n\n"


async def until(holds: Callable[[], bool], deadline_s: float = 20.0) -> None:
    async with asyncio.timeout(deadline_s):
        while not holds():
            await asyncio.sleep(0.005)


async def test_what_is_quiet_is_dropped_too(tmp_path: Path) -> None:
    """A stream without events, an answer that is waited for, half a request, and no request at all."""
    body = '{"query": "wait"}'
    chat = (
        f"POST /chat HTTP/1.1\nHost: localhost\nContent-Type: application/json\n"
        f"Content-Length: {len(body)}\n\n{body}"
    )
    with ExitStack() as stack:
        async with serving(tmp_path, [[{"hang": True}]], **BOUNDS) as served:
            requests = (follow(await served.session()), chat, "GET /health HTTP/1.1\nHost: loc", "")
            await served.client.aclose()
            connections, sessions = served.server.server_state.connections, served.context.sessions
            await until(lambda: not connections)
            answered, unasked = requests[:2], requests[2:]
            clients = [ask(stack, served, request) for request in answered]
            await until(lambda: (len(connections), sessions.streams.open, sessions.held) == (2, 1, 2))
            # What has asked for nothing yet is soon ended anyway, so it is not waited for with the others.
            clients += [ask(stack, served, request) for request in unasked]
            for client in clients:
                vanish(client)
            began, seen = time.monotonic(), set(connections)

            def all_seen() -> bool:
                seen.update(connections)
                return len(seen) == len(requests)

            await until(all_seen)
            await until(lambda: not connections)
            assert time.monotonic() - began < PING_S + SEND_S + MARGIN_S
            await until(lambda: not sessions.streams.open and sessions.held == 1)


async def test_what_they_are_sent_takes_little_room_and_delays_nobody(tmp_path: Path) -> None:
    talk = [*[{"text": "x" * 20_000} for _ in range(100)], {"answer": "done"}]
    with ExitStack() as stack:
        async with serving(tmp_path, [talk], ping_s=10.0, send_timeout_s=SEND_S) as served:
            session_id, streams = await served.session(), served.context.sessions.streams
            clients = [ask(stack, served, follow(session_id)) for _ in range(10)]
            await until(lambda: streams.open == 10)
            for client in clients:
                vanish(client)
            measuring = asyncio.create_task(room(served))
            events = await served.run(session_id)
            assert events[-1].type == "run_done" and sum(len(str(event)) for event in events) > 2_000_000
            ours, the_system_s = await asyncio.wait_for(measuring, SEND_S + MARGIN_S)
            assert 0 < ours <= 2 * CHUNK_BYTES and 0 < the_system_s <= SYSTEM_BYTES
            assert streams.dropped == 10


async def room(served: Served) -> tuple[int, int]:
    """The most that a connection held of what it was to send: in our memory, and in the system's."""
    ours = the_system_s = 0
    while served.context.sessions.streams.open:
        for connection in list(served.server.server_state.connections):
            transport = connection.transport
            ours = max(ours, transport.get_write_buffer_size())
            descriptor = transport.get_extra_info("socket").fileno()
            if descriptor >= 0:
                unsent = fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0" * 4)
                the_system_s = max(the_system_s, int.from_bytes(unsent, sys.byteorder))
        await asyncio.sleep(0.002)
    return ours, the_system_s
