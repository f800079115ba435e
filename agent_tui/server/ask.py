"""One prompt, asked and followed to its end by one request: what the endpoints of others are made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from fastapi import Request

from agent_tui.errors import NotFoundError
from agent_tui.events import types as ev
from agent_tui.server.context import Context
from agent_tui.server.problems import Refused
from agent_tui.server.projections.result import RunResult

T = TypeVar("T")

NOBODY = "nobody is there to ask: this request cannot answer; use a session and its approvals"


@asynccontextmanager
async def session_for(
    server: Context, tenant: str, session_id: str | None, *, model: str | None = None, keep: bool = True
) -> AsyncIterator[str]:
    """The session of a request: the one it names, or a new one, which is let go unless ``keep``."""
    server.sessions.check_taking()
    made = None if session_id else (await server.sessions.create(tenant, model)).id
    try:
        async with server.sessions.using(tenant, session_id or made or "") as full:
            yield full
    finally:
        if made and not keep:
            await server.sessions.let_go(made)


async def run_events(server: Context, session_id: str, text: str) -> AsyncGenerator[ev.Event, None]:
    """The events of one run from ``run_start`` to ``run_done``.

    Closed before its end, it cancels the run: nobody else asked for it. A question that nobody can
    see is answered with no.

    Raises:
        Refused: The prompt waited for its turn and was taken back.
    """
    runtime = server.runtime
    after = (await server.sessions.info(session_id)).last_seq
    submitted = await runtime.submit(session_id, text)
    run_id, done = submitted.run_id, False
    starting = False
    try:
        async with aclosing(_events(server, session_id, after)) as events:
            async for event in events:
                if isinstance(event, ev.PromptUnqueued) and event.prompt_id == submitted.prompt_id:
                    if event.reason == "removed":
                        done = True
                        raise Refused(409, "conflict", "the prompt was taken back before its turn came")
                    starting = True
                if starting and run_id is None and isinstance(event, ev.RunStart):
                    run_id = event.run_id
                if run_id is None or event.run_id != run_id:
                    continue
                if isinstance(event, ev.ApprovalRequest) and not server.sessions.followed(session_id):
                    await runtime.answer(session_id, event.call_id, "deny", feedback=NOBODY, by="server")
                done = isinstance(event, ev.RunDone)
                yield event
                if done:
                    return
    finally:
        if not done:
            # On its own, as what is cancelled itself cannot wait for another's end.
            server.spawn(_give_up(server, session_id, run_id, submitted.prompt_id))


async def _events(server: Context, session_id: str, after: int) -> AsyncGenerator[ev.Event, None]:
    async for batch in server.runtime.follow(session_id, after):
        for event in batch:
            yield event


async def _give_up(server: Context, session_id: str, run_id: str | None, prompt_id: str | None) -> None:
    try:
        if run_id is not None:
            await server.runtime.cancel(session_id, by="client gone")
        elif prompt_id is not None:
            await server.runtime.unqueue(session_id, prompt_id)
    except NotFoundError:
        return  # the session was closed, and what ran in it was cancelled


async def unless_gone(request: Request, work: Coroutine[None, None, T]) -> T:
    """What ``work`` returns; it is cancelled if the client goes away before.

    Raises:
        Refused: The client went away.
    """
    run = asyncio.create_task(work)
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait([run, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not run.done():
            raise Refused(499, "client_gone", "the client went away")
        return run.result()
    finally:
        for task in (run, leaving):
            task.cancel()
        await asyncio.gather(run, leaving, return_exceptions=True)


async def collect(server: Context, session_id: str, text: str) -> RunResult:
    """The result of one run.

    Raises:
        Refused: The run failed, or was cancelled.
    """
    result = RunResult()
    async with aclosing(run_events(server, session_id, text)) as events:
        async for event in events:
            result = result.after(event)
    if result.status is None:
        raise Refused(503, "shutting_down", "the session was closed before its run ended", retry_after_s=5)
    if (failure := result.failure) is not None:
        raise run_failure(failure)
    return result


def run_failure(error: ev.ErrorInfo) -> Refused:
    """What a request is told of a run that gave no answer."""
    status = {"run_cancelled": 409, "config": 422, "model_auth": 502, "internal": 500}.get(
        error.code, 503 if error.retryable else 502
    )
    message = error.message if error.code != "internal" else "the run failed by a defect; the log has it"
    return Refused(status, error.code, message, retry_after_s=5 if error.retryable else None)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
