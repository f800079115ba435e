"""One open session: its log, history, policy, approvals and runs together."""

from __future__ import annotations

import json

from pydantic import JsonValue

from agent_tui.agent.react import ReactLoop
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter, SessionLog
from agent_tui.events.unfinished import Unfinished
from agent_tui.runtime.approvals import Answer, Approvals
from agent_tui.runtime.core import Core, Workspace
from agent_tui.runtime.recall import Recall
from agent_tui.runtime.runtime import SessionInfo, SessionState
from agent_tui.runtime.tasks import TaskManager, Work
from agent_tui.tools.policy import Policy
from agent_tui.tools.runner import ToolRunner
from agent_tui.tools.spec import ToolRequest, ToolSpec


class Session:
    """A conversation and everything it needs to go on.

    Args:
        core: What all sessions share.
        log: Its events.
        workspace: The folder it works in.
        model: ``provider:name``.
        created: When it began, RFC 3339.
        stored: How many of its events are in the journal already.
    """

    def __init__(
        self,
        core: Core,
        log: SessionLog,
        workspace: Workspace,
        *,
        model: str,
        title: str = "",
        created: str = "",
        stored: int = 0,
    ) -> None:
        self.log = log
        self.workspace = workspace
        self.model = model
        self.title = title
        self.created = created
        self.approvals = Approvals(core.approve)
        self.policy = core.policy(workspace.cwd)
        self._core = core
        self._recall = Recall(core.journal, log.session_id, stored)
        unfinished = Unfinished()
        log.observe(unfinished.apply)
        log.observe(self._recall.apply)
        self.tasks = TaskManager(log, unfinished, clock=core.clock, ids=core.ids, model=lambda: self.model)

    @property
    def id(self) -> str:
        return self.log.session_id

    @property
    def state(self) -> SessionState:
        if self.approvals.waiting:
            return "waiting"
        return "running" if self.tasks.running else "idle"

    def info(self, notices: tuple[str, ...] = ()) -> SessionInfo:
        return SessionInfo(
            id=self.id,
            cwd=str(self.workspace.cwd),
            model=self.model,
            title=self.title,
            created=self.created,
            updated=self.log.last_ts,
            last_seq=self.log.last_seq,
            state=self.state,
            notices=notices,
        )

    def prompt(self, text: str) -> Work:
        """A run of the agent on what the person typed."""
        return Work(text, "react", self._react)

    def shell(self, command: str) -> Work:
        """A person's own ``!command``: what they typed themselves is not asked about."""

        async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
            everything = Policy(allow=["*"], cwd=self.workspace.cwd)
            return await self._call(emit, run_id, everything, "shell", {"command": command})

        return Work(command, "shell", body)

    def tool(self, name: str, args: dict[str, JsonValue]) -> Work:
        """A person's own tool call, under the same policy as the model's."""

        async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
            return await self._call(emit, run_id, self.policy, name, args)

        return Work(f"{name} {json.dumps(args, ensure_ascii=False)}", "tool", body)

    async def close(self, grace_s: float = 0.0) -> None:
        await self.tasks.close(grace_s)
        self.log.close()

    async def _react(self, emit: Emitter, run_id: str) -> ev.RunStatus:
        core, workspace = self._core, self.workspace
        access = await core.access(self.model, workspace.cwd)
        tools = workspace.declarations()
        loop = ReactLoop(
            access=access,
            runner=self._runner(emit, self.policy),
            system_prompt=await core.system_prompt(workspace, access.protocol, tools),
            tools=tools,
            history=await self._recall.history(),
            emit=emit,
            new_id=core.ids.new,
            take_steers=self.tasks.take_steers,
            settings=core.loop_settings(access.client),
        )
        return await loop.run(run_id)

    async def _call(
        self, emit: Emitter, run_id: str, policy: Policy, name: str, args: dict[str, JsonValue]
    ) -> ev.RunStatus:
        call_id = self._core.ids.new("call")
        request = ToolRequest(call_id, name, args)
        outcome = await self._runner(emit, policy).run(request, parent_id=run_id)
        within = emit.within(span_id=call_id, parent_id=run_id)
        within(ev.ReactObservation, call_id=call_id, content=outcome.content)
        return "completed" if outcome.kind == "ok" else "failed"

    def _runner(self, emit: Emitter, policy: Policy) -> ToolRunner:
        async def approve(
            emit: Emitter, call_id: str, spec: ToolSpec, args: dict[str, JsonValue], preview: str | None
        ) -> tuple[ev.Decision, str | None]:
            answer = await self.approvals.ask(
                emit,
                call_id=call_id,
                tool_name=spec.name,
                args=args,
                risk=spec.risk,
                preview=preview,
            )
            return answer.decision, answer.feedback

        def settle(call_id: str) -> None:
            self.approvals.answer(call_id, Answer("allow"), by="session")

        return self._core.runner(self.workspace, policy, emit, approve, settle)
