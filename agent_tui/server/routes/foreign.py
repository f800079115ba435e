"""The same runs in the vocabularies of others; the translating is done in ``projections``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine, Iterable
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any, Protocol, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field, StrictBool
from sse_starlette.event import ServerSentEvent

from agent_tui.errors import AgentTuiError
from agent_tui.events import types as ev
from agent_tui.server.answering import Answering
from agent_tui.server.ask import collect, run_events, session_for, unless_gone
from agent_tui.server.bodies import WHOLE, Name, Text
from agent_tui.server.context import Context, Server, Tenant
from agent_tui.server.problems import without_paths
from agent_tui.server.projections.agent import AgentStream, agent_reply, session_usage
from agent_tui.server.projections.api_v1 import ChunkStream, failed_chunk
from agent_tui.server.projections.chat import chat_reply, multi_agent_reply

router = APIRouter()

PAGE = 2000


class AgentQuery(BaseModel):
    message: Text
    session_id: Name | None = None
    stream: StrictBool = False


class ChatQuery(BaseModel):
    query: Text
    task_type: Name | None = None
    session_id: Name | None = None


class ChatBatch(BaseModel):
    queries: Annotated[list[Text], Field(min_length=1, max_length=100)]
    concurrency: Annotated[int, Field(ge=1, le=16), WHOLE] = 4


class TaskQuery(BaseModel):
    query: Text


class AgentChat(BaseModel):
    message: Text
    stream: StrictBool = True
    session_id: Name | None = None


@router.post(
    "/agent/query",
    tags=["agent"],
    responses={200: {"content": {"text/event-stream": {}}, "description": "As JSON, or as a stream"}},
)
async def agent_query(server: Server, tenant: Tenant, body: AgentQuery, request: Request) -> Any:
    """One prompt, its answer and what it took; as a stream if ``stream`` asks for one."""
    if body.stream:
        return await agent_query_stream(server, tenant, body)
    async with session_for(server, tenant, body.session_id) as session_id:
        result = await unless_gone(request, collect(server, session_id, body.message))
        return agent_reply(result, session_id)


@router.post("/agent/query-stream", tags=["agent"], response_class=Response)
async def agent_query_stream(server: Server, tenant: Tenant, body: AgentQuery) -> Response:
    """The run as ``text``, ``thinking``, ``tool_call`` … and at last a comment ``: done``."""
    used = AsyncExitStack()
    session_id = await used.enter_async_context(session_for(server, tenant, body.session_id))
    return Answering(_agent_stream(server, session_id, body.message), server.settings, used)


async def _agent_stream(
    server: Context, session_id: str, text: str
) -> AsyncGenerator[ServerSentEvent, None]:
    try:
        async with aclosing(_projected(server, session_id, text, AgentStream(session_id))) as chunks:
            async for chunk in chunks:
                yield _sse(_json(chunk), event=chunk["type"])
    except AgentTuiError as error:
        failure = {"type": "error", "code": error.code, "message": without_paths(str(error))}
        yield _sse(_json(failure | {"retrying": False}), event="error")
    yield _sse(comment="done")


@router.get("/agent/usage/{session_id}", tags=["agent"])
async def agent_usage(server: Server, tenant: Tenant, session_id: Name) -> dict[str, Any]:
    """What all runs of a session took."""
    full = await server.sessions.find(tenant, session_id)
    ends: list[ev.Event] = []
    after = 0
    while events := await server.runtime.events(full, after, PAGE):
        ends += [event for event in events if isinstance(event, ev.RunDone)]
        after = events[-1].seq
    return {"session_id": full} | session_usage(ends)


@router.post("/chat", tags=["chat"])
async def chat(server: Server, tenant: Tenant, body: ChatQuery, request: Request) -> dict[str, Any]:
    """One question, one answer."""
    async with session_for(server, tenant, body.session_id, keep=False) as session_id:
        result = await unless_gone(request, collect(server, session_id, body.query))
        return chat_reply(result, session_id=session_id, task_type=body.task_type)


@router.post("/chat/batch", tags=["chat"])
async def chat_batch(server: Server, tenant: Tenant, body: ChatBatch, request: Request) -> dict[str, Any]:
    """Several questions at once, each in a session of its own; the answers stand in their order."""
    turns = asyncio.Semaphore(body.concurrency)

    async def one(query: str) -> dict[str, Any]:
        async with turns:
            try:
                async with session_for(server, tenant, None, keep=False) as session_id:
                    result = await collect(server, session_id, query)
                    return chat_reply(result, session_id=session_id, task_type=None)
            except AgentTuiError as error:
                return {"error": {"code": error.code, "detail": without_paths(str(error))}}

    results = await unless_gone(request, _together(one(query) for query in body.queries))
    return {"results": results}


async def _together(work: Iterable[Coroutine[None, None, dict[str, Any]]]) -> list[dict[str, Any]]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
    return [task.result() for task in tasks]


@router.post("/chat/multi-agent", tags=["chat"])
async def chat_multi_agent(
    server: Server, tenant: Tenant, body: TaskQuery, request: Request
) -> dict[str, Any]:
    """A task for the agent there is."""
    async with session_for(server, tenant, None, keep=False) as session_id:
        return multi_agent_reply(await unless_gone(request, collect(server, session_id, body.query)))


@router.post("/api/v1/agents/{agent_id}/chat/stream", tags=["agents"], response_class=Response)
async def agent_chat(
    server: Server,
    tenant: Tenant,
    _agent_id: Annotated[str, Path(alias="agent_id", pattern=r"^[\w.-]{1,64}$")],
    body: AgentChat,
    request: Request,
) -> Response:
    """The run as chunks, or as one JSON list of them. Every id means the one agent there is."""
    used = AsyncExitStack()
    session_id = await used.enter_async_context(session_for(server, tenant, body.session_id))
    if body.stream:
        return Answering(_chunk_stream(server, session_id, body.message), server.settings, used)
    async with used:
        chunks = await unless_gone(request, _chunks(server, session_id, body.message))
    return Response(_json(chunks), media_type="application/json")


async def _chunks(server: Context, session_id: str, text: str) -> list[dict[str, Any]]:
    async with aclosing(_projected(server, session_id, text, ChunkStream())) as chunks:
        return [chunk async for chunk in chunks]


async def _chunk_stream(
    server: Context, session_id: str, text: str
) -> AsyncGenerator[ServerSentEvent, None]:
    try:
        async with aclosing(_projected(server, session_id, text, ChunkStream())) as chunks:
            async for chunk in chunks:
                yield _sse(_json(chunk))
    except AgentTuiError as error:
        yield _sse(_json(failed_chunk(without_paths(str(error)))))


class Projection(Protocol):
    """Translates one run, event by event."""

    def after(self, event: ev.Event) -> tuple[Self, list[dict[str, Any]]]: ...


async def _projected(
    server: Context, session_id: str, text: str, projection: Projection
) -> AsyncGenerator[dict[str, Any], None]:
    async with aclosing(run_events(server, session_id, text)) as events:
        async for event in events:
            projection, chunks = projection.after(event)
            for chunk in chunks:
                yield chunk


def _sse(
    data: str | None = None, *, event: str | None = None, comment: str | None = None
) -> ServerSentEvent:
    return ServerSentEvent(data, event=event, comment=comment, sep="\n")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
