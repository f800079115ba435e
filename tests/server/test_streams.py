"""Event streams: nothing lost, doubled or out of order, whatever client, network and server do."""

from __future__ import annotations

import asyncio
import random
import socket
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

import httpx2

from agent_tui.events import types as ev
from agent_tui.server.channel import KEPT_BYTES, Channel
from tests.fakes.serving import Served, frames, serving, start

LONG = [[*[{"text": f"word{number} "} for number in range(300)], {"answer": "done"}]]


async def numbers(served: Served, session_id: str, count: int, **options: object) -> list[int]:
    """The numbers of the first ``count`` events of one stream."""
    seen: list[int] = []
    async with served.client.stream("GET", f"/sessions/{session_id}/events", **options) as answer:
        async for frame in frames(answer.aiter_bytes()):
            if "id" in frame:
                seen.append(int(frame["id"]))
            if len(seen) >= count:
                break
    return seen


async def test_a_client_that_comes_back_misses_and_repeats_nothing(tmp_path: Path) -> None:
    chance = random.Random(4)
    async with serving(tmp_path, LONG) as served:
        session_id = await served.session()
        await served.client.post(f"/sessions/{session_id}/runs", json={"input": "go"})
        seen: list[int] = []
        while len(seen) < 300:
            headers = {"Last-Event-ID": str(seen[-1])} if seen else {}
            seen += await numbers(served, session_id, chance.randrange(1, 60), headers=headers)
        assert seen == list(range(1, len(seen) + 1))


async def test_last_event_id_counts_more_than_after(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        session_id = await served.session()
        await served.run(session_id)
        headers = {"Last-Event-ID": "3"}
        assert await numbers(served, session_id, 1, headers=headers, params={"after": 1}) == [4]
        assert await numbers(served, session_id, 1, params={"after": 5}) == [6]


@pytest.mark.parametrize(("seen", "status"), [("x", 400), ("-1", 400), ("9" * 30, 400), ("100000", 409)])
async def test_a_number_that_is_none(tmp_path: Path, seen: str, status: int) -> None:
    async with serving(tmp_path) as served:
        path = f"/sessions/{await served.session()}/events"
        answer = await served.client.get(path, headers={"Last-Event-ID": seen})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_proxies_are_told_not_to_buffer_and_pings_come(tmp_path: Path) -> None:
    async with serving(tmp_path, ping_s=0.05) as served:
        path = f"/sessions/{await served.session()}/events"
        async with served.client.stream("GET", path) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["x-accel-buffering"] == "no"
            assert "no-cache" in answer.headers["cache-control"]
            pings = 0
            async for frame in frames(answer.aiter_bytes()):
                pings += frame.get("comment") == "ping"
                if pings == 2:
                    break


async def test_a_compressed_stream_shows_each_event_when_it_happens(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        path = f"/sessions/{await served.session()}/events"
        async with served.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            inflate, text = zlib.decompressobj(wbits=31), b""
            async for chunk in answer.aiter_raw():
                text += inflate.decompress(chunk)
                if b"event: session_start\n" in text:  # the stream goes on: it was not held back
                    break


async def test_a_stream_ends_at_its_age_and_can_be_taken_up(tmp_path: Path) -> None:
    async with serving(tmp_path, stream_age_s=100.0, ping_s=0.05) as served:
        path = f"/sessions/{await served.session()}/events"
        now = 0.0
        served.context.sessions.clock = lambda: now

        async def whole(path: str, *steps: tuple[str, float]) -> str:
            """A stream to its end, while time only passes when this has come."""
            nonlocal now
            text, coming = "", list(steps)
            async with served.client.stream("GET", path) as answer:
                assert answer.status_code == 200
                async for chunk in answer.aiter_text():
                    text += chunk
                    if coming and coming[0][0] in text:
                        now += coming.pop(0)[1]
            return text

        text = await whole(path, ("event: session_start\n", 200.0))
        assert text.startswith(": ok\n\nretry: 500\nid: 1\nevent: session_start\n")
        quiet = await whole(f"{path}?after=1", ("retry: 500\n", 1.0), (": ping\n", 200.0))
        assert quiet == ": ok\n\nretry: 500\n: ping\n"  # no frame without an event


async def test_too_many_streams_are_refused_and_room_is_made(tmp_path: Path) -> None:
    async with serving(tmp_path, max_session_streams=1, max_streams=2, ping_s=0.05) as served:
        one, two, three = [f"/sessions/{await served.session()}/events" for _ in range(3)]
        async with served.client.stream("GET", one), served.client.stream("GET", two):
            for path in (one, three):
                answer = await served.client.get(path)
                assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
                assert int(answer.headers["retry-after"]) > 0
        async with asyncio.timeout(20):
            while served.context.sessions.streams.open:
                await asyncio.sleep(0.01)
        async with served.client.stream("GET", one) as answer:
            assert answer.status_code == 200


def listener(port: int, session_id: str) -> socket.socket:
    """A client that asks for a stream and reads nothing of it; in HTTP/1.0, without chunks in it."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", port))
    deaf.sendall(f"GET /sessions/{session_id}/events HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    return deaf


async def test_a_client_that_reads_nothing_is_dropped_and_delays_nobody(tmp_path: Path) -> None:
    big = "x" * 400_000
    turns = [[{"text": big}, {"text": big}, {"text": big}, {"answer": "done"}]]
    async with serving(tmp_path, turns, send_timeout_s=0.2, ping_s=0.1) as served:
        session_id = await served.session()
        deaf = listener(served.port, session_id)
        streams = served.context.sessions.streams
        async with asyncio.timeout(20):
            while not streams.open:
                await asyncio.sleep(0.005)
        assert (await served.run(session_id))[-1].type == "run_done"  # the other stream goes on meanwhile
        async with asyncio.timeout(20):
            while not streams.dropped:
                await asyncio.sleep(0.01)
            while streams.open:
                await asyncio.sleep(0.01)
        deaf.close()
        stats = (await served.client.get("/stats")).json()
        assert stats["streams"]["dropped"] == 1


async def test_a_slow_reader_gets_everything_late(tmp_path: Path) -> None:
    """It falls behind what is kept for streams, and is read to from the journal."""
    talk = [*[{"text": "x" * 20_000} for _ in range(50)], {"answer": "done"}]
    async with serving(tmp_path, [talk]) as served:
        session_id = await served.session()
        slow = listener(served.port, session_id)
        slow.setblocking(False)
        loop, streams = asyncio.get_running_loop(), served.context.sessions.streams
        while not streams.open:
            await asyncio.sleep(0.005)
        events = await served.run(session_id)  # done before the slow one has read a thing
        channel = served.context.sessions.channel(session_id)
        while channel.last < events[-1].seq:  # a stream that is behind may read ahead of it
            await asyncio.sleep(0.005)
        assert channel.first > 10

        async def chunks() -> AsyncIterator[bytes]:
            while True:
                yield await loop.sock_recv(slow, 16_384)
                await asyncio.sleep(0.001)

        seen: list[int] = []
        async with asyncio.timeout(15):
            async for frame in frames(chunks()):
                seen += [int(frame["id"])] if "id" in frame else []
                if frame.get("event") == "run_done":
                    break
        assert seen == [event.seq for event in events] and streams.dropped == 0
        slow.close()


async def test_clients_resume_from_the_journal_after_the_server_was_killed(tmp_path: Path) -> None:
    served = await start(tmp_path, LONG)
    session_id = await served.session()
    await served.client.post(f"/sessions/{session_id}/runs", json={"input": "go"})
    seen: list[int] = []
    first = await numbers(served, session_id, 120)
    seen += first
    port = served.port
    killing = asyncio.create_task(served.kill())
    await killing
    await served.runtime.aclose()
    async with serving(tmp_path, LONG, port=port) as again:
        last = (await again.client.get(f"/sessions/{session_id}")).json()["last_seq"]
        headers = {"Last-Event-ID": str(seen[-1])}
        seen += await numbers(again, session_id, last - seen[-1], headers=headers)
        assert seen == list(range(1, last + 1))
        events = await again.until(session_id, "run_done")
        assert isinstance(events[-1], ev.RunDone)


async def test_httpx2_s_own_event_source_reads_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        session_id = await served.session()
        await served.run(session_id)
        async with served.client.stream("GET", f"/sessions/{session_id}/events") as answer:
            async for event in httpx2.EventSource(answer):
                assert (event.id, event.event) == ("1", "session_start")
                break


def test_a_channel_keeps_a_bounded_part() -> None:
    channel = Channel("s", 0)
    channel.streams = 1
    for seq in range(1, 101):
        channel.add([ev.Notice(seq=seq, ts="", session_id="s", level="info", text="x" * 20_000)])
    assert channel.last == 100 and channel.first > 70
    assert channel.read(0) is None
    data, end = channel.read(channel.first - 1) or (b"", 0)
    assert 0 < len(data) <= KEPT_BYTES and channel.first <= end < 100
    assert channel.read(100) == (b"", 100)
    channel.leave()
    assert channel.read(99) is None
