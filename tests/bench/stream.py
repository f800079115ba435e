"""Streaming: what 5,000 and 20,000 tokens of markdown cost on the screen, beyond the provider's client."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import FakeGemini, Pty, Row, agent_tui, cpu_s, rss_mb, under
from tests.bench.start import PROMPT_MARK

CLIENT = """
import asyncio, os, sys, time
from contextlib import aclosing
from pathlib import Path
from agent_tui.llm.router import make_client
from agent_tui.llm.messages import user
async def main():
    client = make_client("gemini:gemini-2.5-flash", os.environ, Path("."))
    await client.warm_up()
    began = time.process_time()
    count = 0
    async with aclosing(client.stream([user("go")])) as parts:
        async for part in parts:
            count += 1
    print(count, time.process_time() - began)
    await client.aclose()
asyncio.run(main())
"""
SDK = """
import asyncio, os, time
from google import genai
async def main():
    client = genai.Client(api_key=os.environ["GEMINI_API_KEY"], http_options={"api_version": "v1beta"})
    began = time.process_time()
    count = 0
    stream = await client.aio.models.generate_content_stream(model="gemini-2.5-flash", contents="go")
    async for chunk in stream:
        count += 1
    print(count, time.process_time() - began)
asyncio.run(main())
"""
CASES = [
    ("5,000 at 200/s", "markdown:5000@200", 4.0),
    ("5,000 flat out", "markdown:5000", 0.6),
    ("20,000 flat out", "markdown:20000", 2.0),
]


def client_cpu_s(reply: str, code: str = CLIENT) -> float:
    """CPU seconds that the provider's client alone takes to read a reply: ours, or Google's as it comes."""
    with FakeGemini(reply) as server:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**server.env, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout.split()[1])


def screen_cpu_s(reply: str, cwd: Path, *args: str) -> tuple[float, float, int]:
    """CPU seconds of the shell for one answer, its memory after it, and the bytes it printed."""
    with FakeGemini(reply) as server, Pty(agent_tui(*args), cwd=cwd, env=server.env) as program:
        program.seen(PROMPT_MARK)
        program.quiet(1.0)
        cpu, printed = cpu_s(program.pid), program.offset
        sent = program.write("go\r")
        server.when("done", sent)
        program.quiet(0.5)
        return cpu_s(program.pid) - cpu, rss_mb(program.pid), program.offset - printed


def run(*, quick: bool = False) -> Iterator[Row]:
    cases = CASES[1:2] if quick else CASES
    for name, reply, budget in cases:
        with tempfile.TemporaryDirectory() as folder:
            sdk, client = client_cpu_s(reply, SDK), client_cpu_s(reply)
            whole, memory, printed = screen_cpu_s(reply, Path(folder))
        yield Row(f"{name}: Google's SDK alone, our client alone", f"{sdk:.2f}, {client:.2f} CPU s")
        yield under(
            f"{name}: beyond the client", whole - client, budget, lambda value: f"{value:.2f} CPU s"
        )
        yield Row(f"{name}: memory, bytes to the terminal", f"{memory:.0f} MB, {printed / 1e6:.2f} MB")
