"""A runtime without an agent: real session logs, and runs that a test plays event by event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent_tui.clock import Clock, CountingIds, rfc3339
from agent_tui.errors import ConfigError, ConflictError, NotFoundError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter, SessionLog
from agent_tui.runtime.runtime import ModelInfo, SessionInfo, Submitted, ToolInfo
from tests.fakes.clock import FakeClock

Script = Callable[["Play"], Awaitable[None]]
"""What a run does: writes its events, and waits for what the test or the person does."""

MODELS = (
    ModelInfo("demo", True, description="offline, deterministic", context_tokens=32_000),
    ModelInfo(
        "gemini:gemini-2.5-flash", False, reason="no key: set GEMINI_API_KEY", context_tokens=1_000_000
    ),
    ModelInfo("openai:local", True, description="a server on this machine", context_tokens=8_000),
)
TOOLS = (
    ToolInfo("calc", "Works out an expression.", "low", "allow", "builtin", 5.0, {"type": "object"}),
    ToolInfo("read_file", "Reads a text file.", "low", "allow", "builtin", 10.0, {"type": "object"}),
    ToolInfo("shell", "Runs a command.", "high", "ask", "builtin", 60.0, {"type": "object"}),
)


class Play:
    """One run as its script sees it.

    Attributes:
        emit: Writes events of this run.
        input: The prompt.
        ids: Fresh names for spans and calls.
    """

    def __init__(self, runtime: FakeRuntime, emit: Emitter, text: str) -> None:
        self.runtime, self.emit, self.input, self.ids = runtime, emit, text, runtime.ids
        self.usage = ev.Usage()
        self.steps = 0
        self.partial = ""
        self._run_span = emit._fields["span_id"]
        self._step_span: str | None = None
        self._open_llm: Emitter | None = None
        self._open_tools: dict[str, Emitter] = {}
        self._asked: dict[str, asyncio.Future[ev.Decision]] = {}

    def advance(self, seconds: float) -> None:
        """Lets time pass, for runs on a clock of their own."""
        if isinstance(self.runtime.clock, FakeClock):
            self.runtime.clock.advance(seconds)

    def step(self, max_steps: int = 12) -> None:
        self.steps += 1
        self._step_span = self.ids.new("step")
        self.emit.within(span_id=self._step_span, parent_id=self._run_span)(
            ev.ReactStepStart, step=self.steps, max_steps=max_steps
        )

    def llm(
        self, *texts: str, channel: ev.Channel = "answer", done: bool = True, message_count: int = 2
    ) -> None:
        """A model call that streams ``texts``; left open if not ``done``."""
        emit = self._open_llm
        if emit is None:
            emit = self._open_llm = self.emit.within(span_id=self.ids.new("llm"), parent_id=self._step_span)
            emit(ev.LlmStart, model="demo", attempt=1, message_count=message_count)
            self.advance(0.2)
        for text in texts:
            emit(ev.LlmDelta, text=text, channel=channel)
            if channel == "answer":
                self.partial += text
        if done:
            self.advance(0.7)
            self.end_llm("stop")

    def end_llm(self, reason: ev.FinishReason) -> None:
        if self._open_llm is not None:
            usage = ev.Usage(input_tokens=900, output_tokens=304, cost_usd=0.0004)
            self.usage = self.usage + usage
            self._open_llm(ev.LlmDone, finish_reason=reason, usage=usage, ttft_ms=212.0, duration_ms=900.0)
            self._open_llm = None

    def tool_start(
        self, name: str, args: dict[str, Any], risk: ev.Risk = "low", call_id: str | None = None
    ) -> str:
        call_id = call_id or self.ids.new("call")
        emit = self._open_tools.get(call_id) or self._tool_emit(call_id)
        emit(ev.ToolStart, call_id=call_id, tool_name=name, args=args, risk=risk, timeout_s=30.0)
        return call_id

    def tool_output(self, call_id: str, text: str) -> None:
        self._open_tools[call_id](ev.ToolOutput, call_id=call_id, stream="stdout", text=text)

    def tool_end(
        self, call_id: str, result: Any, *, summary: str = "", failed: bool = False, ms: float = 4.0
    ) -> None:
        emit = self._open_tools.pop(call_id)
        self.advance(ms / 1000)
        emit(
            ev.ToolEnd,
            call_id=call_id,
            result=result,
            duration_ms=ms,
            summary=summary or None,
            failed=failed,
        )
        emit(ev.ReactObservation, call_id=call_id, content=str(result))

    async def ask(
        self, name: str, args: dict[str, Any], *, risk: ev.Risk = "high", preview: str | None = None
    ) -> tuple[str, ev.Decision]:
        """Asks for approval and waits for the answer."""
        call_id = self.ids.new("call")
        emit = self._tool_emit(call_id)
        emit(ev.ApprovalRequest, call_id=call_id, tool_name=name, args=args, risk=risk, preview=preview)
        answer = self._asked[call_id] = asyncio.get_running_loop().create_future()
        return call_id, await answer

    def answered(self, call_id: str, decision: ev.Decision, feedback: str | None, by: str) -> bool:
        answer = self._asked.pop(call_id, None)
        if answer is None:
            return False
        emit = self._open_tools[call_id]
        emit(ev.ApprovalResult, call_id=call_id, decision=decision, feedback=feedback, by=by)
        if decision in ("deny", "cancelled"):
            del self._open_tools[call_id]
        if not answer.done():
            answer.set_result(decision)
        return True

    def final(self) -> None:
        self.emit(ev.Final, answer=ev.AgentAnswer(answer=self.partial))

    def stop(self) -> None:
        """Ends everything that is open, as a cancel does."""
        self.end_llm("cancelled")
        for call_id in list(self._asked):
            self.answered(call_id, "cancelled", None, "system")
        for call_id, emit in self._open_tools.items():
            emit(ev.ToolCancelled, call_id=call_id, partial="", duration_ms=9.0)
        self._open_tools.clear()

    def _tool_emit(self, call_id: str) -> Emitter:
        emit = self.emit.within(span_id=self.ids.new("tool"), parent_id=self._step_span)
        self._open_tools[call_id] = emit
        return emit


async def echo(play: Play) -> None:
    """The plainest run: says what it was told."""
    play.step()
    play.llm(play.input)
    play.final()


class FakeRuntime:
    """``Runtime`` over logs in memory. Runs of a session are serial, prompts queue, cancel is immediate.

    Args:
        script: What every run does.
        clock: Stamps the events.
        notices: What a session says when it is opened.
    """

    def __init__(
        self, script: Script = echo, *, clock: Clock | None = None, notices: tuple[str, ...] = ()
    ) -> None:
        self.script = script
        self.clock = clock or FakeClock()
        self.notices = notices
        self.ids = CountingIds()
        self.logs: dict[str, SessionLog] = {}
        self.calls: list[tuple[str, ...]] = []
        self.closed = False
        self.trusted = False
        self._queues: dict[str, list[tuple[str, str]]] = {}
        self._plays: dict[str, Play] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._models: dict[str, str] = {}
        self.stored: dict[str, SessionInfo] = {}
        self.locked: set[str] = set()
        self.hidden: set[str] = set()
        self.opened: set[str] = set()

    async def open_session(
        self, session_id: str | None = None, *, cwd: Path | None = None, model: str | None = None
    ) -> SessionInfo:
        if model is not None and model not in {known.name for known in MODELS}:
            raise ConfigError(f"there is no model {model}", hint="`agent-tui models` lists them")
        new = session_id is None or session_id not in self.logs
        known = self.stored.get(session_id or "")
        session_id = session_id or self.ids.session_id()
        if new:
            self.logs[session_id] = SessionLog(session_id, clock=self.clock)
            self._queues[session_id] = []
            self._models[session_id] = model or "demo"
            self.logs[session_id].append(
                ev.SessionStart, cwd=str(cwd or "/work"), model=model or "demo", version="0.1.0"
            )
        self.opened.add(session_id)
        if known is not None:
            return replace(known, read_only=session_id in self.locked, notices=self.notices)
        info = SessionInfo(session_id, str(cwd or "/work"), self._models[session_id], notices=self.notices)
        self.stored[session_id] = info
        return info

    async def submit(self, session_id: str, text: str, *, queue: bool = True) -> Submitted:
        self.calls.append(("submit", text))
        log = self._log(session_id)
        if session_id in self._runs:
            if not queue:
                raise ConflictError("a run is going")
            prompt_id = self.ids.new("prompt")
            self._queues[session_id].append((prompt_id, text))
            log.append(ev.PromptQueued, prompt_id=prompt_id, text=text)
            return Submitted(prompt_id=prompt_id)
        return Submitted(run_id=self._start(session_id, text, "react", self.script))

    async def unqueue(self, session_id: str, prompt_id: str) -> str | None:
        queue = self._queues[session_id]
        for index, (queued_id, text) in enumerate(queue):
            if queued_id == prompt_id:
                del queue[index]
                self._log(session_id).append(ev.PromptUnqueued, prompt_id=prompt_id, reason="removed")
                return text
        return None

    async def cancel(self, session_id: str, *, by: str = "user", run_id: str | None = None) -> bool:
        self.calls.append(("cancel", by))
        run, play = self._runs.get(session_id), self._plays.get(session_id)
        if run is None or play is None or run_id not in (None, play._run_span):
            return False
        play.emit(ev.CancelCalled, by=by)
        run.cancel()
        await asyncio.wait([run])
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
        self.calls.append(("answer", call_id, decision, feedback or ""))
        play = self._plays.get(session_id)
        return play is not None and play.answered(call_id, decision, feedback, by)

    async def steer(self, session_id: str, text: str) -> bool:
        self.calls.append(("steer", text))
        play = self._plays.get(session_id)
        if play is None:
            return False
        play.emit(ev.SteerQueued, text=text)
        return True

    async def run_shell(self, session_id: str, command: str) -> Submitted:
        self.calls.append(("shell", command))

        async def script(play: Play) -> None:
            call_id = play.tool_start("shell", {"command": command}, "high")
            play.tool_output(call_id, f"{command}\n")
            play.tool_end(call_id, command, summary="exit 0")

        return Submitted(run_id=self._start(session_id, command, "shell", script))

    async def call_tool(self, session_id: str, name: str, args: dict[str, object]) -> Submitted:
        self.calls.append(("tool", name, repr(args)))
        if name not in {tool.name for tool in TOOLS}:
            raise NotFoundError(f"there is no tool {name}")

        async def script(play: Play) -> None:
            play.tool_end(play.tool_start(name, dict(args)), "done", summary="done")

        return Submitted(run_id=self._start(session_id, f"{name} {args}", "tool", script))

    async def set_model(self, session_id: str, model: str) -> None:
        if not any(known.name == model and known.usable for known in MODELS):
            raise ConfigError(f"the model {model} cannot be used", hint="`agent-tui models` says why")
        self._models[session_id] = model
        self._log(session_id).append(ev.SessionUpdate, model=model)

    async def set_title(self, session_id: str, title: str) -> None:
        self.stored[session_id] = replace(self.stored[session_id], title=title)
        self._log(session_id).append(ev.SessionUpdate, title=title)

    async def clear(self, session_id: str) -> None:
        self._log(session_id).append(ev.SessionUpdate, cleared=True)

    async def follow(self, session_id: str, after: int = 0) -> AsyncIterator[Sequence[ev.Event]]:
        async for batch in self._log(session_id).follow_batches(after):
            yield batch

    async def tools(self, session_id: str) -> Sequence[ToolInfo]:
        return TOOLS

    async def models(self) -> Sequence[ModelInfo]:
        return MODELS

    async def trust(self, session_id: str) -> None:
        self.trusted = True

    async def aclose(self) -> None:
        for session_id in list(self._runs):
            await self.cancel(session_id, by="close")
        for log in self.logs.values():
            log.close()
        self.closed = True

    # Sessions

    def keep(self, session_id: str, title: str, prompts: Sequence[str] = (), **facts: Any) -> SessionInfo:
        """Puts a session into store, with a run that echoes each of ``prompts``."""
        log = self.logs[session_id] = SessionLog(session_id, clock=self.clock)
        self._queues[session_id], self._models[session_id] = [], "demo"
        facts.setdefault("cwd", "/work")
        log.append(ev.SessionStart, cwd=facts["cwd"], model="demo", version="0.1.0")
        for prompt in prompts:
            run_id = self.ids.new("run")
            emit = Emitter(log, run_id=run_id, span_id=run_id)
            play = Play(self, emit, prompt)
            emit(ev.RunStart, input=prompt, model="demo", agent="react")
            play.step()
            play.llm(f"You said: {prompt}")
            play.final()
            emit(ev.RunDone, status="completed", steps=1, usage=play.usage, duration_ms=900.0)
        facts.setdefault("updated", rfc3339(self.clock.now()))
        facts.setdefault("runs", len(prompts))
        info = SessionInfo(session_id, model="demo", title=title, last_seq=log.last_seq, **facts)
        self.stored[session_id] = info
        return info

    async def sessions(
        self, *, cwd: Path | None = None, query: str = "", limit: int = 200
    ) -> Sequence[SessionInfo]:
        self.calls.append(("sessions", str(cwd or ""), query))
        found = []
        for session_id, info in self.stored.items():
            unused = self.logs[session_id].last_seq < 2 and not info.title
            if unused or session_id in self.hidden or (cwd is not None and info.cwd != str(cwd)):
                continue
            seen = replace(info, last_seq=self.logs[session_id].last_seq)
            words = " ".join([info.title, *(getattr(e, "text", "") for e in await self.events(session_id))])
            at = words.lower().find(query.lower())
            if query and at < 0:
                continue
            if query:
                found_word = f"\x01{words[at : at + len(query)]}\x02"
                seen = replace(seen, snippet=f"{words[:at]}{found_word}{words[at + len(query) :]}")
            found.append(seen)
        return sorted(found, key=lambda info: info.updated, reverse=True)[:limit]

    async def events(self, session_id: str, after: int = 0, limit: int = 2000) -> Sequence[ev.Event]:
        lines = await self._log(session_id).read_lines(after, limit)
        return [codec.decode(line) for line in lines]

    async def fork(self, session_id: str, at: int | None = None) -> SessionInfo:
        self.calls.append(("fork", session_id))
        title = f"fork of {self.stored[session_id].title}"
        return self.keep(self.ids.session_id(), title, ["forked"])

    async def delete(self, session_id: str) -> None:
        self.calls.append(("delete", session_id))
        self.hidden.add(session_id)

    async def restore(self, session_id: str) -> None:
        self.calls.append(("restore", session_id))
        self.hidden.discard(session_id)

    async def close_session(self, session_id: str) -> None:
        self.calls.append(("close", session_id))
        await self.cancel(session_id, by="close")
        self.opened.discard(session_id)

    # Inside

    def _log(self, session_id: str) -> SessionLog:
        if session_id not in self.logs:
            raise NotFoundError(f"there is no session {session_id}")
        return self.logs[session_id]

    def _start(self, session_id: str, text: str, agent: ev.AgentKind, script: Script) -> str:
        run_id = self.ids.new("run")
        emit = Emitter(self._log(session_id), run_id=run_id, span_id=run_id)
        play = self._plays[session_id] = Play(self, emit, text)
        emit(ev.RunStart, input=text, model=self._models[session_id], agent=agent)
        self._runs[session_id] = asyncio.create_task(self._run(session_id, play, script))
        return run_id

    async def _run(self, session_id: str, play: Play, script: Script) -> None:
        status: ev.RunStatus = "completed"
        await asyncio.sleep(0)  # where tasks begin at once, the run would be over before it is known
        try:
            await script(play)
        except asyncio.CancelledError:
            status = "cancelled"
            play.stop()
            play.emit(ev.Cancelled, latency_ms=9.0, partial_text=play.partial)
        finally:
            del self._plays[session_id], self._runs[session_id]
            play.emit(ev.RunDone, status=status, steps=play.steps, usage=play.usage, duration_ms=3200.0)
        if status == "completed" and self._queues[session_id]:
            prompt_id, text = self._queues[session_id].pop(0)
            self._log(session_id).append(ev.PromptUnqueued, prompt_id=prompt_id, reason="started")
            self._start(session_id, text, "react", self.script)
