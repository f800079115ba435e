"""The whole server over a real core and a real journal, on a real socket, and clients that are not ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2

from agent_tui.config.load import load
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.runtime.build import build_runtime
from agent_tui.runtime.local import LocalRuntime
from agent_tui.server.context import Context
from agent_tui.server.serve import Server, make_server, stop
from agent_tui.server.settings import ServeSettings
from tests.fakes.awake import keep_awake
from tests.fakes.listening import accept_nobody

SETTINGS = ServeSettings(port=0, access_log=False, grace_s=0.0)


@dataclass(slots=True)
class Served:
    """A running server, and a client of it."""

    runtime: LocalRuntime
    server: Server
    port: int
    client: httpx2.AsyncClient
    _task: asyncio.Task[None]

    @property
    def context(self) -> Context:
        context: Context = self.server.config.app.state.context  # type: ignore[union-attr]
        return context

    async def session(self, **headers: str) -> str:
        answer = await self.client.post("/sessions", headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def run(self, session_id: str, text: str = "what is 6*7") -> list[ev.Event]:
        """Runs a prompt to its end; all events of the session."""
        answer = await self.client.post(f"/sessions/{session_id}/runs", json={"input": text})
        assert answer.status_code == 202, answer.text
        return await self.until(session_id, "run_done")

    async def until(self, session_id: str, kind: str, after: int = 0) -> list[ev.Event]:
        """Events up to the first of that type."""
        events = []
        async with self.client.stream("GET", f"/sessions/{session_id}/events?after={after}") as answer:
            assert answer.status_code == 200, await answer.aread()
            async for frame in frames(answer.aiter_bytes()):
                if "data" in frame:
                    events.append(codec.decode(frame["data"]))
                    if events[-1].type == kind:
                        return events
        raise AssertionError(f"no {kind} came: {[event.type for event in events]}")

    async def aclose(self) -> None:
        await self.client.aclose()
        if not self._task.done():
            await stop(self.runtime, self.server)
            await self._task

    async def kill(self) -> None:
        """The end without a word: connections are cut and nothing is closed in order."""
        await accept_nobody(self.server.servers)
        self.server.force_exit = self.server.should_exit = True
        for connection in list(self.server.server_state.connections):
            connection.transport.abort()  # type: ignore[union-attr]
        await self._task
        await self.client.aclose()


async def start(
    folder: Path,
    turns: Sequence[object] = (),
    *,
    port: int = 0,
    high_risk: bool = True,
    tps: str = "0",
    **settings: Any,
) -> Served:
    """A server of ``folder`` whose model plays ``turns``, or is the demo."""
    flags = {"model.name": "demo", "retry.first_delay_s": 0.0}
    if turns:
        (folder / "script.json").write_text(json.dumps(turns))
        flags["model.name"] = "script:script.json"
    env = {"AGENT_TUI_HOME": str(folder / "home"), "AGENT_TUI_DEMO_TPS": tps}
    runtime = await build_runtime(load(folder, env, flags), served=True, high_risk=high_risk)
    chosen = replace(SETTINGS, owners_file=folder / "owners.jsonl", **{"port": port, **settings})
    keep_awake()
    server = make_server(runtime, chosen)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
        if task.done():
            await task
    port = server.servers[0].sockets[0].getsockname()[1]
    client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)
    return Served(runtime, server, port, client, task)


@asynccontextmanager
async def serving(folder: Path, turns: Sequence[object] = (), **options: Any) -> AsyncIterator[Served]:
    """``start``, and its end."""
    served = await start(folder, turns, **options)
    try:
        yield served
    finally:
        await served.aclose()


async def frames(chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, str]]:
    """The frames of an event stream by the letter of the specification: fields, and ``comment``."""
    frame: dict[str, str] = {}
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if not line.strip():
                if frame:
                    yield frame
                frame = {}
                continue
            name, _, value = line.decode().partition(":")
            name, value = name or "comment", value.removeprefix(" ")
            frame[name] = f"{frame[name]}\n{value}" if name in frame else value
