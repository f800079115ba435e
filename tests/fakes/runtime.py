"""A runtime whose runs are written by the test: the façade over one real session log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from agent_tui.clock import CountingIds
from agent_tui.errors import ConfigError
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter, SessionLog
from agent_tui.runtime.runtime import ModelInfo, SessionInfo, Submitted, ToolInfo

Script = Callable[["FakeRuntime", Emitter], Awaitable[ev.RunStatus]]


class FakeRuntime:
    """Each prompt runs the script, between ``run_start`` and ``run_done``.

    Args:
        script: Emits what the run does and returns its status; cancelled like a real run. What it raises
            is a mistake of the test, and is raised again when the runtime is closed.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.log = SessionLog("s1")
        self.answers: asyncio.Queue[tuple[str, ev.Decision, str | None]] = asyncio.Queue()
        self.notices: tuple[str, ...] = ()
        self.steered: list[str] = []
        self.prompts: list[str] = []
        self.cancelled_by: str | None = None
        self.closed = False
        self._ids = CountingIds()
        self._task: asyncio.Task[None] | None = None
        self._run_id = ""
        self._queue: list[tuple[str, str]] = []
        self._broken: Exception | None = None

    async def open_session(
        self, session_id: str | None = None, *, cwd: Path | None = None, model: str | None = None
    ) -> SessionInfo:
        self.log.append(ev.SessionStart, cwd=str(cwd), model=model or "fake", version="0")
        return SessionInfo("s1", str(cwd), model or "fake", last_seq=1, notices=self.notices)

    async def submit(self, session_id: str, text: str, *, queue: bool = True) -> Submitted:
        self.prompts.append(text)
        if self._task is not None and not self._task.done():
            prompt_id = self._ids.new("prompt")
            self._queue.append((prompt_id, text))
            self.log.append(ev.PromptQueued, prompt_id=prompt_id, text=text)
            return Submitted(prompt_id=prompt_id)
        return Submitted(run_id=self._start(text, "react"))

    async def run_shell(self, session_id: str, command: str) -> Submitted:
        return Submitted(run_id=self._start(command, "shell"))

    def _start(self, text: str, agent: ev.AgentKind) -> str:
        run_id = self._run_id = self._ids.new("run")
        self._task = asyncio.create_task(self._run(run_id, text, agent))
        return run_id

    async def _run(self, run_id: str, text: str, agent: ev.AgentKind) -> None:
        emit = Emitter(self.log, run_id=run_id, span_id=run_id)
        emit(ev.RunStart, input=text, model="fake", agent=agent)
        status: ev.RunStatus = "cancelled"
        try:
            status = await self.script(self, emit)
        except Exception as error:  # noqa: BLE001 - raised again in aclose
            status, self._broken = "failed", error
        finally:
            if status == "cancelled":
                emit(ev.Cancelled, latency_ms=1.0, partial_text="")
            emit(ev.RunDone, status=status, steps=1, usage=ev.Usage(), duration_ms=1.0)
            if self._queue and status != "cancelled":
                prompt_id, queued = self._queue.pop(0)
                self.log.append(ev.PromptUnqueued, prompt_id=prompt_id, reason="started")
                self._start(queued, "react")

    async def cancel(self, session_id: str, *, by: str = "user", run_id: str | None = None) -> bool:
        if self._task is None or self._task.done() or run_id not in (None, self._run_id):
            return False
        self.cancelled_by = by
        self.log.append(ev.CancelCalled, by=by)
        self._task.cancel()
        await asyncio.wait([self._task])
        return True

    async def answer(
        self,
        session_id: str,
        call_id: str,
        decision: ev.Decision,
        *,
        feedback: str | None = None,
        by: str = "user",
    ) -> bool:
        self.answers.put_nowait((call_id, decision, feedback))
        return True

    async def unqueue(self, session_id: str, prompt_id: str) -> str | None:
        for waiting in self._queue:
            if waiting[0] == prompt_id:
                self._queue.remove(waiting)
                self.log.append(ev.PromptUnqueued, prompt_id=prompt_id, reason="removed")
                return waiting[1]
        return None

    async def steer(self, session_id: str, text: str) -> bool:
        self.steered.append(text)
        return self._task is not None and not self._task.done()

    async def call_tool(self, session_id: str, name: str, args: dict[str, object]) -> Submitted:
        return Submitted(run_id=self._start(name, "tool"))

    async def set_model(self, session_id: str, model: str) -> None:
        if ":" not in model:
            raise ConfigError(f"{model!r} is not a model", hint="name one")

    async def set_title(self, session_id: str, title: str) -> None:
        self.log.append(ev.SessionUpdate, title=title)

    async def clear(self, session_id: str) -> None:
        self.log.append(ev.SessionUpdate, cleared=True)

    def follow(self, session_id: str, after: int = 0) -> AsyncIterator[Sequence[ev.Event]]:
        return self.log.follow_batches(after)

    async def tools(self, session_id: str) -> Sequence[ToolInfo]:
        return [ToolInfo("calc", "Sums.", "low", "allow", "builtin", 5.0)]

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("fake", True)]

    async def trust(self, session_id: str) -> None:
        return

    async def close_session(self, session_id: str) -> None:
        await self.cancel("s1", by="close")
        self.log.close()

    async def aclose(self) -> None:
        await self.close_session("s1")
        self.closed = True
        if self._broken is not None:
            raise self._broken
