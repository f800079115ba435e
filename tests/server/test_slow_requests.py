"""Requests that come a byte at a time, as somebody sends them who wants to use connections up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from tests.fakes.serving import Served, serving

BOUNDS = {"ping_s": 0.1, "send_timeout_s": 0.1}
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHAT = (
    b"POST /chat HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
)


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """What came before the connection ended; a byte sent to a server that has just ended it resets it."""
    found = b""
    try:
        while data := await reader.read(65_536):
            found += data
    except ConnectionResetError:
        pass
    return found


async def trickle(served: Served, at_once: bytes) -> bytes:
    """Sends this, then a byte now and then; what comes until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(at_once)
    reading = asyncio.create_task(all_of(reader))
    async with asyncio.timeout(10):
        while not reading.done():
            writer.write(b"x")
            await asyncio.wait([reading], timeout=0.02)
    writer.close()
    return await reading


async def test_a_request_that_never_gets_whole_is_not_waited_for(tmp_path: Path) -> None:
    async with serving(tmp_path, **BOUNDS) as served:
        first, later, body = await asyncio.gather(
            trickle(served, b"GET /he"), trickle(served, HEALTH + b"GET /he"), trickle(served, CHAT)
        )
        assert first == b""
        assert later.startswith(b"HTTP/1.1 200") and later.count(b"HTTP/1.1") == 1
        assert body.startswith(b"HTTP/1.1 408") and b'"code":"too_slow"' in body


async def test_an_answer_may_take_its_time(tmp_path: Path) -> None:
    """Four times as long as a request may take to come, on a connection that has been used before."""
    async with serving(tmp_path, [[{"delay_s": 0.8}, {"answer": "at last"}]], **BOUNDS) as served:
        assert (await served.client.get("/health")).status_code == 200
        answer = await served.client.post("/chat", json={"query": "take your time"})
        assert answer.json()["answer"] == "at last"
