"""What went wrong with a tool: in which words, whether to try again, and when."""

from __future__ import annotations

import traceback

from agent_tui.errors import AgentTuiError, ToolError
from agent_tui.events import types as ev
from agent_tui.safetext import encodable
from agent_tui.tools.limits import cut_middle
from agent_tui.tools.spec import ToolSpec

MAX_ERROR = 8_000
"""Most characters of an error's message."""


def is_retryable(error: Exception) -> bool:
    """Whether the same attempt may succeed later."""
    if isinstance(error, AgentTuiError):
        return error.retryable
    return isinstance(error, ConnectionError | TimeoutError)


def retry_delay(spec: ToolSpec, failed: int) -> float:
    """Seconds to wait after the ``failed``-th attempt: exponential, with full jitter."""
    import tenacity

    wait = tenacity.wait_random_exponential(multiplier=spec.retry.first_delay_s, max=spec.retry.max_delay_s)
    state = tenacity.RetryCallState(None, None, (), {})  # type: ignore[arg-type]
    state.attempt_number = failed
    return float(wait(state))


def unexpected(spec: ToolSpec | None, error: Exception) -> ToolError:
    """An error that the tool did not mean to raise, as one it might have."""
    words = " ".join(str(error).split())
    name = spec.name if spec else "the call"
    message = f"{name} failed: {type(error).__name__}" + (f": {words[:2000]}" if words else "")
    if spec and spec.source != "builtin":
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == spec.source]
        message += f" ({spec.source}, line {lines[-1]})" if lines else ""
    return ToolError(message)


def error_info(error: Exception) -> ev.ErrorInfo:
    """An error as events carry it."""
    ours = isinstance(error, AgentTuiError)
    text = encodable(str(error) if ours else f"{type(error).__name__}: {error}")
    code = error.code if isinstance(error, AgentTuiError) else "tool_failed"
    return ev.ErrorInfo(code=code, message=cut_middle(text, MAX_ERROR)[0], retryable=is_retryable(error))
