"""What is done in a session: prompts, steering, cancels, approvals, tool calls."""

from __future__ import annotations

from fastapi import APIRouter

from agent_tui.server.bodies import (
    AnsweredOut,
    ApprovalBody,
    CancelBody,
    CancelledOut,
    Name,
    NewRun,
    NewShell,
    NewToolCall,
    SteerBody,
    SteeredOut,
    SubmittedOut,
    ToolOut,
    ToolsOut,
    UnqueuedOut,
)
from agent_tui.server.context import Server, Tenant

router = APIRouter(prefix="/sessions/{session_id}", tags=["runs"])


@router.post("/runs", status_code=202)
async def submit(server: Server, tenant: Tenant, session_id: Name, body: NewRun) -> SubmittedOut:
    """Starts a run; while one is going the prompt waits, or is refused with 409 if ``queue`` is false."""
    server.sessions.check_taking()
    async with server.sessions.using(tenant, session_id) as full:
        return SubmittedOut.of(await server.runtime.submit(full, body.input, queue=body.queue))


@router.post("/shell", status_code=202)
async def run_shell(server: Server, tenant: Tenant, session_id: Name, body: NewShell) -> SubmittedOut:
    """Runs a person's own command, where the server allows tools of high risk."""
    server.sessions.check_taking()
    async with server.sessions.using(tenant, session_id) as full:
        return SubmittedOut.of(await server.runtime.run_shell(full, body.command))


@router.delete("/queue/{prompt_id}")
async def unqueue(server: Server, tenant: Tenant, session_id: Name, prompt_id: Name) -> UnqueuedOut:
    """Takes a waiting prompt back."""
    async with server.sessions.using(tenant, session_id) as full:
        return UnqueuedOut(text=await server.runtime.unqueue(full, prompt_id))


@router.post("/cancel")
async def cancel(
    server: Server, tenant: Tenant, session_id: Name, body: CancelBody | None = None
) -> CancelledOut:
    """Stops the run; answers when its ``run_done`` is written."""
    async with server.sessions.using(tenant, session_id) as full:
        wanted = body or CancelBody()
        cancelled = await server.runtime.cancel(full, by=wanted.by or tenant, run_id=wanted.run_id)
        return CancelledOut(cancelled=cancelled)


@router.post("/steer")
async def steer(server: Server, tenant: Tenant, session_id: Name, body: SteerBody) -> SteeredOut:
    """Gives text to the model at its next step."""
    async with server.sessions.using(tenant, session_id) as full:
        return SteeredOut(steered=await server.runtime.steer(full, body.text))


@router.post("/approvals/{call_id}")
async def answer(
    server: Server, tenant: Tenant, session_id: Name, call_id: Name, body: ApprovalBody
) -> AnsweredOut:
    """Answers an approval. The first answer counts; who gave it is told by ``approval_result``."""
    async with server.sessions.using(tenant, session_id) as full:
        accepted = await server.runtime.answer(
            full, call_id, body.decision, feedback=body.feedback, by=body.by or tenant
        )
        return AnsweredOut(accepted=accepted)


@router.get("/tools")
async def session_tools(server: Server, tenant: Tenant, session_id: Name) -> ToolsOut:
    """The tools to be had in this session."""
    async with server.sessions.using(tenant, session_id) as full:
        return ToolsOut(tools=[ToolOut.of(tool) for tool in await server.runtime.tools(full)])


@router.post("/tools/{name}", status_code=202)
async def call_tool(
    server: Server, tenant: Tenant, session_id: Name, name: Name, body: NewToolCall | None = None
) -> SubmittedOut:
    """Runs a tool under the same policy as the model's calls; what it says comes as events."""
    server.sessions.check_taking()
    async with server.sessions.using(tenant, session_id) as full:
        args: dict[str, object] = dict(body.args) if body else {}
        return SubmittedOut.of(await server.runtime.call_tool(full, name, args))
