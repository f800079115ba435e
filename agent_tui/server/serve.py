"""Runs the application on a socket, and ends it in good order when a signal asks for it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator

import uvicorn

from agent_tui.errors import AgentTuiError, ConfigError
from agent_tui.runtime.runtime import Runtime
from agent_tui.server.app import create_app
from agent_tui.server.connection import Connection
from agent_tui.server.context import Context
from agent_tui.server.settings import ServeSettings

_log = logging.getLogger(__name__)

AT_ONCE = 130
"""Exit code after a second signal."""

BACKLOG = 2048
_LAST_WORDS_S = 3
_GC = (20_000, 20, 50)
"""Full collections are long where many sessions keep their events, and find next to nothing."""


class Server(uvicorn.Server):
    """uvicorn, with signals, its end, and what is said of a failed start left to ``serve``."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen.

        Raises:
            ConfigError: The address cannot be listened on.
            AgentTuiError: Something else kept the application from starting.
        """
        try:
            await super().startup(sockets)
        except SystemExit as left:  # uvicorn's way, with an exit code that means something else here
            cause = left.__context__
            if isinstance(cause, OSError):
                raise _not_listening(self.config, cause) from cause
            raise AgentTuiError("the server could not start", hint="its log says why") from cause


def _not_listening(config: uvicorn.Config, error: OSError) -> ConfigError:
    number = error.errno or 0
    reason = os.strerror(number) if number > 0 else error.strerror or str(error)  # below 0: of a name
    return ConfigError(
        f"cannot listen on {config.host} port {config.port}: {reason}",
        hint="choose another --host or --port, or end what listens there",
        code="server_address",
    )


def make_server(runtime: Runtime, settings: ServeSettings) -> Server:
    """A server that is ready to run; see ``create_app`` for the errors."""
    app = create_app(runtime, settings)
    return Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=Connection,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=_LAST_WORDS_S,
        )
    )


def serve(
    open_runtime: Callable[[], Awaitable[Runtime]],
    settings: ServeSettings,
    *,
    say: Callable[[str], None] | None = None,
) -> int:
    """Serves until SIGTERM or SIGINT, and returns the exit code.

    Args:
        open_runtime: Makes the runtime, inside the event loop that serves.
        say: Is told the address once it can be called, and what happens at the end.
    """
    settings.check()
    _log_requests(settings)
    return asyncio.run(_serve(open_runtime, settings, say or (lambda _line: None)))


async def _serve(
    open_runtime: Callable[[], Awaitable[Runtime]], settings: ServeSettings, say: Callable[[str], None]
) -> int:
    runtime = await open_runtime()
    server = make_server(runtime, settings)
    asked = asyncio.Event()
    with _signals(asked):
        serving = asyncio.create_task(server.serve())
        waiting = asyncio.create_task(asked.wait())
        ready = asyncio.create_task(_announce(server, settings, say))
        try:
            await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                say(f"stopping: what runs has {settings.grace_s:g} s; a second signal ends it at once")
            await stop(runtime, server)
            await serving
        finally:
            for task in (waiting, ready):
                task.cancel()
    return 0 if server.started else 1


async def stop(runtime: Runtime, server: Server) -> None:
    """Takes no more work, lets runs end or cancels them, ends the streams, then the server."""
    context: Context = server.config.app.state.context  # type: ignore[union-attr]
    context.sessions.draining = True
    await runtime.aclose(grace_s=context.settings.grace_s)
    await context.sessions.settle()
    server.should_exit = True


async def _announce(server: Server, settings: ServeSettings, say: Callable[[str], None]) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    gc.freeze()  # what is loaded by now stays: looking at it again would stop every stream for a moment
    gc.set_threshold(*_GC)
    port = server.servers[0].sockets[0].getsockname()[1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    say(f"listening on http://{host}:{port}")


@contextlib.contextmanager
def _signals(asked: asyncio.Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask; asked twice, the process ends there and then."""
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if asked.is_set():
            os._exit(AT_ONCE)
        asked.set()

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _log_requests(settings: ServeSettings) -> None:
    """Writes the access log to stdout; it is no part of the program's own log file."""
    logger = logging.getLogger("agent_tui.server.access")
    logger.propagate = False
    if settings.access_log:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
