"""The application: routes, what guards them, and what runs beside them.

Beside the paths that the contract names there are those that a ``Runtime`` over HTTP needs:
``PATCH /sessions/{id}`` (title, model), ``POST …/restore``, ``…/close``, ``…/fork``, ``…/trust``,
``…/shell``, ``DELETE …/queue/{prompt_id}``, ``GET …/tools``, and ``GET …/log`` (stored events, one a line).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from agent_tui import __version__
from agent_tui.runtime.runtime import Runtime
from agent_tui.server import problems
from agent_tui.server.bodies import Problem
from agent_tui.server.context import Context
from agent_tui.server.gate import Gate
from agent_tui.server.metrics import Metrics
from agent_tui.server.owners import Owners
from agent_tui.server.routes import about, events, foreign, runs, sessions
from agent_tui.server.sessions import Sessions
from agent_tui.server.settings import ServeSettings
from agent_tui.server.snapshot import Snapshots

_log = logging.getLogger(__name__)

ROUTERS: tuple[APIRouter, ...] = (about.router, sessions.router, runs.router, events.router, foreign.router)
_TICK_S = 1.0
_EXPIRY_S = 30.0


def create_app(runtime: Runtime, settings: ServeSettings) -> FastAPI:
    """The server's application over a runtime, which it does not close.

    Raises:
        ConfigError: The settings would let strangers in, or one of them is wrong.
        StorageError: The file of owners cannot be read.
    """
    settings.check()
    metrics = Metrics()
    held = Sessions(runtime, settings, Owners(settings.owners_file), metrics.watch)
    context = Context(runtime, settings, held, metrics, Snapshots(runtime))
    app = FastAPI(
        title="agent-tui",
        version=__version__,
        description="Sessions of an AI agent: prompts in, numbered events out.",
        lifespan=_lifespan,
        responses={status: _documented(text) for status, text in _PROBLEMS.items()},
    )
    app.state.context = context
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "last-event-id", "x-request-id"],
            expose_headers=["x-request-id", "retry-after"],
        )
    app.add_middleware(Gate, settings=settings)
    return app


_PROBLEMS: dict[int | str, str] = {
    400: "The request is not one",
    401: "No token, or a wrong one",
    403: "Not from there, or not for you",
    404: "There is no such thing, or it is not yours",
    408: "The request did not come in time",
    409: "The session is in a state that does not allow this",
    413: "The request is too large",
    421: "The server is not called that",
    422: "The request does not fit",
    429: "Too many requests or streams; see Retry-After",
    503: "The server is stopping, or full",
}


def _documented(description: str) -> dict[str, Any]:
    schema = Problem.model_json_schema()
    return {"description": description, "content": {problems.MEDIA_TYPE: {"schema": schema}}}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    context: Context = app.state.context
    task = asyncio.create_task(_tend(context.sessions))
    try:
        yield {}
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _tend(held: Sessions) -> None:
    """Lets streams look at the time, and lets go of sessions that nobody uses."""
    clock = asyncio.get_running_loop().time
    expiry = clock() + _EXPIRY_S
    while True:
        await asyncio.sleep(min(_TICK_S, held.settings.ping_s / 3))
        held.wake()
        if clock() >= expiry:
            expiry = clock() + _EXPIRY_S
            try:
                await held.expire()
            except Exception:  # noqa: BLE001 - streams would get no pings any more
                _log.exception("idle sessions were not closed")
