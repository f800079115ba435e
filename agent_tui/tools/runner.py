"""Runs calls: checks, asks, runs, retries, bounds what comes back, and writes it all to the log.

A runner returns an outcome for everything; only cancellation escapes it, after ``tool_cancelled``.
It knows neither models nor steps: what becomes an observation is the loop's business.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, JsonValue

from agent_tui.cancel import CancelToken
from agent_tui.clock import Clock, SystemClock
from agent_tui.errors import AgentTuiError, ToolError
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter
from agent_tui.safetext import encodable
from agent_tui.tools import arguments
from agent_tui.tools.failures import error_info, is_retryable, retry_delay, unexpected
from agent_tui.tools.invoke import attempt, in_thread
from agent_tui.tools.limits import DEFAULT_CONTENT_LIMIT, bounded_result, clean_json, cut_middle
from agent_tui.tools.output import OutputChannel
from agent_tui.tools.policy import Policy
from agent_tui.tools.registry import ToolRegistry
from agent_tui.tools.spec import OutcomeKind, ToolContext, ToolOutcome, ToolReply, ToolRequest, ToolSpec

logger = logging.getLogger(__name__)

Approve = Callable[
    [Emitter, str, ToolSpec, dict[str, JsonValue], str | None], Awaitable[tuple[ev.Decision, str | None]]
]
"""``await approve(emit, call_id, spec, args, preview)`` gives the person's decision and their words.

``emit`` is within the call's span. It emits ``approval_request`` and ``approval_result`` itself, and
raises CancelledError when the run is cancelled while it waits.
"""

PREVIEW_TIMEOUT_S = 5.0
MAX_PREVIEW = 500_000


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """Where tools work, and how much may come back.

    Attributes:
        cwd: The working folder.
        roots: Further folders that file tools may use.
        environ: Environment of processes; None is this process's own without its API keys.
        max_content: Most characters of a result that the model is told.
        max_result: Most characters of ``tool_end.result`` as JSON.
    """

    cwd: Path
    roots: tuple[Path, ...] = ()
    environ: dict[str, str] | None = None
    max_content: int = DEFAULT_CONTENT_LIMIT
    max_result: int = 100_000


@dataclass(slots=True)
class _Call:
    """One call on its way."""

    request: ToolRequest
    emit: Emitter
    spec: ToolSpec | None = None
    args: dict[str, JsonValue] = field(default_factory=dict)
    started: float = 0.0


class ToolRunner:
    """Runs calls of one session or run; calls may run concurrently.

    Args:
        registry: The tools there are.
        policy: What runs, asks, or is refused.
        emit: Where events go; the runner sets ``span_id`` to the call's id and ``parent_id``.
        approve: Asks the person.
        settings: Where tools work.
        settle: Allows an open question by ``call_id``: a grant for the session has come to cover it.
        clock: Measures durations.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        registry: ToolRegistry,
        policy: Policy,
        emit: Emitter,
        approve: Approve,
        settings: RunnerSettings,
        *,
        settle: Callable[[str], object] | None = None,
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._registry = registry
        self._policy = policy
        self._emit = emit
        self._approve = approve
        self._settings = settings
        self._settle = settle
        self._asking: dict[str, tuple[ToolSpec, dict[str, JsonValue]]] = {}
        self._clock = clock or SystemClock()
        self._sleep = sleep

    async def run(self, request: ToolRequest, *, parent_id: str | None = None) -> ToolOutcome:
        """Runs one call to its end.

        Args:
            request: The call. Its id must be new in the session.
            parent_id: The span that asked for it.

        Raises:
            asyncio.CancelledError: The run was cancelled; if the tool had started,
                ``tool_cancelled`` is written.
        """
        emit = self._emit.within(span_id=request.call_id, parent_id=parent_id)
        call = _Call(request, emit, args=_clean_args(request.args))
        try:
            spec = call.spec = arguments.find(self._registry, request.name)
            checked = arguments.check(spec, call.args)
            refusal = await self._permit(call, spec, checked)
        except AgentTuiError as error:
            return self._refused(call, error)
        except Exception as error:
            logger.exception("the call of tool %s could not be prepared", request.name)
            return self._refused(call, unexpected(call.spec, error))
        return refusal or await self._run(call, spec, checked)

    async def _permit(self, call: _Call, spec: ToolSpec, checked: BaseModel) -> ToolOutcome | None:
        """None if the call may run, else what the model is told."""
        full = checked.model_dump(mode="json")
        decision = self._policy.decide(spec, full)
        if decision.action == "deny":
            self._start(call, None)  # nobody was asked: without it the screen would show nothing
            outcome = _denied(
                call, f"{spec.name} was not run: {decision.reason} refuses it. Do not try it again."
            )
            call.emit(
                ev.ToolFailed,
                call_id=call.request.call_id,
                error=outcome.error,
                duration_ms=self._elapsed(call),
            )
            return outcome
        if decision.action == "allow":
            return None
        preview = await self._preview(spec, checked)
        call_id = call.request.call_id
        if self._policy.decide(spec, full).action == "allow":
            return None  # granted for the session while the preview was made
        self._asking[call_id] = (spec, full)
        try:
            answer, feedback = await self._approve(call.emit, call_id, spec, call.args, preview)
        finally:
            del self._asking[call_id]
        match answer:
            case "allow":
                return None
            case "allow_session":
                self._policy.allow_session(spec, full)
                self._settle_covered()
                return None
            case "deny" | "cancelled":
                said = (
                    f" They said: {encodable(feedback)}" if feedback else " Find another way, or ask them."
                )
                return _denied(call, f"{spec.name} was not run: the person did not allow it.{said}")

    def _settle_covered(self) -> None:
        """Calls of the same step wait for an answer that the grant has just given."""
        for call_id, (spec, full) in list(self._asking.items()):
            if self._settle is not None and self._policy.decide(spec, full).action == "allow":
                self._settle(call_id)

    async def _preview(self, spec: ToolSpec, checked: BaseModel) -> str | None:
        """What the approval shows. A ``ToolError`` says that the call would fail anyway."""
        if spec.preview is None:
            return None
        context = self._context(CancelToken(), None)
        try:
            async with asyncio.timeout(PREVIEW_TIMEOUT_S):  # wait_for of Python 3.11 can lose a cancel
                shown = str(await in_thread(f"preview {spec.name}", spec.preview, checked, context))
            return cut_middle(encodable(shown), MAX_PREVIEW)[0]
        except ToolError:
            raise
        except Exception:
            logger.exception("the preview of tool %s failed", spec.name)
            return None

    async def _run(self, call: _Call, spec: ToolSpec, checked: BaseModel) -> ToolOutcome:
        timeout_s = _timeout(spec, checked)
        self._start(call, timeout_s)

        def show(text: str, stream: ev.OutputStream) -> None:
            call.emit(ev.ToolOutput, call_id=call.request.call_id, stream=stream, text=text)

        channel = OutputChannel(show)
        try:
            reply = await self._attempts(call, spec, checked, timeout_s, channel)
            reply = _bounded(reply, self._settings)
        except asyncio.CancelledError:
            channel.close()
            call.emit(
                ev.ToolCancelled,
                call_id=call.request.call_id,
                partial=channel.partial(),
                duration_ms=self._elapsed(call),
            )
            raise
        except AgentTuiError as error:
            return self._failed(call, error, channel)
        except Exception as error:
            logger.exception("tool %s failed", spec.name)
            return self._failed(call, unexpected(spec, error), channel)
        channel.close()
        call.emit(
            ev.ToolEnd,
            call_id=call.request.call_id,
            result=reply.result,
            duration_ms=self._elapsed(call),
            truncated=reply.truncated,
            failed=reply.failed,
            summary=reply.summary or None,
        )
        return _outcome(call, "ok", reply.content, truncated=reply.truncated, failed=reply.failed)

    async def _attempts(
        self,
        call: _Call,
        spec: ToolSpec,
        checked: BaseModel,
        timeout_s: float | None,
        channel: OutputChannel,
    ) -> ToolReply:
        number = 1
        while True:
            context = self._context(CancelToken(), channel)
            try:
                return _reply(await attempt(spec, checked, context, timeout_s))
            except Exception as error:
                if number >= spec.retry.attempts or not spec.idempotent or not is_retryable(error):
                    raise
                delay = retry_delay(spec, number)
                number += 1
                call.emit(
                    ev.ToolRetry,
                    call_id=call.request.call_id,
                    attempt=number,
                    delay_s=round(delay, 3),
                    error=error_info(error),
                )
            await self._sleep(delay)

    def _context(self, cancel: CancelToken, channel: OutputChannel | None) -> ToolContext:
        def output(text: str, stream: ev.OutputStream = "stdout") -> None:
            # A stopped attempt may live on in its thread; a preview is not yet the call.
            if channel is not None and not cancel.cancelled:
                channel.write(text, stream)

        settings = self._settings
        return ToolContext(settings.cwd, cancel, output, roots=settings.roots, environ=settings.environ)

    def _start(self, call: _Call, timeout_s: float | None) -> None:
        call.started = self._clock.monotonic()
        call.emit(
            ev.ToolStart,
            call_id=call.request.call_id,
            tool_name=encodable(call.request.name),
            args=call.args,
            risk=call.spec.risk if call.spec else "low",
            timeout_s=timeout_s,
        )

    def _elapsed(self, call: _Call) -> float:
        return round((self._clock.monotonic() - call.started) * 1000, 3)

    def _refused(self, call: _Call, error: AgentTuiError) -> ToolOutcome:
        self._start(call, None)
        return self._failed(call, error)

    def _failed(
        self, call: _Call, error: AgentTuiError, channel: OutputChannel | None = None
    ) -> ToolOutcome:
        printed = ""
        if channel is not None:
            channel.close()
            printed = channel.partial().strip()
        info = error_info(error)
        call.emit(ev.ToolFailed, call_id=call.request.call_id, error=info, duration_ms=self._elapsed(call))
        content = f"error: {info.message}" + (f"\nIt had printed:\n{printed}" if printed else "")
        content, cut = cut_middle(content, self._settings.max_content)
        return _outcome(call, "error", content, error=info, truncated=cut)


def _clean_args(args: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        cleaned = clean_json(args)
    except ValueError:
        return {"…": "nested too deep"}
    return cleaned if isinstance(cleaned, dict) else {}


def _timeout(spec: ToolSpec, checked: BaseModel) -> float | None:
    asked = getattr(checked, spec.timeout_arg, None) if spec.timeout_arg else None
    return float(asked) if asked is not None else spec.timeout_s


def _reply(value: Any) -> ToolReply:
    """Whatever a tool returned, as a reply with JSON and encodable text in it."""
    if isinstance(value, ToolReply):
        return replace(value, content=encodable(value.content), result=clean_json(value.result))
    result = clean_json(value)
    return ToolReply(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False), result)


def _bounded(reply: ToolReply, settings: RunnerSettings) -> ToolReply:
    content, cut = cut_middle(reply.content, settings.max_content)
    whole: JsonValue = reply.content if reply.result is None else reply.result
    result, cut_result = bounded_result(whole, settings.max_result)
    summary = " ".join(encodable(reply.summary).split())[:80]
    return replace(
        reply,
        content=content,
        result=result,
        summary=summary,
        truncated=reply.truncated or cut or cut_result,
    )


def _outcome(
    call: _Call,
    kind: OutcomeKind,
    content: str,
    *,
    error: ev.ErrorInfo | None = None,
    truncated: bool = False,
    failed: bool = False,
) -> ToolOutcome:
    name = encodable(call.request.name)
    return ToolOutcome(
        call.request.call_id, name, kind, content, error=error, truncated=truncated, failed=failed
    )


def _denied(call: _Call, content: str) -> ToolOutcome:
    error = ev.ErrorInfo(code="tool_denied", message=content)
    return _outcome(call, "denied", content, error=error)
