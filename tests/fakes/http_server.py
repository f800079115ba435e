"""The real server on a real socket of loopback, in this process, which tests can stop and start again."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

from agent_tui.runtime.runtime import Runtime
from agent_tui.server.app import create_app
from agent_tui.server.settings import ServeSettings
from tests.fakes.awake import keep_awake
from tests.fakes.listening import accept_nobody


class HttpServer:
    """Serves a runtime, which it does not close.

    Args:
        runtime: What is served.
        settings: Host and port in them are not looked at.
        port: Where to listen; 0 takes a free one.
    """

    def __init__(self, runtime: Runtime, settings: ServeSettings | None = None, *, port: int = 0) -> None:
        app = create_app(runtime, settings or ServeSettings(access_log=False))
        config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        keep_awake()
        self._server = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", port))
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> HttpServer:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            await asyncio.sleep(0.005)
            if self._task.done():
                await self._task
        return self

    async def stop(self) -> None:
        """Ends at once: connections are cut."""
        assert self._task is not None
        await accept_nobody(self._server.servers)
        self._server.should_exit = True
        while not self._task.done():
            self.cut()
            await asyncio.sleep(0.01)
        await self._task

    def cut(self) -> None:
        """Breaks every connection that is open, without a word."""
        for connection in list(self._server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()  # type: ignore[attr-defined]
