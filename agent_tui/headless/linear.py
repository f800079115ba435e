"""Linear mode: the shell as plain lines, for screen readers and dumb terminals.

Nothing is drawn and no cursor moves: lines are read, lines are written, in the order they happen.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TextIO

from agent_tui.errors import AgentTuiError
from agent_tui.events import types as ev
from agent_tui.headless.output import Output
from agent_tui.headless.render import Renderer
from agent_tui.headless.run import signals_to
from agent_tui.runtime.runtime import Runtime, SessionInfo

_HELP = """\
Type a task and press Enter. While one runs, what you type waits for its turn.
/steer TEXT  tell the running task something at its next step
/model NAME  change the model      /models  list them
/tools       list the tools        /trust   trust this folder's own tools
/clear       forget the conversation so far
!COMMAND     run a command yourself
/quit        leave; so does Ctrl+D. Ctrl+C stops the running task, or leaves when none runs."""

_ANSWERS: dict[str, ev.Decision] = {
    "y": "allow",
    "yes": "allow",
    "s": "allow_session",
    "session": "allow_session",
    "n": "deny",
    "no": "deny",
    "": "deny",
}


def run_linear(
    open_runtime: Callable[[], Awaitable[Runtime]],
    *,
    cwd: Path,
    session_id: str | None = None,
    prompt: str | None = None,
    model: str | None = None,
    stdin: TextIO | None = None,
    output: Output | None = None,
) -> int:
    """Converses until the person leaves; the exit code.

    Args:
        session_id: The stored session to go on with; None for a new one.
        prompt: The first prompt, before anything is read.
        model: The model of the session, unless it is the configured one.
    """

    async def converse() -> int:
        runtime = await open_runtime()
        try:
            session = await runtime.open_session(session_id, cwd=cwd, model=model)
            linear = Linear(runtime, session, output or Output())
            return await linear.go(stdin or sys.stdin, prompt)
        finally:
            await runtime.aclose()

    return asyncio.run(converse())


class Linear:
    """One conversation over lines."""

    def __init__(self, runtime: Runtime, session: SessionInfo, output: Output) -> None:
        self._runtime, self._session, self._output = runtime, session, output
        self._renderer = Renderer(output)
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._questions: dict[str, ev.ApprovalRequest] = {}
        self._running: str | None = None
        self._ended: str | None = None
        self._queued = 0
        self._starting = False
        self._own_call = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._leaving = False
        self._prompted = False
        self._cancelling: asyncio.Future[bool] | None = None

    async def go(self, stdin: TextIO, prompt: str | None) -> int:
        """Reads and prints until the input ends or the person says so."""
        output = self._output
        output.note(f"agent-tui, model {self._session.model}. /help lists what can be typed.")
        for notice in self._session.notices:
            output.note(f"note: {notice}")
        printing = asyncio.create_task(self._print())
        with signals_to(self._interrupted):
            _read_lines(stdin, asyncio.get_running_loop(), self._lines)
            try:
                if prompt:
                    await self._take(prompt)
                while not self._leaving:
                    await self._prompt()
                    line = await self._next_line(printing)
                    if line is None:
                        break
                    await self._take(line)
                if not self._leaving and not printing.done():
                    await self._finish(printing)
            finally:
                printing.cancel()
                await asyncio.gather(printing, return_exceptions=True)
        if printing.cancelled() or isinstance(printing.exception(), BrokenPipeError):
            return 0
        printing.result()
        return 0

    async def _finish(self, printing: asyncio.Task[None]) -> None:
        """The input has ended; what was asked for is still answered."""
        for call_id in list(self._questions):
            await self._runtime.answer(self._session.id, call_id, "deny", feedback="nobody is there to ask")
        idle = asyncio.create_task(self._idle.wait())
        await asyncio.wait([idle, printing], return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()

    async def _next_line(self, printing: asyncio.Task[None]) -> str | None:
        line = asyncio.create_task(self._lines.get())
        await asyncio.wait([line, printing], return_when=asyncio.FIRST_COMPLETED)
        if line.done():
            return line.result()
        line.cancel()
        return None

    async def _prompt(self) -> None:
        if self._running is None and not self._questions and not self._prompted:
            self._prompted = True
            self._output.ask("> ")
            await self._output.flush()

    async def _take(self, line: str) -> None:
        self._prompted = False
        try:
            if self._questions:
                await self._answer(line.strip())
            elif line.strip():
                await self._obey(line.strip())
        except AgentTuiError as error:
            self._output.note(f"error[{error.code}]: {error}")
        await self._output.flush()

    async def _answer(self, line: str) -> None:
        call_id = next(iter(self._questions))
        word, _, reason = line.partition(" ")
        decision = _ANSWERS.get(word.lower())
        if decision is None:
            self._ask_again(self._questions[call_id])
            return
        feedback = reason.strip() or None
        self._questions.pop(call_id)
        await self._runtime.answer(self._session.id, call_id, decision, feedback=feedback)
        if self._questions:
            self._ask_again(next(iter(self._questions.values())))

    async def _obey(self, line: str) -> None:
        runtime, session = self._runtime, self._session.id
        command, _, rest = line.partition(" ")
        rest = rest.strip()
        match command:
            case "/quit" | "/exit":
                self._leaving = True
            case "/help":
                for help_line in _HELP.splitlines():
                    self._output.note(help_line)
            case "/steer":
                if not await runtime.steer(session, rest):
                    self._output.note("nothing runs that could be steered")
            case "/model":
                await runtime.set_model(session, rest)
                self._output.note(f"model is now {rest}")
            case "/models":
                for model in await runtime.models():
                    self._output.note(f"{model.name}: {'usable' if model.usable else model.reason}")
            case "/tools":
                for tool in await runtime.tools(session):
                    self._output.note(f"{tool.name}, {tool.risk} risk, {tool.decision}")
            case "/trust":
                await runtime.trust(session)
                self._output.note("this folder's own tools are trusted now")
            case "/clear":
                await runtime.clear(session)
                self._output.note("history cleared: the next prompt starts afresh")
            case _ if line.startswith("!"):
                await self._submit(line[1:].strip(), shell=True)
            case _ if command.startswith("/") and "/" not in command[1:]:
                self._output.note(f"there is no command {command}; /help lists them")
            case _:
                await self._submit(line, shell=False)

    async def _submit(self, text: str, *, shell: bool) -> None:
        self._idle.clear()
        self._starting = True
        try:
            if shell:
                submitted = await self._runtime.run_shell(self._session.id, text)
            else:
                submitted = await self._runtime.submit(self._session.id, text)
            if submitted.run_id is not None and submitted.run_id != self._ended:
                self._running = submitted.run_id
        finally:
            self._starting = False
            self._settle()
        if submitted.prompt_id is not None:
            self._output.note("queued")

    async def _print(self) -> None:
        try:
            async for batch in self._runtime.follow(self._session.id, self._session.last_seq):
                for event in batch:
                    self._apply(event)
                await self._output.flush()
                self._settle()
                if self._idle.is_set():
                    await self._prompt()
        except BrokenPipeError:
            self._output.discard()
            raise

    def _apply(self, event: ev.Event) -> None:
        self._renderer.apply(event)
        match event:
            case ev.RunStart(run_id=run_id, agent=agent):
                self._running = run_id
                self._own_call = agent in ("shell", "tool")
                self._idle.clear()
            case ev.ToolOutput(text=text) if self._own_call:
                self._output.answer(text)
            case ev.RunError(error=error):
                self._output.note(f"error[{error.code}]: {error.message}")
            case ev.RunDone(status=status):
                self._running, self._ended = None, event.run_id
                self._prompted = False
                self._questions.clear()
                if status == "max_steps":
                    self._output.note("stopped: no answer within the steps allowed")
            case ev.PromptQueued():
                self._queued += 1
            case ev.PromptUnqueued():
                self._queued -= 1
            case ev.ApprovalRequest():
                self._questions[event.call_id] = event
                if len(self._questions) == 1:
                    self._ask_again(event)
            case ev.ApprovalResult(call_id=call_id):
                self._questions.pop(call_id, None)
            case _:
                pass

    def _settle(self) -> None:
        """Notes that nothing runs or waits; called once what happened has been written."""
        if self._running is None and self._queued <= 0 and not self._starting:
            self._idle.set()

    def _ask_again(self, request: ev.ApprovalRequest) -> None:
        output = self._output
        output.note(f"{request.tool_name} wants to run ({request.risk} risk):")
        for line in (request.preview or json.dumps(request.args, ensure_ascii=False)).splitlines():
            output.note(f"    {line}")
        output.ask("Allow? y yes, s yes for this session, n no, or n and a reason: ")

    def _interrupted(self, number: signal.Signals) -> None:
        """Ctrl+C stops the run, or leaves when none is going; the other signals do both."""
        if self._running is not None:
            self._cancelling = asyncio.ensure_future(self._runtime.cancel(self._session.id))
            if number == signal.SIGINT:
                return
        self._leaving = True
        self._lines.put_nowait(None)


def _read_lines(stdin: TextIO, loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str | None]) -> None:
    """Reads lines on a thread of its own: one that blocks in a read cannot be cancelled, only left."""

    def deliver(line: str | None) -> bool:
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        except RuntimeError:
            return False  # the loop is closed: the person has left
        return True

    def read() -> None:
        try:
            for line in stdin:
                if not deliver(line.rstrip("\r\n")):
                    return
        except (OSError, ValueError):
            pass  # the terminal is gone, which is an end of input like any other
        deliver(None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
