"""What happened in a session: as a stream, as lines, as a snapshot."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from agent_tui.events import codec
from agent_tui.server.bodies import Name
from agent_tui.server.context import Server, Tenant
from agent_tui.server.sse import EventStream, resume_from

router = APIRouter(prefix="/sessions/{session_id}", tags=["events"])

After = Annotated[int | None, Query(ge=0, le=10**15, description="Only events with a higher seq.")]

LastEventId = Annotated[
    str,
    Header(
        description="`id:` of the last event that was seen.", json_schema_extra={"pattern": "^[0-9]{0,15}$"}
    ),
]


@router.get(
    "/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "`id:` is `seq`"}},
)
async def stream_events(
    server: Server,
    tenant: Tenant,
    session_id: Name,
    after: After = None,
    last_event_id: LastEventId = "",
    accept_encoding: Annotated[str, Header()] = "",
) -> Response:
    """Every event after ``Last-Event-ID``, else after ``after``, else from the first on, as they come."""
    async with server.sessions.using(tenant, session_id) as full:
        last = (await server.sessions.info(full)).last_seq
        position = resume_from(last_event_id, after, last)
        return EventStream(server.sessions, full, position, compress=accepts_gzip(accept_encoding))


@router.get(
    "/log",
    response_class=Response,
    responses={200: {"content": {"application/x-ndjson": {}}, "description": "One event a line"}},
)
async def read_log(
    server: Server,
    tenant: Tenant,
    session_id: Name,
    after: Annotated[int, Query(ge=0, le=10**15)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 2000,
) -> Response:
    """Up to ``limit`` stored events with ``seq > after``; the session is not opened."""
    full = await server.sessions.find(tenant, session_id)
    events = await server.runtime.events(full, after, limit)
    lines = await asyncio.to_thread(lambda: b"".join(codec.encode(event) + b"\n" for event in events))
    return Response(lines, media_type="application/x-ndjson")


@router.get(
    "/state",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}, "description": "The view, and its `seq`"}},
)
async def get_state(server: Server, tenant: Tenant, session_id: Name) -> Response:
    """The session as of event ``seq``; the stream after that goes on from it."""
    async with server.sessions.using(tenant, session_id) as full:
        return Response(await server.snapshots.of(full), media_type="application/json")


def accepts_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` takes gzip."""
    for part in header.lower().split(","):
        name, _, parameter = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return parameter.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
