"""What requests bring and what answers hold, as the served OpenAPI describes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StrictBool

from agent_tui.runtime.runtime import SessionInfo, SessionState, Submitted, ToolInfo

Text = Annotated[str, Field(min_length=1, max_length=500_000)]
Name = Annotated[str, Field(max_length=200)]
Many = Annotated[int, Field(ge=1, le=10_000)]


def _number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("it is no number")  # noqa: TRY004 - only this becomes an answer
    return value


WHOLE = BeforeValidator(_number)
"""Makes an ``int`` what JSON Schema means by it: ``4`` and ``4.0``, but neither ``true`` nor ``"4"``."""


class Body(BaseModel):
    """A JSON object of a request; what is not known in it is an error, so that slips are seen."""

    model_config = ConfigDict(extra="forbid")


class NewSession(Body):
    model: Name | None = None
    agent: Literal["react"] | None = None
    title: Name | None = None


class ChangedSession(Body):
    model: Name | None = None
    title: Name | None = None


class NewRun(Body):
    """``queue``: wait for the run that is going; without, a busy session answers 409."""

    input: Text
    queue: StrictBool = True


class NewShell(Body):
    command: Text


class NewToolCall(Body):
    args: dict[str, JsonValue] = Field(default_factory=dict)


class CancelBody(Body):
    """Without ``run_id``, whichever run goes is meant."""

    by: Name | None = None
    run_id: Name | None = None


class SteerBody(Body):
    text: Text


class ApprovalBody(Body):
    decision: Literal["allow", "allow_session", "deny"]
    feedback: Annotated[str, Field(max_length=20_000)] | None = None
    by: Name | None = None


class ForkBody(Body):
    at: Annotated[int, Field(ge=1), WHOLE] | None = None


class SessionOut(BaseModel):
    """A session. ``state``: ``closed`` is stored only."""

    id: str
    cwd: str
    model: str
    title: str
    created: str
    updated: str
    last_seq: int
    runs: int
    tokens: int
    cost_usd: float | None
    state: SessionState
    read_only: bool
    snippet: str
    notices: list[str]

    @classmethod
    def of(cls, info: SessionInfo) -> SessionOut:
        return cls(**asdict(info) | {"notices": list(info.notices)})


class SessionsOut(BaseModel):
    sessions: list[SessionOut]


class SubmittedOut(BaseModel):
    """``run_id`` if it began at once, ``prompt_id`` if it waits."""

    run_id: str | None
    prompt_id: str | None

    @classmethod
    def of(cls, submitted: Submitted) -> SubmittedOut:
        return cls(run_id=submitted.run_id, prompt_id=submitted.prompt_id)


class CancelledOut(BaseModel):
    """False if no run was going."""

    cancelled: bool


class SteeredOut(BaseModel):
    """False if no run was going that could hear it."""

    steered: bool


class AnsweredOut(BaseModel):
    """False if somebody had answered before: the first answer counts."""

    accepted: bool


class UnqueuedOut(BaseModel):
    """The prompt that was taken back; null if it no longer waited."""

    text: str | None


class ToolOut(BaseModel):
    """``decision``: what policy says of a call with no special arguments."""

    model_config = ConfigDict(populate_by_name=True)

    name: str
    description: str
    risk: Literal["low", "medium", "high"]
    decision: Literal["allow", "ask", "deny"]
    source: str
    timeout_s: float | None
    parameters: dict[str, Any] = Field(alias="schema")

    @classmethod
    def of(cls, tool: ToolInfo) -> ToolOut:
        return cls.model_validate(asdict(tool))


class ToolsOut(BaseModel):
    tools: list[ToolOut]


class ModelOut(BaseModel):
    name: str
    usable: bool
    reason: str
    description: str
    context_tokens: int | None


class ModelsOut(BaseModel):
    models: list[ModelOut]


class HealthOut(BaseModel):
    status: Literal["ok", "stopping"]
    version: str


class Problem(BaseModel):
    """RFC 9457, with a stable ``code``."""

    type: str
    title: str
    status: int
    code: str
    detail: str
