"""What a tool is, what it is given, and what comes of running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, JsonValue

from agent_tui.cancel import CancelToken
from agent_tui.events.types import ErrorInfo, OutputStream, Risk


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter. ``attempts`` counts the first one."""

    attempts: int = 1
    first_delay_s: float = 0.5
    max_delay_s: float = 10.0


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a running tool may touch.

    Attributes:
        cwd: The working folder; file tools stay inside it and ``roots``.
        roots: Further folders that are allowed.
        cancel: Set when the call is cancelled or timed out; sync tools ask ``cancel.checkpoint()``.
        output: Shows text to the person while the tool runs: ``output(text, "stdout")``.
            May be called from any thread.
        environ: Environment for processes.
    """

    cwd: Path
    cancel: CancelToken
    output: Callable[[str, OutputStream], None]
    roots: tuple[Path, ...] = ()
    environ: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ToolReply:
    """What a tool returns when text for the model and the result for the person differ.

    Attributes:
        content: What the model is told.
        result: JSON for the person: ``tool_end.result``. None repeats ``content``.
        summary: A few words for the tool's line on the screen: ``31 lines``.
        failed: The tool did run but what it did failed, such as a command's exit code; the screen
            marks it, the model reads ``content``.
        truncated: The tool itself left something out, and ``content`` says what.
    """

    content: str
    result: JsonValue = None
    summary: str = ""
    failed: bool = False
    truncated: bool = False


ToolFunction = Callable[..., Any]
"""``f(args, context)`` with ``args`` an instance of the spec's model; sync, or async.

Returns ``ToolReply`` or any JSON value, raises ``ToolError`` with what to do.
"""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool.

    Attributes:
        name: As the model calls it.
        description: What it does and when to use it, for the model.
        args_model: Pydantic model of the arguments.
        function: Does the work.
        risk: ``low`` runs, ``medium`` and ``high`` ask, unless policy says otherwise.
        timeout_s: Per attempt; None for no limit.
        retry: When an attempt fails in a way that may pass. Only ``idempotent`` tools are retried.
        idempotent: Running it twice is the same as running it once.
        is_async: ``function`` is a coroutine function; else it runs in a thread.
        source: ``builtin``, ``entry point NAME``, or the file it came from.
        preview: What an approval shows in full: the command, the diff. Gets ``(args, context)``.
        timeout_arg: Name of an argument that, when given, is the timeout of that call.
        grant_key: What a permission "for this session" covers: calls whose arguments (a JSON
            object) have the same key. Without it, a low or medium tool is covered as a whole and a
            high one for identical arguments only.
    """

    name: str
    description: str
    args_model: type[BaseModel]
    function: ToolFunction
    risk: Risk = "low"
    timeout_s: float | None = 30.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    idempotent: bool = False
    is_async: bool = True
    source: str = "builtin"
    preview: Callable[[Any, ToolContext], str] | None = None
    timeout_arg: str | None = None
    grant_key: Callable[[Mapping[str, JsonValue]], str] | None = None

    @property
    def schema(self) -> dict[str, object]:
        """JSON schema of the arguments."""
        return self.args_model.model_json_schema()


OutcomeKind = Literal["ok", "error", "denied"]


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What came of a call. The runner returns one for everything but cancellation.

    ``content`` is what the model is told; it has also been emitted as ``react_observation`` by
    the loop, not by the runner. ``failed`` is ``ToolReply.failed``: it ran, and says itself that it failed.
    """

    call_id: str
    name: str
    kind: OutcomeKind
    content: str
    error: ErrorInfo | None = None
    truncated: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A call to run: which tool, with which arguments, under which id."""

    call_id: str
    name: str
    args: dict[str, JsonValue]
