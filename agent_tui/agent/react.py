"""The ReAct loop: ask the model, run the tools it chose, tell it what came of them, again.

It emits what happens and keeps no record of its own: what the model is told comes from ``history``,
a fold of the very events emitted here. It does not begin or end the run; whoever started it does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from agent_tui.agent.actions import CallTool, CallTools, Finish, Malformed
from agent_tui.agent.history import History
from agent_tui.agent.protocols.base import ActionProtocol, ModelTurn
from agent_tui.errors import ModelBlocked, ModelError
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter
from agent_tui.llm import messages as llm
from agent_tui.llm.beside import beside
from agent_tui.llm.client import LLMClient
from agent_tui.llm.fingerprint import request_hash
from agent_tui.llm.portable import OBJECTION
from agent_tui.llm.retry import AttemptFailed, AttemptStarted, ModelRetryPolicy, stream_with_retry
from agent_tui.tools.runner import ToolRunner
from agent_tui.tools.spec import ToolOutcome, ToolRequest

PROTOCOL_CALL_ID = "protocol"
"""``call_id`` of an observation about the form of an action, which no call stands for."""


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """Limits of a run.

    Attributes:
        max_steps: Model calls, retries not counted.
        max_malformed: Times in a row that a malformed action is given back to the model.
        context_tokens: Size that the history is kept under; None for no limit.
    """

    max_steps: int = 12
    max_malformed: int = 3
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ModelAccess:
    """A model and how it is talked to."""

    client: LLMClient
    protocol: ActionProtocol
    options: llm.CallOptions
    retry: ModelRetryPolicy


class ReactLoop:
    """One run of the agent.

    Args:
        access: The model.
        runner: Runs tools; emits their events.
        system_prompt: Sent first in every call.
        tools: What the model is told it may call.
        history: Follows the same log that ``emit`` appends to.
        emit: Appends events of this run.
        new_id: Makes ids for spans and calls from a prefix.
        take_steers: Text the person gave since last asked, oldest first; asked at each step.
    """

    def __init__(
        self,
        *,
        access: ModelAccess,
        runner: ToolRunner,
        system_prompt: str,
        tools: Sequence[llm.ToolDeclaration],
        history: History,
        emit: Emitter,
        new_id: Callable[[str], str],
        take_steers: Callable[[], Sequence[str]],
        settings: LoopSettings,
    ) -> None:
        self._access = access
        self._runner = runner
        self._system = llm.system(system_prompt)
        self._options = access.protocol.options(access.options, tools)
        self._history = history
        self._emit = emit
        self._new_id = new_id
        self._take_steers = take_steers
        self._settings = settings
        self._calls_made: list[str] = []

    async def run(self, run_id: str) -> ev.RunStatus:
        """Works until there is an answer or a limit is reached.

        Raises:
            ModelError: The model gave no usable answer.
        """
        malformed = 0
        for step in range(1, self._settings.max_steps + 1):
            self._apply_steers()
            span_id = self._new_id("step")
            emit = self._emit.within(span_id=span_id, parent_id=run_id)
            emit(ev.ReactStepStart, step=step, max_steps=self._settings.max_steps)
            turn = await self._ask_model(span_id)
            match turn.action:
                case Finish(answer):
                    # An answer at the last step is kept: there is no step left to mend it in.
                    if step < self._settings.max_steps and self._apply_steers():
                        continue
                    self._finish(answer)
                    return "completed"
                case CallTools(calls):
                    malformed = 0
                    await self._run_tools(calls, span_id)
                case Malformed(problem):
                    malformed += 1
                    if malformed > self._settings.max_malformed:
                        return self._give_up(turn, problem)
                    emit(ev.ReactObservation, call_id=PROTOCOL_CALL_ID, content=problem)
        return "max_steps"

    def _apply_steers(self) -> bool:
        steers = self._take_steers()
        for text in steers:
            self._emit(ev.SteerApplied, text=text)
        return bool(steers)

    def _finish(self, answer: ev.AgentAnswer) -> None:
        if not answer.tool_calls:
            answer = answer.model_copy(update={"tool_calls": tuple(self._calls_made)})
        self._emit(ev.Final, answer=answer)

    def _give_up(self, turn: ModelTurn, problem: str) -> ev.RunStatus:
        """Prose that never became an action is still an answer, and said to be a mended one."""
        text = self._access.protocol.prose(turn.raw)
        if text is None:
            tries = self._settings.max_malformed + 1
            other = "json" if self._access.protocol.name == "native" else "native"
            # The model was told how to reply; the person needs only what was wrong.
            wrong = problem.removeprefix(OBJECTION).partition("\n")[0].rstrip(".")
            raise ModelError(
                f"the model did not give a usable action in {tries} tries: {wrong}",
                hint=f'try another model, or protocol = "{other}" in [model]',
                code="malformed_action",
            )
        self._finish(ev.AgentAnswer(answer=text, repaired="prose"))
        return "completed"

    async def _ask_model(self, step_id: str) -> ModelTurn:
        access = self._access
        told = self._history.messages(self._settings.context_tokens)
        messages = [self._system, *access.protocol.conversation(told)]
        hashed = await beside(messages, request_hash, messages, self._options)
        asked = _Asked(len(messages), hashed)
        call = _ModelCall(access, self._emit, self._new_id, step_id, asked)
        try:
            async with aclosing(
                stream_with_retry(access.client, messages, self._options, access.retry)
            ) as parts:
                async for part in parts:
                    call.take(part)
        except asyncio.CancelledError:
            call.cancelled()
            raise
        except Exception as error:
            call.broken(error)
            raise
        return call.turn()

    async def _run_tools(self, calls: Sequence[CallTool], step_id: str) -> None:
        """Runs the calls of one step side by side and tells the model in the order it asked."""
        tasks: list[asyncio.Task[ToolOutcome]] = []
        async with asyncio.TaskGroup() as group:
            for call in calls:
                self._calls_made.append(call.call_id)
                request = ToolRequest(call.call_id, call.tool_name, call.args)
                tasks.append(group.create_task(self._runner.run(request, parent_id=step_id)))
        for task in tasks:
            outcome = task.result()
            self._emit(
                ev.ReactObservation,
                span_id=outcome.call_id,
                parent_id=step_id,
                call_id=outcome.call_id,
                content=outcome.content,
            )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the events tell of a request."""

    message_count: int
    request_hash: ev.RequestHash


class _ModelCall:
    """One model call, attempts and all: parts in, events out."""

    def __init__(
        self, access: ModelAccess, emit: Emitter, new_id: Callable[[str], str], step_id: str, asked: _Asked
    ) -> None:
        self._access = access
        self._run_emit = emit
        self._new_id = new_id
        self._step_id = step_id
        self._asked = asked
        self._emit = emit
        self._finish: llm.Finish | None = None
        self._began = 0.0
        self._first: float | None = None
        self._open = False

    def take(self, part: llm.StreamPart | AttemptStarted | AttemptFailed) -> None:
        match part:
            case AttemptStarted(attempt):
                self._attempt(attempt)
            case AttemptFailed():
                self._failed(part)
            case llm.Finish():
                self._finish = part
                self._show(part)
            case _:
                if self._first is None:
                    self._first = time.monotonic()
                self._show(part)

    def _show(self, part: llm.StreamPart) -> None:
        for shown in self._reader.feed(part):
            self._emit(ev.LlmDelta, text=shown.text, channel=shown.channel)

    def _attempt(self, attempt: int) -> None:
        self._reader = self._access.protocol.reader(lambda: self._new_id("call"))
        self._began, self._first, self._open = time.monotonic(), None, True
        self._emit = self._run_emit.within(span_id=self._new_id("llm"), parent_id=self._step_id)
        self._emit(
            ev.LlmStart,
            model=self._access.client.model,
            attempt=attempt,
            message_count=self._asked.message_count,
            request_hash=self._asked.request_hash,
        )

    def _failed(self, part: AttemptFailed) -> None:
        self._open = False
        error = ev.ErrorInfo(code=part.error.code, message=str(part.error), retryable=part.error.retryable)
        self._emit(ev.LlmError, error=error, duration_ms=_ms(self._began))
        if part.retry_in_s is not None:
            self._emit(ev.LlmRetry, attempt=part.attempt + 1, delay_s=part.retry_in_s, error=error)

    def broken(self, error: Exception) -> None:
        """Ends a call whose client raised what no client should; an attempt that failed has its end."""
        if self._open:
            self._open = False
            message = f"{type(error).__name__}: {error}"
            info = ev.ErrorInfo(code="internal", message=message)
            self._emit(ev.LlmError, error=info, duration_ms=_ms(self._began))

    def turn(self) -> ModelTurn:
        finish = self._finish
        if finish is None:
            raise ModelError("the model's answer ended without an end")
        turn = self._reader.finish()
        self._done(finish.reason, finish.usage, finish.detail)
        self._emit(ev.ReactModelRaw, raw=turn.raw, calls=turn.calls)
        if finish.reason in ("safety", "recitation") and not isinstance(turn.action, CallTools):
            raise ModelBlocked(
                f"the model stopped for {finish.reason}{': ' + finish.detail if finish.detail else ''}",
                hint="put the question another way",
            )
        return turn

    def cancelled(self) -> None:
        if self._open:
            self._done("cancelled", ev.Usage())

    def _done(self, reason: ev.FinishReason, usage: ev.Usage, detail: str = "") -> None:
        self._open = False
        ttft = None if self._first is None else round((self._first - self._began) * 1000, 3)
        self._emit(
            ev.LlmDone,
            finish_reason=reason,
            detail=detail or None,
            usage=usage,
            ttft_ms=ttft,
            duration_ms=_ms(self._began),
        )


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 3)
