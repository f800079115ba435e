"""The task manager: one run at a time, ended from outside the run, whatever the run does."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from agent_tui.cancel import Lines, lines_of_run
from agent_tui.clock import Clock, IdSource
from agent_tui.errors import AgentTuiError, ConflictError
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter, SessionLog
from agent_tui.events.unfinished import Unfinished
from agent_tui.logs import request_id

_log = logging.getLogger(__name__)

ABANDON_AFTER_S = 5.0
"""How long a cancelled run may take to let go before its end is written without it."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a run does.

    Attributes:
        text: ``run_start.input``.
        agent: Who does it.
        body: Gets an emitter and the run's id, returns the run's status.
    """

    text: str
    agent: ev.AgentKind
    body: Callable[[Emitter, str], Coroutine[None, None, ev.RunStatus]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    prompt_id: str
    work: Work


class TaskManager:
    """The runs of one session: serial, queued, cancelled for real.

    Args:
        log: The session's log.
        unfinished: Follows that log.
        model: Names the model that a run starts with.
    """

    def __init__(
        self,
        log: SessionLog,
        unfinished: Unfinished,
        *,
        clock: Clock,
        ids: IdSource,
        model: Callable[[], str],
    ) -> None:
        self._log = log
        self._unfinished = unfinished
        self._clock = clock
        self._ids = ids
        self._model = model
        self._queue: deque[_Waiting] = deque()
        self._steers: list[str] = []
        self._current: _Run | None = None
        self._closing = False

    @property
    def running(self) -> bool:
        return self._current is not None

    def submit(self, work: Work, *, queue: bool) -> tuple[str | None, str | None]:
        """Starts a run, or queues it: ``(run_id, None)`` or ``(None, prompt_id)``.

        Raises:
            ConflictError: A run is going and ``queue`` is false, or the session is closing.
        """
        if self._closing:
            raise ConflictError("this session is closing")
        if not self.running:
            return self._start(work), None
        if not queue:
            raise ConflictError("a run is going", hint="wait for it, cancel it, or queue the prompt")
        waiting = _Waiting(self._ids.new("prompt"), work)
        self._queue.append(waiting)
        self._log.append(ev.PromptQueued, prompt_id=waiting.prompt_id, text=work.text)
        return None, waiting.prompt_id

    def unqueue(self, prompt_id: str) -> str | None:
        for waiting in self._queue:
            if waiting.prompt_id == prompt_id:
                self._queue.remove(waiting)
                self._log.append(ev.PromptUnqueued, prompt_id=prompt_id, reason="removed")
                return waiting.work.text
        return None

    def steer(self, text: str) -> bool:
        """Tells the agent that runs something at its next step; false if none is left to hear it."""
        run, current = self._unfinished.run, self._current
        if run is None or current is None or current.cancelled_at is not None or current.body.done():
            return False
        if run.agent in ("shell", "tool"):
            return False
        self._steers.append(text)
        self._log.append(ev.SteerQueued, run_id=run.run_id, span_id=run.span_id, text=text)
        return True

    def take_steers(self) -> list[str]:
        steers, self._steers = self._steers, []
        return steers

    async def cancel(self, by: str, run_id: str | None = None) -> bool:
        """Stops the run and returns when its ``run_done`` is written; false if it was not going.

        A second call while the first is at work waits for the same end.
        """
        current, run = self._current, self._unfinished.run
        if current is None or run is None or run_id not in (None, run.run_id):
            return False
        if current.cancelled_at is None and not current.body.done():
            current.cancelled_at = time.perf_counter()
            try:
                current.lines.cut()
                self._log.append(ev.CancelCalled, run_id=run.run_id, span_id=run.span_id, by=by)
            finally:
                current.body.cancel()
                current.cancelling.set_result(None)
        await asyncio.wait([current.supervisor])
        return True

    async def close(self, grace_s: float = 0.0) -> None:
        """Takes no more work, gives what runs ``grace_s`` and cancels it; what is queued stays queued."""
        self._closing = True
        if self._current is not None and grace_s > 0:
            await asyncio.wait([self._current.supervisor], timeout=grace_s)
        await self.cancel("close")

    def _start(self, work: Work) -> str:
        run_id = self._ids.new("run")
        self._steers.clear()
        emit = Emitter(self._log, run_id=run_id, span_id=run_id)
        emit(ev.RunStart, input=work.text, model=self._model(), agent=work.agent)
        self._current = _Run(run_id, work.body(emit, run_id))
        self._current.supervisor = asyncio.create_task(self._supervise(self._current, emit))
        return run_id

    async def _supervise(self, run: _Run, emit: Emitter) -> None:
        try:
            either: list[asyncio.Future[Any]] = [run.body, run.cancelling]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not run.body.done():
                await asyncio.wait([run.body], timeout=ABANDON_AFTER_S)
            self._end(run, emit)
        finally:
            self._current = None
        # A cancel is not a wish for the next thing to start: what is queued waits for the person.
        if self._queue and run.cancelled_at is None and not self._closing:
            waiting = self._queue.popleft()
            self._log.append(ev.PromptUnqueued, prompt_id=waiting.prompt_id, reason="started")
            self._start(waiting.work)

    def _end(self, run: _Run, emit: Emitter) -> None:
        partial = self._unfinished.partial_answer
        for kind, fields in list(self._unfinished.ends(self._clock.now())):
            self._log.append(kind, **fields)
        status, error = run.outcome()
        if error is not None:
            emit(ev.RunError, error=error)
        if run.cancelled_at is not None:
            latency = round((time.perf_counter() - run.cancelled_at) * 1000, 3)
            emit(ev.Cancelled, latency_ms=latency, partial_text=partial)
        kind, fields = self._unfinished.run_done(status, self._clock.now())
        emit.close()
        self._log.append(kind, **fields)


class _Run:
    """A run in flight: the task that does the work, and the one that watches it."""

    supervisor: asyncio.Task[None]

    def __init__(self, run_id: str, work: Coroutine[None, None, ev.RunStatus]) -> None:
        self.run_id = run_id
        context = contextvars.copy_context()
        context.run(request_id.set, run_id)
        self.lines = Lines()
        context.run(lines_of_run.set, self.lines)
        self.body = asyncio.create_task(work, name=run_id, context=context)
        self.cancelling: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.cancelled_at: float | None = None

    def outcome(self) -> tuple[ev.RunStatus, ev.ErrorInfo | None]:
        """How the work ended, and the error to tell of, if any."""
        extra = {"request_id": self.run_id}
        if not self.body.done():
            _log.error(
                "a cancelled run did not stop in %s s and was abandoned", ABANDON_AFTER_S, extra=extra
            )
            return "cancelled", None
        if self.body.cancelled():
            return "cancelled" if self.cancelled_at is not None else "interrupted", None
        error = self.body.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is None:
            return "cancelled" if self.cancelled_at is not None else self.body.result(), None
        if self.cancelled_at is not None:
            _log.error("a run failed while it was cancelled", exc_info=error, extra=extra)
            return "cancelled", None
        if isinstance(error, AgentTuiError):
            return "failed", ev.ErrorInfo(code=error.code, message=str(error), retryable=error.retryable)
        _log.error("a run failed", exc_info=error, extra=extra)
        message = f"{type(error).__name__}: {error}; this is a defect: the log file has the details"
        return "failed", ev.ErrorInfo(code="internal", message=message)
