"""The one error tree. Every error that reaches a person comes from here.

    AgentTuiError
    ├── UsageError              the command or call was wrong
    ├── ConfigError             a configuration file or value was wrong
    ├── NotFoundError           no such session, run, tool, file
    ├── ConflictError           the thing is in a state that does not allow this
    ├── StorageError            the journal could not be read or written
    ├── ToolError               a tool failed; says what the model may do about it
    │   ├── ToolInputError      unknown tool or arguments that do not fit
    │   ├── ToolTimeoutError
    │   └── ToolDeniedError     policy or a person said no
    └── ModelError
        ├── ModelUnavailable    retryable: 429, 5xx, connection lost, stall, broken stream
        ├── ModelAuthError      no key, or the key was refused
        ├── ModelRejected       the request was refused: bad request, unknown model
        └── ModelBlocked        safety blocked the prompt or the answer

Errors are raised at the depth that knows the cause and turned into text only at the edge.
"""

from __future__ import annotations


class AgentTuiError(Exception):
    """Something a person can be told in one line.

    Args:
        message: What happened, and to what.
        hint: What to do about it; shown after the message.
        code: Overrides the class's machine-readable code.

    Attributes:
        code: Stable machine-readable name, as in ``error[code]`` and ``problem+json``.
        exit_code: Process exit code of the command line.
        http_status: Status of the HTTP server.
        retryable: Whether the same call may succeed later, unchanged.
    """

    code = "internal"
    exit_code = 1
    http_status = 500
    retryable = False

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class UsageError(AgentTuiError):
    code = "usage"
    exit_code = 2
    http_status = 400


class ConfigError(AgentTuiError):
    code = "config"
    exit_code = 2
    http_status = 500


class NotFoundError(AgentTuiError):
    code = "not_found"
    exit_code = 2
    http_status = 404


class ConflictError(AgentTuiError):
    code = "conflict"
    exit_code = 1
    http_status = 409


class StorageError(AgentTuiError):
    code = "storage"


class ToolError(AgentTuiError):
    """A tool failed in a way the model should hear about."""

    code = "tool_failed"
    http_status = 422


class ToolInputError(ToolError):
    code = "tool_input"


class ToolTimeoutError(ToolError):
    code = "tool_timeout"
    retryable = True


class ToolDeniedError(ToolError):
    code = "tool_denied"
    http_status = 403


class ModelError(AgentTuiError):
    code = "model"
    http_status = 502


class ModelUnavailable(ModelError):
    """The provider or the way to it failed; the same request may succeed later.

    Args:
        retry_after_s: Delay the provider asked for, in seconds (``Retry-After``, ``RetryInfo``).
    """

    code = "model_unavailable"
    exit_code = 4
    http_status = 503
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after_s = retry_after_s


class ModelAuthError(ModelError):
    code = "model_auth"
    exit_code = 2


class ModelRejected(ModelError):
    code = "model_rejected"


class ModelBlocked(ModelError):
    code = "model_blocked"
