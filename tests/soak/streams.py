"""Kills a server with SIGKILL in the middle of its streams, starts it again, and looks at what clients saw.

``python -m tests.soak.streams --count 50``. The clients are httpx2's ``EventSource`` and ``curl -N``; each
comes back with the ``Last-Event-ID`` that it has. In the end each must have seen what the journal holds:
every event once, in order, to the byte.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import httpx2

from agent_tui.events import codec
from tests.fakes.invariants import check_stream
from tests.fakes.program import Program, call, script
from tests.fakes.serving import frames

SESSIONS = 2
AT_LEAST = 15
"""Events that every client sees between two kills."""

DEADLINE_S = 30.0
AGAIN_S = 0.05

Events = AsyncIterator[tuple[str, str]]
"""``id:`` and ``data:`` of one connection, until it is lost."""


async def by_httpx2(url: str, seen: str) -> Events:
    headers = {"Last-Event-ID": seen} if seen else {}
    async with httpx2.AsyncClient(trust_env=False, timeout=DEADLINE_S) as client:
        with suppress(httpx2.TransportError):
            async with client.stream("GET", url, headers=headers) as answer:
                answer.raise_for_status()
                async for event in httpx2.EventSource(answer):
                    yield event.id, event.data


async def by_curl(url: str, seen: str) -> Events:
    header = ["-H", f"Last-Event-ID: {seen}"] if seen else []
    curl = await asyncio.create_subprocess_exec("curl", "-fsN", *header, url, stdout=subprocess.PIPE)

    async def chunks() -> AsyncIterator[bytes]:
        assert curl.stdout is not None
        while chunk := await curl.stdout.read(65536):
            yield chunk

    try:
        async for frame in frames(chunks()):
            if "data" in frame:
                yield frame["id"], frame["data"]
        assert await curl.wait() != 22, "the server refused"
    finally:
        if curl.returncode is None:
            curl.kill()
            await curl.wait()


class Reader:
    """A client that comes back whenever its connection is lost; ``seen`` is the data of each event."""

    def __init__(self, connect: Callable[[str, str], Events], session_id: str) -> None:
        self._connect = connect
        self.session_id = session_id
        self.seen: list[bytes] = []
        self.connections = 0

    async def follow(self, url: str) -> None:
        last = ""
        while True:
            came = False
            async for number, data in self._connect(f"{url}/sessions/{self.session_id}/events", last):
                last = number
                self.seen.append(data.encode())
                assert last == str(len(self.seen)), f"event {last} where {len(self.seen)} was due"
                self.connections += not came
                came = True
            await asyncio.sleep(AGAIN_S)


async def _until(holds: Callable[[], bool], following: list[asyncio.Task[None]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not holds():
            for task in following:
                if task.done():
                    task.result()
            await asyncio.sleep(0.005)


async def soak(count: int, folder: Path, chance: random.Random) -> list[Reader]:
    """``count`` kills of one server; the clients, each of which has seen everything once, in order.

    Raises:
        AssertionError: One has not.
    """
    words = [item for number in range(3000) for item in ({"text": f"word{number} "}, {"delay_s": 0.004})]
    model = script(folder, *[words] * SESSIONS)
    running = await asyncio.to_thread(Program, folder, model=model)
    url, port, following = running.url, running.port, list[asyncio.Task[None]]()
    try:
        ids = [call(running, "POST", "/sessions").json()["id"] for _ in range(SESSIONS)]
        clients = [by_httpx2, *([by_curl] if shutil.which("curl") else [])]
        readers = [Reader(client, session_id) for session_id in ids for client in clients]
        following = [asyncio.create_task(reader.follow(url)) for reader in readers]
        for _ in range(count):
            await asyncio.to_thread(_begin, running, ids)
            wanted = [len(reader.seen) + AT_LEAST for reader in readers]
            await _until(
                lambda wanted=wanted: all(len(r.seen) >= n for r, n in zip(readers, wanted, strict=True)),  # type: ignore[misc]
                following,
            )
            await asyncio.sleep(chance.uniform(0.0, 0.05))
            running.kill()
            running = await asyncio.to_thread(Program, folder, model=model, port=port)
        stored = {session_id: await asyncio.to_thread(_stored, running, session_id) for session_id in ids}
        await _until(lambda: all(len(r.seen) >= len(stored[r.session_id]) for r in readers), following)
        for reader in readers:
            assert reader.seen == stored[reader.session_id]
            check_stream(codec.decode(line) for line in reader.seen)
        return readers
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        running.kill()


def _begin(running: Program, ids: list[str]) -> None:
    for session_id in ids:
        answer = call(running, "POST", f"/sessions/{session_id}/runs", json={"input": "go"})
        assert answer.status_code == 202, answer.text


def _stored(running: Program, session_id: str) -> list[bytes]:
    """What the journal holds of a session, once it has been mended."""
    assert call(running, "GET", f"/sessions/{session_id}").json()["state"] == "idle"
    lines: list[bytes] = []
    while page := call(running, "GET", f"/sessions/{session_id}/log?after={len(lines)}").content:
        lines += page.splitlines()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        readers = asyncio.run(soak(options.count, Path(folder), random.Random(options.seed)))
    events = sum(len(reader.seen) for reader in readers)
    connections = sum(reader.connections for reader in readers)
    print(
        f"{options.count} kills; {len(readers)} clients saw {events} events over {connections} connections"
    )


if __name__ == "__main__":
    main()
