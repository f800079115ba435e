"""Events written to streams without waking them: the same bytes, and nobody who is slow is written to."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import zlib
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.events import types as ev
from agent_tui.server.channel import CHUNK_BYTES, Channel, frame
from agent_tui.server.pace import LEAST_S, MEMORY_S, MOST_S, Pace
from tests.fakes.serving import Served, frames, serving

DEADLINE_S = 10


def said(seq: int, text: str = "x") -> ev.Notice:
    return ev.Notice(seq=seq, ts="", session_id="s", level="info", text=text)


def channel_of(last: int) -> Channel:
    channel = Channel("s", last)
    channel.streams = 1
    return channel


class Client:
    """Takes what is written as long as it is ``free``."""

    def __init__(self) -> None:
        self.free = True
        self.taken: list[bytes] = []

    def write(self, data: bytes) -> bool:
        if self.free:
            self.taken.append(data)
        return self.free


async def waiting(channel: Channel, after: int, client: Client | None) -> asyncio.Task[int]:
    task = asyncio.create_task(channel.changed(after, client.write if client else None))
    await asyncio.sleep(0)
    return task


async def test_a_stream_that_keeps_up_is_written_to_and_not_woken() -> None:
    channel, client = channel_of(4), Client()
    stream = await waiting(channel, 4, client)
    channel.add([said(5)])
    channel.add([said(6), said(7)])
    await asyncio.sleep(0)
    assert not stream.done()
    assert client.taken == [frame(said(5)), frame(said(6)) + frame(said(7))]
    channel.wake()
    assert await stream == 7


async def test_a_stream_that_must_be_waited_for_is_woken_where_it_was() -> None:
    channel, client = channel_of(0), Client()
    stream = await waiting(channel, 0, client)
    plain = await waiting(channel, 0, None)
    channel.add([said(1)])
    client.free = False
    channel.add([said(2)])
    assert (await stream, await plain) == (1, 0)
    assert client.taken == [frame(said(1))]


async def test_more_than_one_chunk_is_left_to_the_stream_itself() -> None:
    channel, client = channel_of(0), Client()
    stream = await waiting(channel, 0, client)
    channel.add([said(1, "x" * 50_000), said(2, "x" * 50_000)])
    assert await stream == 1
    assert client.taken == [frame(said(1, "x" * 50_000))]


async def test_a_client_that_has_read_ahead_in_the_journal_gets_nothing_twice() -> None:
    channel, client = channel_of(0), Client()
    stream = await waiting(channel, 2, client)
    channel.add([said(1)])
    channel.add([said(2)])
    assert client.taken == []  # not even an empty chunk, which would end the answer
    channel.add([said(3)])
    assert client.taken == [frame(said(3))]
    channel.close()
    assert await stream == 3


async def test_a_stream_that_leaves_is_written_to_no_more() -> None:
    channel, client = channel_of(0), Client()
    stream = await waiting(channel, 0, client)
    stream.cancel()
    channel.add([said(1)])
    await asyncio.gather(stream, return_exceptions=True)
    channel.add([said(2)])
    assert client.taken in ([], [frame(said(1))])
    assert stream.cancelled()


def test_little_goes_out_at_once_and_much_is_gathered() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    assert pace.rest_s == LEAST_S
    for _ in range(200):
        now += 0.01
        pace.delivered(10)  # one session at a hundred a second, to ten streams
    assert pace.rest_s < LEAST_S * 1.5
    for _ in range(200):
        now += 0.01
        pace.delivered(500)
    assert 0.015 < pace.rest_s < 0.03
    pace.delivered(10_000_000)
    assert pace.rest_s == MOST_S
    now += MEMORY_S * 20
    pace.delivered(1)
    assert pace.rest_s < LEAST_S * 1.01


# On a real socket

SLOW_WORDS = [
    [*[item for n in range(30) for item in ({"delay_s": 0.005}, {"text": f"w{n} "})], {"answer": "x"}]
]


def listener(served: Served, session_id: str) -> socket.socket:
    """A client that asks for a stream and reads nothing of it."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", served.port))
    deaf.sendall(f"GET /sessions/{session_id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return deaf


async def until_streaming(served: Served, count: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while served.context.sessions.streams.open < count:
            await asyncio.sleep(0.005)


async def test_streams_in_every_manner_tell_the_same(tmp_path: Path) -> None:
    """Compressed and not: chunks, their sizes and the compression fit together."""
    async with serving(tmp_path, SLOW_WORDS) as served:
        session_id = await served.session()
        path = f"/sessions/{session_id}/events"

        async def seen(**headers: str) -> list[str]:
            ids = []
            async with served.client.stream("GET", path, headers=headers) as answer:
                async for frame in frames(answer.aiter_bytes()):
                    ids += [frame["id"]] if "id" in frame else []
                    if frame.get("event") == "run_done":
                        return ids
            raise AssertionError("the stream ended")

        readers = [
            asyncio.create_task(seen(**{"accept-encoding": kind})) for kind in ("identity", "gzip", "gzip")
        ]
        await until_streaming(served, 3)
        events = await served.run(session_id)
        async with asyncio.timeout(DEADLINE_S):
            for ids in await asyncio.gather(*readers):
                assert ids == [str(event.seq) for event in events]


async def test_who_reads_nothing_is_dropped_in_chunks_too(tmp_path: Path) -> None:
    big = "x" * 400_000
    turns = [[{"text": big}, {"text": big}, {"text": big}, {"answer": "done"}]]
    async with serving(tmp_path, turns, send_timeout_s=0.2, ping_s=0.1) as served:
        session_id = await served.session()
        deaf = listener(served, session_id)
        await until_streaming(served, 1)
        assert (await served.run(session_id))[-1].type == "run_done"
        streams = served.context.sessions.streams
        async with asyncio.timeout(DEADLINE_S):
            while streams.open or not streams.dropped:
                await asyncio.sleep(0.01)
        assert streams.dropped == 1
        deaf.close()


async def test_who_reads_nothing_costs_no_more_than_a_chunk(tmp_path: Path) -> None:
    """Also where what comes is little at a time, so that each might be handed to a stream that waits."""
    talk = [item for _ in range(40) for item in ({"delay_s": 0.006}, {"text": "x" * 20_000})]
    async with serving(tmp_path, [[*talk, {"answer": "done"}]]) as served:
        session_id = await served.session()
        deaf = listener(served, session_id)
        await until_streaming(served, 1)
        await served.run(session_id)
        held = [0]
        async with asyncio.timeout(DEADLINE_S):
            while not max(held):
                await asyncio.sleep(0.005)
                connections = served.server.server_state.connections
                held = [connection.transport.get_write_buffer_size() for connection in connections]
        assert max(held) < 2 * CHUNK_BYTES + 1000  # one that waits, and most of one that went before
        deaf.close()


async def test_the_access_log_counts_all_bytes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("agent_tui.server.access")
    log.addHandler(caplog.handler)
    log.setLevel(logging.INFO)
    try:
        async with serving(tmp_path, SLOW_WORDS, access_log=True) as served:
            session_id = await served.session()
            client = asyncio.create_task(
                served.client.get(f"/sessions/{session_id}/events", headers={"accept-encoding": "gzip"})
            )
            await until_streaming(served, 1)
            await served.run(session_id)
            await served.client.post(f"/sessions/{session_id}/close")  # which ends the stream
            answer = await client
            assert b"run_done" in answer.content
            size = answer.num_bytes_downloaded
        records = [record for record in caplog.records if record.name == log.name]
        lines = [json.loads(record.getMessage()) for record in records]
    finally:
        log.removeHandler(caplog.handler)
    assert size in [line["bytes"] for line in lines if line["path"].endswith("/events")]


async def test_a_compressed_chunk_can_be_read_as_soon_as_it_is_there(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, asyncio.timeout(DEADLINE_S):
        session_id = await served.session()
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        path = f"/sessions/{session_id}/events"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        inflate, text = zlib.decompressobj(wbits=31), b""

        async def until(word: bytes) -> None:
            nonlocal text
            while word not in text:
                size = int(await reader.readline(), 16)
                text += inflate.decompress((await reader.readexactly(size + 2))[:size])

        await until(b"event: session_start\n")  # what follows is handed to a stream that waits
        await served.client.post(f"/sessions/{session_id}/runs", json={"input": "2+2"})
        await until(b"event: run_done\n")
        assert text.count(b"event: run_start\n") == 1
        writer.close()
