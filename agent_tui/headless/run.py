"""One run without a screen: ``agent-tui run``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.headless.output import Output
from agent_tui.headless.render import Renderer
from agent_tui.runtime.runtime import Runtime, SessionInfo
from agent_tui.safetext import visible

CANCELLED = 130
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EXIT_CODES: dict[ev.RunStatus, int] = {
    "completed": 0,
    "failed": 1,
    "max_steps": 3,
    "cancelled": CANCELLED,
    "interrupted": 1,
}
_CONFIGURATION = {"config", "usage", "not_found", "model_auth"}


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run.

    Attributes:
        json: Print every event as a line of JSON instead of text.
        timeout_s: Cancel the run after this long.
        session_id: The stored session to go on with; None for a new one.
    """

    prompt: str
    cwd: Path
    model: str | None = None
    json: bool = False
    timeout_s: float | None = None
    session_id: str | None = None


def run_headless(
    request: RunRequest,
    open_runtime: Callable[[], Awaitable[Runtime]],
    output: Output | None = None,
) -> int:
    """Runs the prompt to its end and returns the exit code.

    0 completed, 1 failed, 2 configuration, 3 step limit, 4 model unavailable, 130 cancelled: by a
    signal, by the time limit, or because nobody reads the output any more.
    """
    return asyncio.run(_run(request, open_runtime, output or Output()))


async def _run(request: RunRequest, open_runtime: Callable[[], Awaitable[Runtime]], output: Output) -> int:
    runtime = await open_runtime()
    try:
        session = await runtime.open_session(request.session_id, cwd=request.cwd, model=request.model)
        for notice in session.notices:
            output.note(f"note: {notice}")
        return await _Run(runtime, session, request, output).go()
    finally:
        await runtime.aclose()


class _Run:
    """One run: prints it as it happens and cancels it when asked to."""

    def __init__(self, runtime: Runtime, session: SessionInfo, request: RunRequest, output: Output) -> None:
        self._runtime, self._session, self._request, self._output = runtime, session, request, output
        self._renderer = Renderer(output, how_to_allow="--yes allows it")
        self._cancelling: asyncio.Task[bool] | None = None
        self._error: ev.ErrorInfo | None = None
        self._pipe_broken = False
        self._timed_out = False

    async def go(self) -> int:
        request = self._request
        after = 0 if request.session_id is None else self._session.last_seq
        timer = None
        with signals_to(self._signalled):
            submitted = await self._runtime.submit(self._session.id, request.prompt)
            if request.timeout_s is not None:
                timer = asyncio.get_running_loop().call_later(request.timeout_s, self._too_long)
            try:
                done = await self._print_until_done(after, submitted.run_id)
            finally:
                if timer is not None:
                    timer.cancel()
                if self._cancelling is not None:
                    await self._cancelling
            await self._report(done)
        return exit_code(done.status, self._error)

    async def _print_until_done(self, after: int, run_id: str | None) -> ev.RunDone:
        async for batch in self._runtime.follow(self._session.id, after):
            done = None
            for event in batch:
                if self._request.json:
                    self._output.line(codec.encode(event))
                else:
                    self._renderer.apply(event)
                if isinstance(event, ev.RunStart) and run_id is None and event.seq > self._session.last_seq:
                    run_id = event.run_id
                if isinstance(event, ev.RunError) and event.run_id == run_id:
                    self._error = event.error
                if isinstance(event, ev.RunDone) and event.run_id == run_id:
                    done = event
            await self._flush()
            if done is not None:
                return done
        raise RuntimeError("the session ended before its run")

    async def _flush(self) -> None:
        if self._pipe_broken:
            return
        try:
            await self._output.flush()
        except BrokenPipeError:
            self._pipe_broken = True
            self._output.discard()
            self._cancel("closed output")

    async def _report(self, done: ev.RunDone) -> None:
        if self._timed_out:
            limit = f"{self._request.timeout_s:g}"
            self._output.note(f"error[timeout]: the run took longer than {limit} s; give --timeout more")
        elif self._error is not None:
            self._output.note(f"error[{self._error.code}]: {visible(self._error.message, newlines=False)}")
        elif done.status == "max_steps":
            steps = "1 step" if done.steps == 1 else f"{done.steps:,} steps"
            self._output.note(
                f"error[max_steps]: no answer within {steps}; raise --max-steps or ask for less"
            )
        await self._flush()

    def _signalled(self, _number: signal.Signals) -> None:
        if self._cancelling is not None:
            os._exit(CANCELLED)  # asked twice: whatever holds the first cancel up is not waited for
        self._cancel("signal")

    def _too_long(self) -> None:
        self._timed_out = True
        self._cancel("timeout")

    def _cancel(self, by: str) -> None:
        if self._cancelling is None:
            self._cancelling = asyncio.ensure_future(self._runtime.cancel(self._session.id, by=by))


def exit_code(status: ev.RunStatus, error: ev.ErrorInfo | None) -> int:
    """The process's exit code for how a run ended."""
    if status == "failed" and error is not None:
        if error.retryable:
            return 4
        if error.code in _CONFIGURATION:
            return 2
    return _EXIT_CODES[status]


@contextmanager
def signals_to(handler: Callable[[signal.Signals], None]) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP call ``handler``, except those that the process was told to ignore."""
    loop = asyncio.get_running_loop()
    numbers = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    for number in numbers:
        loop.add_signal_handler(number, handler, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def signals_kill() -> None:
    """From now on what ``signals_to`` caught ends the process at once, whatever it is doing."""
    loop = asyncio.get_running_loop()
    for number in _ENDING:
        if loop.remove_signal_handler(number):
            signal.signal(number, signal.SIG_DFL)


def read_prompt(argument: str | None) -> str | None:
    """The prompt: the argument, or stdin for ``-`` or a pipe; None if there is neither."""
    if argument is not None and argument != "-":
        return argument
    if argument is None and sys.stdin.isatty():
        return None
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip()
