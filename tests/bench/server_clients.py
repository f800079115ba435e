"""Many event streams at once, read by a process that does little else.

Reads a JSON object from stdin: ``port``, ``sessions``, ``streams`` (of each session), ``seconds``. It
begins the runs when all streams are open, and prints one JSON object: what came, and how late.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from functools import partial

import httpx2

_FRAME = re.compile(rb"^id: (\d+)\nevent: \w+\ndata: \{\"seq\":\d+,\"ts\":\"[^\"]{17}([\d.]{9})Z", re.M)


class Reader(asyncio.Protocol):
    """One stream: counts what comes, checks the order, notes how late each event is."""

    def __init__(self, session_id: str, late: list[float]) -> None:
        self.session_id, self.late = session_id, late
        self.last, self.count, self.wrong = 0, 0, 0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        request = f"GET /sessions/{self.session_id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        transport.write(request.encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        second = time.time() % 60
        whole, end, rest = (self._rest + data).rpartition(b"\n\n")
        self._rest = rest
        for number, stamp in _FRAME.findall(whole + end):
            self.wrong += int(number) != self.last + 1
            self.last = int(number)
            self.count += 1
            self.late.append((second - float(stamp)) % 60)


async def main() -> None:
    plan = json.loads(sys.stdin.readline())
    loop = asyncio.get_running_loop()
    readers: list[Reader] = []
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{plan['port']}", trust_env=False, timeout=30
    ) as client:
        ids = [(await client.post("/sessions")).json()["id"] for _ in range(plan["sessions"])]
        late: list[float] = []
        for session_id in ids:
            for _ in range(plan["streams"]):
                _, reader = await loop.create_connection(
                    partial(Reader, session_id, late), "127.0.0.1", plan["port"]
                )
                readers.append(reader)
        while any(reader.last < 1 for reader in readers):
            await asyncio.sleep(0.05)
        for session_id in ids:
            await client.post(f"/sessions/{session_id}/runs", json={"input": "go"})
        late.clear()
        before = [reader.count for reader in readers]
        began = time.monotonic()
        await asyncio.sleep(plan["seconds"])
        took = time.monotonic() - began
        counts = [reader.count - start for reader, start in zip(readers, before, strict=True)]
        ends = {
            session_id: (await client.get(f"/sessions/{session_id}")).json()["last_seq"]
            for session_id in ids
        }
        async with asyncio.timeout(20):
            while any(reader.last < ends[reader.session_id] for reader in readers):
                await asyncio.sleep(0.02)
    late.sort()
    print(
        json.dumps(
            {
                "streams": len(readers),
                "events": sum(counts),
                "per_session_s": sum(counts) / len(readers) / took,
                "wrong": sum(reader.wrong for reader in readers),
                "p50_ms": late[len(late) // 2] * 1000,
                "p99_ms": late[len(late) * 99 // 100] * 1000,
                "max_ms": late[-1] * 1000,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
