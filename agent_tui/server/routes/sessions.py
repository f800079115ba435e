"""``/sessions``: making, listing, naming, copying and deleting them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from agent_tui.server.bodies import (
    ChangedSession,
    ForkBody,
    Name,
    NewSession,
    SessionOut,
    SessionsOut,
)
from agent_tui.server.context import Server, Tenant
from agent_tui.server.problems import Refused
from agent_tui.server.settings import OWNER

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.post("", status_code=201)
async def create_session(server: Server, tenant: Tenant, body: NewSession | None = None) -> SessionOut:
    """Makes a session in the server's folder."""
    wanted = body or NewSession()
    _check_model(wanted.model)
    info = await server.sessions.create(tenant, wanted.model)
    if wanted.title:
        await server.runtime.set_title(info.id, wanted.title)
        info = replace(info, title=wanted.title)
    return SessionOut.of(info)


@router.get("")
async def list_sessions(
    server: Server,
    tenant: Tenant,
    query: Annotated[str, Query(max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> SessionsOut:
    """The sessions in which something was said, the one last used first; ``query`` searches in them."""
    found = await server.sessions.list(tenant, query=query, limit=limit)
    return SessionsOut(sessions=[SessionOut.of(info) for info in found])


@router.get("/{session_id}")
async def get_session(server: Server, tenant: Tenant, session_id: Name) -> SessionOut:
    """One session, which is opened if it was not."""
    async with server.sessions.using(tenant, session_id) as full:
        return SessionOut.of(await server.sessions.info(full))


@router.patch("/{session_id}")
async def change_session(
    server: Server, tenant: Tenant, session_id: Name, body: ChangedSession
) -> SessionOut:
    """Renames a session, or gives its next run another model."""
    _check_model(body.model)
    async with server.sessions.using(tenant, session_id) as full:
        if body.model is not None:
            await server.runtime.set_model(full, body.model)
        if body.title is not None:
            await server.runtime.set_title(full, body.title)
        return SessionOut.of(await server.sessions.info(full))


@router.delete("/{session_id}", status_code=204)
async def delete_session(server: Server, tenant: Tenant, session_id: Name) -> Response:
    """Cancels what runs in a session and deletes it; until the server ends it can be restored."""
    full = await server.sessions.find(tenant, session_id)
    await server.sessions.let_go(full)
    await server.runtime.delete(full)
    return Response(status_code=204)


@router.post("/{session_id}/restore", status_code=204)
async def restore_session(server: Server, tenant: Tenant, session_id: Name) -> Response:
    """Undoes a delete."""
    await server.sessions.restore(tenant, session_id)
    return Response(status_code=204)


@router.post("/{session_id}/clear", status_code=204)
async def clear_session(server: Server, tenant: Tenant, session_id: Name) -> Response:
    """The next prompt starts from an empty history. Nothing is deleted."""
    async with server.sessions.using(tenant, session_id) as full:
        await server.runtime.clear(full)
    return Response(status_code=204)


@router.post("/{session_id}/close", status_code=204)
async def close_session(server: Server, tenant: Tenant, session_id: Name) -> Response:
    """Cancels what runs in a session and frees its memory; it stays stored."""
    await server.sessions.let_go(await server.sessions.find(tenant, session_id))
    return Response(status_code=204)


@router.post("/{session_id}/fork", status_code=201)
async def fork_session(
    server: Server, tenant: Tenant, session_id: Name, body: ForkBody | None = None
) -> SessionOut:
    """A new session that begins with this one's events, up to number ``at``."""
    server.sessions.check_taking()
    full = await server.sessions.find(tenant, session_id)
    info = await server.runtime.fork(full, body.at if body else None)
    await server.sessions.adopt(info, tenant)
    return SessionOut.of(info)


@router.post("/{session_id}/trust", status_code=204)
async def trust_folder(server: Server, tenant: Tenant, session_id: Name) -> Response:
    """Loads the tools that the session's folder brings. Only the owner of the server may."""
    async with server.sessions.using(tenant, session_id) as full:
        if tenant != OWNER:
            raise Refused(403, "forbidden", "only the owner of the server trusts folders")
        await server.runtime.trust(full)
    return Response(status_code=204)


def _check_model(model: str | None) -> None:
    """Refuses a script: its answers are a file of this machine, from wherever, and would be read out.

    Raises:
        Refused: It is one.
    """
    if model is not None and model.strip().startswith("script:"):
        raise Refused(
            403,
            "forbidden",
            "a script is a file of the server, and none of its sessions may choose one",
            hint="start the server with it: agent-tui serve -m script:FILE",
        )
