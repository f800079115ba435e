"""The server: many streams of busy sessions, attaching, requests, and what idle things weigh."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.bench.harness import Row, cpu_s, ms, rss_mb
from tests.bench.sessions import Screens, write_session

SESSIONS, STREAMS = 50, 10
RATE = 100
"""Least events a second of each session: what comes slower says nothing of the rest."""
DELAY_S = 0.008
"""Between two events of a session: with the loop's own time that makes 100 and more a second."""
ALIKE_S = 0.1
"""What opening over a server may take longer than opening locally: less than a person notices."""


@contextmanager
def served(cwd: Path, model: str) -> Iterator[tuple[int, int]]:
    """The real program serving ``cwd``: its pid and port."""
    env = {
        "PATH": os.environ["PATH"],
        "AGENT_TUI_HOME": str(cwd / ".home"),
        "AGENT_TUI_DEMO_TPS": "0",
        "AGENT_TUI_SERVER__RATE": "10000000/minute",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    argv = [sys.executable, "-m", "agent_tui", "serve", "--port", "0", "-m", model]
    process = subprocess.Popen(
        argv, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := re.search(r"listening on http://[^:]+:(\d+)", line):
                break
        else:
            raise RuntimeError("the server did not start")
        yield process.pid, int(found[1])
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def run(*, quick: bool) -> Iterator[Row]:
    """Yields one row for each figure."""
    yield from _streams(4.0 if quick else 10.0)
    yield from _attaching(20_000 if quick else 100_000, 3 if quick else 9)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), "demo") as (pid, port):
        yield from asyncio.run(_requests(port, 200 if quick else 1000))
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), "demo") as (pid, port):
        yield from asyncio.run(_weights(pid, port, 100 if quick else 400))


def _streams(seconds: float) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        words = [
            item for _ in range(int(seconds * 200)) for item in ({"delay_s": DELAY_S}, {"text": "word "})
        ]
        (Path(folder) / "script.json").write_text(json.dumps([[*words, {"answer": "done"}]] * SESSIONS))
        with served(Path(folder), "script:script.json") as (pid, port):
            plan = {"port": port, "sessions": SESSIONS, "streams": STREAMS, "seconds": seconds}
            before, began = cpu_s(pid), time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.server_clients"],
                input=json.dumps(plan) + "\n",
                capture_output=True,
                text=True,
                check=True,
                timeout=180,
            )
            spent = (cpu_s(pid) - before) / (time.monotonic() - began)
    got: dict[str, Any] = json.loads(done.stdout)
    reached, right = got["per_session_s"], not got["wrong"]
    yield Row(
        f"{got['streams']} streams of {SESSIONS} sessions",
        f"{reached:.0f} events/s each; of {got['events']:,} {got['wrong']} lost or out of order",
        f"{RATE}/s or more, none lost",
        right and reached >= RATE,
    )
    late = f"p50 {got['p50_ms']:.0f}, p99 {got['p99_ms']:.0f}, max {got['max_ms']:.0f} ms"
    yield Row("… from emit to received", late, "p99 < 100 ms", got["p99_ms"] < 100)
    yield Row("… CPU of the server", f"{spent:.2f} of a core")


def _attaching(events: int, rounds: int) -> Iterator[Row]:
    """From exec to the screen, over a server and locally in turns, each with a journal of its own."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder, "here"), Path(folder, "there")
        here.mkdir()
        asyncio.run(write_session(here, events))
        shutil.copytree(here, there)
        local = Screens(here)
        with served(there, "demo") as (pid, port):
            remote = Screens(here, "attach", f"http://127.0.0.1:{port}")
            before = cpu_s(pid)
            for _ in range(rounds):
                local.open()
                remote.open()
            spent = (cpu_s(pid) - before) / rounds
    yield Row("attach: from exec to an empty session", ms(remote.empty_s), f"locally {ms(local.empty_s)}")
    yield Row(
        f"… to the last screen of {events:,} events, beyond an empty one",
        f"{ms(remote.beyond_s)}, locally {ms(local.beyond_s)}",
        f"{ms(ALIKE_S)} more at most",
        remote.beyond_s - local.beyond_s < ALIKE_S,
    )
    yield Row("… CPU of the server for both", ms(spent))


async def _requests(port: int, count: int) -> list[Row]:
    async with _client(port) as client:
        health = await _rate(client, "GET", "/health", count, {})
        chat = await _rate(client, "POST", "/chat", max(20, count // 10), {"query": "what is 6*7"})
        bare = await _bare(count)
    return [
        Row("GET /health", f"{health:.0f}/s", f"a bare FastAPI route: {bare:.0f}/s"),
        Row("POST /chat, the demo, 8 at once", f"{chat:.1f}/s"),
    ]


def _client(port: int) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)


async def _rate(
    client: httpx2.AsyncClient, method: str, path: str, count: int, body: dict[str, str]
) -> float:
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            answer = await client.request(method, path, json=body or None)
            assert answer.status_code == 200, answer.text

    await _once(client, method, path, body)
    began = time.monotonic()
    await asyncio.gather(*(caller() for _ in range(8)))
    return count / (time.monotonic() - began)


async def _once(client: httpx2.AsyncClient, method: str, path: str, body: dict[str, str]) -> None:
    (await client.request(method, path, json=body or None)).raise_for_status()


async def _bare(count: int) -> float:
    code = (
        "import uvicorn, fastapi, sys\napp = fastapi.FastAPI()\n"
        "@app.get('/health')\nasync def health(): return {'status': 'ok'}\n"
        "uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(port))
    try:
        async with _client(port) as client:
            while not await _answers(client):
                await asyncio.sleep(0.05)
            return await _rate(client, "GET", "/health", count, {})
    finally:
        process.kill()
        await process.wait()


async def _answers(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/health")).status_code == 200
    except httpx2.TransportError:
        return False


async def _weights(pid: int, port: int, count: int) -> list[Row]:
    async with _client(port) as client:
        await client.post("/sessions")
        before = rss_mb(pid)
        ids = [(await client.post("/sessions")).json()["id"] for _ in range(count)]
        idle = rss_mb(pid)
        writers = []
        for session_id in ids:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET /sessions/{session_id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            await reader.readuntil(b"session_start")
            writers.append(writer)
        streaming = rss_mb(pid)
        for writer in writers:
            writer.close()
    return [
        Row("memory of an idle session", f"{(idle - before) * 1024 / count:.0f} KB"),
        Row("memory of an event stream", f"{(streaming - idle) * 1024 / count:.0f} KB"),
    ]
