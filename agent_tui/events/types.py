"""Every event there is: frozen, flat, JSON only, told apart by ``type``.

An event is a fact about a session. Its fields are the wire format: the journal, ``run --json``,
exports and SSE all carry exactly these. Times are UTC; durations are milliseconds where the name
ends in ``_ms`` and seconds where it ends in ``_s``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Channel = Literal["answer", "thought", "action"]
RunStatus = Literal["completed", "failed", "cancelled", "max_steps", "interrupted"]
AgentKind = Literal["react", "plan", "shell", "tool"]
Risk = Literal["low", "medium", "high"]
OutputStream = Literal["stdout", "stderr", "progress"]
Decision = Literal["allow", "allow_session", "deny", "cancelled"]
FinishReason = Literal[
    "stop", "tool_calls", "max_tokens", "safety", "recitation", "malformed_call", "cancelled", "other"
]


class Value(BaseModel):
    """A JSON object inside an event."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)


class ErrorInfo(Value):
    """What went wrong: a stable ``code``, a sentence for a person, and whether retrying may help."""

    code: str
    message: str
    retryable: bool = False


class Usage(Value):
    """Tokens of one model call, or summed over many. ``cost_usd`` is None where the price is unknown."""

    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None

    def __add__(self, other: Usage) -> Usage:
        costs = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            thought_tokens=self.thought_tokens + other.thought_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost_usd=sum(costs) if costs else None,
        )


class AgentAnswer(Value):
    """The answer of a run, with what it rests on.

    ``tool_calls`` are the ids of the calls made; ``repaired`` names the rule by which the text was
    mended, in which case it differs from the streamed deltas.
    """

    answer: str
    confidence: float | None = None
    sources: tuple[str, ...] = ()
    tool_calls: tuple[str, ...] = ()
    needs_human_review: bool = False
    repaired: str | None = None


class ModelCall(Value):
    """A native function call as the provider gave it, kept so that it can be sent back unchanged.

    ``signature`` is the provider's opaque thought signature, base64.
    """

    call_id: str
    name: str
    args: dict[str, JsonValue]
    signature: str | None = None


class RequestHash(Value):
    """What a model was sent, as short digests by which the same request is known again.

    ``system`` leaves out the date, the folder and the tools; ``tools`` has one for each tool told of,
    by name; ``options`` are those that were given, as they are; ``messages`` is the conversation.
    """

    protocol: Literal["native", "json"]
    system: str
    tools: dict[str, str]
    options: dict[str, JsonValue]
    messages: str


class EventBase(BaseModel):
    """Common fields. ``seq`` counts 1, 2, 3 … within its session, without a gap."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    seq: int
    ts: str
    session_id: str
    run_id: str | None = None
    span_id: str | None = None
    parent_id: str | None = None


class SessionStart(EventBase):
    type: Literal["session_start"] = "session_start"
    cwd: str
    model: str
    version: str
    forked_from: str | None = None


class SessionUpdate(EventBase):
    """What changed in the session. ``cleared``: the history before this event is no longer sent."""

    type: Literal["session_update"] = "session_update"
    title: str | None = None
    model: str | None = None
    cleared: bool | None = None


class Notice(EventBase):
    """Something the session has to say of itself, such as that it is not being saved."""

    type: Literal["notice"] = "notice"
    level: Literal["info", "warning", "error"]
    text: str


class PromptQueued(EventBase):
    type: Literal["prompt_queued"] = "prompt_queued"
    prompt_id: str
    text: str


class PromptUnqueued(EventBase):
    type: Literal["prompt_unqueued"] = "prompt_unqueued"
    prompt_id: str
    reason: Literal["started", "removed"]


class RunStart(EventBase):
    type: Literal["run_start"] = "run_start"
    input: str
    model: str
    agent: AgentKind


class ReactStepStart(EventBase):
    type: Literal["react_step_start"] = "react_step_start"
    step: int
    max_steps: int


class LlmStart(EventBase):
    """One attempt of a model call begins. ``attempt`` counts from 1."""

    type: Literal["llm_start"] = "llm_start"
    model: str
    attempt: int
    message_count: int
    cached: bool = False
    request_hash: RequestHash | None = None


class LlmDelta(EventBase):
    type: Literal["llm_delta"] = "llm_delta"
    text: str
    channel: Channel = "answer"


class LlmRetry(EventBase):
    """A new attempt follows after ``delay_s``; the text of the broken one is void."""

    type: Literal["llm_retry"] = "llm_retry"
    attempt: int
    delay_s: float
    error: ErrorInfo


class LlmDone(EventBase):
    """The model has said all it had to say. ``detail``: the provider's own word for why it stopped."""

    type: Literal["llm_done"] = "llm_done"
    finish_reason: FinishReason
    detail: str | None = None
    usage: Usage
    ttft_ms: float | None = None
    duration_ms: float


class LlmError(EventBase):
    type: Literal["llm_error"] = "llm_error"
    error: ErrorInfo
    duration_ms: float | None = None


class ReactModelRaw(EventBase):
    """The model's whole output of the step; ``calls`` holds native function calls, if any."""

    type: Literal["react_model_raw"] = "react_model_raw"
    raw: str
    calls: tuple[ModelCall, ...] = ()


class ToolStart(EventBase):
    type: Literal["tool_start"] = "tool_start"
    call_id: str
    tool_name: str
    args: dict[str, JsonValue]
    risk: Risk
    timeout_s: float | None = None


class ToolOutput(EventBase):
    type: Literal["tool_output"] = "tool_output"
    call_id: str
    stream: OutputStream
    text: str


class ToolRetry(EventBase):
    type: Literal["tool_retry"] = "tool_retry"
    call_id: str
    attempt: int
    delay_s: float
    error: ErrorInfo


class ToolEnd(EventBase):
    """The tool ran to its end. ``failed``: what it did failed, such as a command's exit code.

    ``summary`` is a few words for the tool's line on the screen: ``31 lines``, ``exit 1``.
    """

    type: Literal["tool_end"] = "tool_end"
    call_id: str
    result: JsonValue = None
    duration_ms: float
    truncated: bool = False
    failed: bool = False
    summary: str | None = None


class ToolFailed(EventBase):
    type: Literal["tool_error"] = "tool_error"
    call_id: str
    error: ErrorInfo
    duration_ms: float


class ToolCancelled(EventBase):
    """``partial`` is what the tool had printed when it was stopped."""

    type: Literal["tool_cancelled"] = "tool_cancelled"
    call_id: str
    partial: str
    duration_ms: float


class ReactObservation(EventBase):
    type: Literal["react_observation"] = "react_observation"
    call_id: str
    content: str


class ApprovalRequest(EventBase):
    type: Literal["approval_request"] = "approval_request"
    call_id: str
    tool_name: str
    args: dict[str, JsonValue]
    risk: Risk
    preview: str | None = None


class ApprovalResult(EventBase):
    type: Literal["approval_result"] = "approval_result"
    call_id: str
    decision: Decision
    feedback: str | None = None
    by: str


class SteerQueued(EventBase):
    type: Literal["steer_queued"] = "steer_queued"
    text: str


class SteerApplied(EventBase):
    type: Literal["steer_applied"] = "steer_applied"
    text: str


class Plan(EventBase):
    type: Literal["plan"] = "plan"
    subtasks: tuple[str, ...]


class SubtaskStart(EventBase):
    type: Literal["subtask_start"] = "subtask_start"
    index: int
    text: str


class SubtaskDone(EventBase):
    type: Literal["subtask_done"] = "subtask_done"
    index: int
    result: str


class MemoryUpdate(EventBase):
    type: Literal["memory_update"] = "memory_update"
    count: int
    items: tuple[str, ...] = ()


class Final(EventBase):
    type: Literal["final"] = "final"
    answer: AgentAnswer


class CancelCalled(EventBase):
    type: Literal["cancel_called"] = "cancel_called"
    by: str


class Cancelled(EventBase):
    """The run has stopped: ``latency_ms`` after its ``cancel_called``, keeping ``partial_text``."""

    type: Literal["cancelled"] = "cancelled"
    latency_ms: float
    partial_text: str


class RunError(EventBase):
    type: Literal["run_error"] = "run_error"
    error: ErrorInfo


class RunDone(EventBase):
    type: Literal["run_done"] = "run_done"
    status: RunStatus
    steps: int
    usage: Usage
    duration_ms: float


Event = (
    SessionStart
    | SessionUpdate
    | Notice
    | PromptQueued
    | PromptUnqueued
    | RunStart
    | ReactStepStart
    | LlmStart
    | LlmDelta
    | LlmRetry
    | LlmDone
    | LlmError
    | ReactModelRaw
    | ToolStart
    | ToolOutput
    | ToolRetry
    | ToolEnd
    | ToolFailed
    | ToolCancelled
    | ReactObservation
    | ApprovalRequest
    | ApprovalResult
    | SteerQueued
    | SteerApplied
    | Plan
    | SubtaskStart
    | SubtaskDone
    | MemoryUpdate
    | Final
    | CancelCalled
    | Cancelled
    | RunError
    | RunDone
)

AnyEvent = Annotated[Event, Field(discriminator="type")]
