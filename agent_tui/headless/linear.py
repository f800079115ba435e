"""Linear mode: the shell as plain lines, for screen readers and dumb terminals.

Nothing is drawn and no cursor moves: lines are read, lines are written, in the order they happen.
A terminal's lines are taken as they are typed. Those of a pipe or a file were written before anything
could be seen, so each is taken only when what went before is done, or when a question wants it.
"""

from __future__ import annotations

import asyncio
import io
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TextIO

from agent_tui.errors import AgentTuiError
from agent_tui.events import types as ev
from agent_tui.headless.commands import obey
from agent_tui.headless.lines import Lines
from agent_tui.headless.output import Output
from agent_tui.headless.render import NOBODY, Renderer
from agent_tui.headless.run import CANCELLED, signals_kill, signals_to
from agent_tui.runtime.runtime import Runtime, SessionInfo

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
    """Converses until the person leaves or the input ends.

    Args:
        session_id: The stored session to go on with; None for a new one.
        prompt: The first prompt, before anything is read.
        model: The model of the session, unless it is the configured one.

    Returns:
        The exit code: 0; 130 if leaving cancelled a run; 128 and its number if a signal ended it.
    """

    async def converse() -> int:
        runtime = await open_runtime()
        try:
            session = await runtime.open_session(session_id, cwd=cwd, model=model)
            linear = Linear(runtime, session, output or Output())
            # A process whose stdin was closed before it began has none.
            return await linear.go(stdin or sys.stdin or io.StringIO(), prompt)
        finally:
            await runtime.aclose()

    return asyncio.run(converse())


class Linear:
    """One conversation over lines."""

    def __init__(self, runtime: Runtime, session: SessionInfo, output: Output) -> None:
        self._runtime, self._session, self._output = runtime, session, output
        self._renderer = Renderer(output)
        self._questions: dict[str, ev.ApprovalRequest] = {}
        self._running: str | None = None
        self._ended: str | None = None
        self._status: ev.RunStatus | None = None
        self._queued = 0
        self._waiting: list[tuple[str, str]] = []
        self._starting = False
        self._own_call = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._happened = asyncio.Event()
        self._terminal = False
        self._input_ended = False
        self._leaving = False
        self._asking = False
        self._stopping: asyncio.Task[bool] | None = None
        self._signal: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()

    async def go(self, stdin: TextIO, prompt: str | None) -> int:
        """Reads and prints until the input ends, the person says so, or a signal does."""
        output = self._output
        output.note(f"agent-tui, model {self._session.model}. /help lists what can be typed.")
        for notice in self._session.notices:
            output.note(f"note: {notice}")
        cancelled = False
        with signals_to(self._signalled):
            printing = asyncio.create_task(self._print())
            conversing = asyncio.create_task(self._converse(stdin, prompt))
            try:
                ends: list[asyncio.Future[Any]] = [conversing, printing, self._signal]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if conversing.done():
                    conversing.result()
                self._leaving = True
                conversing.cancel()
                await asyncio.wait([conversing])
                if self._signal.done():
                    output.note(f"ended by {self._signal.result().name}")
                cancelled = await self._stop()
                await self._runtime.close_session(self._session.id)
                await printing  # which ends with the session's last event
                await output.flush()
            except BrokenPipeError:
                pass  # nobody reads any more; what runs is stopped with the runtime
            finally:
                conversing.cancel()
                printing.cancel()
                await asyncio.gather(conversing, printing, return_exceptions=True)
                if self._stopping is not None:
                    await self._stopping
        if self._signal.done():
            return 128 + self._signal.result()
        return CANCELLED if cancelled and self._status == "cancelled" else 0

    async def _converse(self, stdin: TextIO, prompt: str | None) -> None:
        lines = Lines(stdin)
        self._terminal = lines.terminal
        if prompt:
            await self._take(prompt)
        while not self._leaving:
            await self._prompt()
            if not self._terminal:
                await self._turn()
            line = await lines.next()
            if line is None:
                await self._finish()
                return
            await self._take(line)

    async def _turn(self) -> None:
        """Until the next line can be meant for something: nothing runs, or a question is open."""
        while not self._questions and not self._idle.is_set():
            self._happened.clear()
            await self._happened.wait()

    async def _finish(self) -> None:
        """The input has ended: what was asked for is still answered, and what it asks is denied."""
        self._input_ended = True
        self._end_line()
        if self._terminal and not self._idle.is_set():
            self._output.note("leaving when this is done; Ctrl+C stops it")
        await self._refuse()
        await self._output.flush()
        await self._idle.wait()

    async def _refuse(self) -> None:
        while self._questions:
            call_id = next(iter(self._questions))
            self._questions.pop(call_id)
            await self._runtime.answer(
                self._session.id, call_id, "deny", feedback="nobody is there to ask", by=NOBODY
            )

    async def _stop(self) -> bool:
        """Takes back what waits and stops what runs; whether anything ran."""
        waiting, self._waiting = self._waiting, []
        for prompt_id, text in waiting:
            if await self._runtime.unqueue(self._session.id, prompt_id) is not None:
                self._output.note(f"not started: {text}")
        return await self._runtime.cancel(self._session.id)

    async def _prompt(self) -> None:
        busy = self._running is not None or self._questions or self._asking
        if not busy and not self._leaving and not self._input_ended:
            self._asking = True
            self._output.ask("> ")
            await self._output.flush()

    def _end_line(self) -> None:
        """Ends the line of a prompt or a question that nobody has ended by typing."""
        if self._asking:
            self._asking = False
            self._output.ask("\n")

    async def _take(self, line: str) -> None:
        if self._asking and not self._terminal:
            self._output.ask(line)  # as a terminal echoes it
            self._end_line()
        self._asking = False
        text = line.strip()
        try:
            if text.partition(" ")[0] in ("/quit", "/exit"):
                self._leaving = True
            elif self._questions:
                await self._answer(text)
            elif text.startswith("!"):
                await self._submit(text[1:].strip(), shell=True)
            elif text and not await obey(text, self._runtime, self._session.id, self._output):
                await self._submit(text, shell=False)
        except AgentTuiError as error:
            self._output.note(f"error[{error.code}]: {error}")
        await self._output.flush()

    async def _answer(self, line: str) -> None:
        call_id = next(iter(self._questions))
        word, _, reason = line.partition(" ")
        decision = _ANSWERS.get(word.lower())
        if decision is None:
            self._output.note(f"{line!r} is no answer")
            self._ask_again(self._questions[call_id])
            return
        feedback = reason.strip() or None
        self._questions.pop(call_id)
        await self._runtime.answer(self._session.id, call_id, decision, feedback=feedback)
        if self._questions:
            self._ask_again(next(iter(self._questions.values())))

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
            self._waiting.append((submitted.prompt_id, f"!{text}" if shell else text))
            self._output.note("queued")

    async def _print(self) -> None:
        try:
            async for batch in self._runtime.follow(self._session.id, self._session.last_seq):
                for event in batch:
                    self._apply(event)
                if self._input_ended:
                    await self._refuse()
                await self._output.flush()
                self._settle()
                if self._idle.is_set():
                    await self._prompt()
                self._happened.set()
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
                self._running, self._ended, self._status = None, event.run_id, status
                self._asking = False
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
        if self._input_ended:
            return  # it is denied without being asked
        self._asking = True
        output.ask("Allow? y yes, s yes for this session, n no, or n and a reason: ")

    def _signalled(self, number: signal.Signals) -> None:
        """Ctrl+C stops the run and leaves when none is going; every other signal ends all, in order."""
        if number == signal.SIGINT and self._terminal:
            self._asking = True  # the terminal has written ^C, wherever it was
        self._end_line()
        stops = number == signal.SIGINT and self._terminal and not self._input_ended
        if stops and self._running is not None and (self._stopping is None or self._stopping.done()):
            self._stopping = asyncio.create_task(self._stop())
            return
        signals_kill()  # asked twice: whatever holds the end up is not waited for
        self._leaving = True
        if not self._signal.done():
            self._signal.set_result(number)
