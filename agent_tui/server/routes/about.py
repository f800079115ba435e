"""The server itself: whether it lives, what it offers, how it fares."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from agent_tui import __version__
from agent_tui.server.bodies import HealthOut, ModelOut, ModelsOut, ToolOut, ToolsOut
from agent_tui.server.context import Server
from agent_tui.server.settings import OWNER

router = APIRouter(tags=["server"])


@router.get("/health")
async def health(server: Server) -> HealthOut:
    """Needs no token."""
    return HealthOut(status="stopping" if server.sessions.draining else "ok", version=__version__)


@router.get("/models")
async def models(server: Server) -> ModelsOut:
    """Models that can be named; which are usable now and, if not, why."""
    return ModelsOut(models=[ModelOut(**asdict(model)) for model in await server.runtime.models()])


@router.get("/tools")
async def tools(server: Server) -> ToolsOut:
    """The tools of a new session."""
    if not server.catalogue:
        info = await server.sessions.create(OWNER, None)
        try:
            server.catalogue.extend(await server.runtime.tools(info.id))
        finally:
            await server.sessions.let_go(info.id)
            await server.runtime.delete(info.id)
    return ToolsOut(tools=[ToolOut.of(tool) for tool in server.catalogue])


@router.get("/stats")
async def stats(server: Server) -> dict[str, Any]:
    """Counts and times since the server began, in milliseconds where a name ends in ``_ms``."""
    return server.metrics.stats(server.sessions)


@router.get("/cache/stats")
async def cache_stats(server: Server) -> dict[str, Any]:
    """How often a model call was answered from a cache, the provider's or ours."""
    return server.metrics.cache()


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(server: Server) -> Response:
    """The same for Prometheus."""
    text, media_type = server.metrics.prometheus(server.sessions)
    return Response(text, media_type=media_type)
