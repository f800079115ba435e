"""View state: what a session looks like after its events so far.

Plain data that ``fold`` writes and every screen reads. Text in it is foreign and raw: a front end
passes it through ``safetext`` before it shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from agent_tui.events.types import ErrorInfo, FinishReason, OutputStream, Risk, RunStatus, Usage

SpanKind = Literal["run", "step", "llm", "tool"]
SpanState = Literal["running", "waiting", "ok", "failed", "error", "denied", "cancelled", "interrupted"]
"""``failed``: a tool ran, but what it did failed; ``error``: it could not do it."""
ToolState = SpanState
TextState = Literal["streaming", "done", "cancelled", "broken", "void"]
"""``void``: taken back because a new attempt replaced it; it takes no room on the screen."""
NoticeLevel = Literal["info", "success", "warning", "error"]
SessionStatus = Literal["idle", "running", "waiting", "cancelling"]

OUTPUT_KEPT = 200_000
"""Characters of live tool output kept for the screen; the oldest go first."""


class TextBuffer:
    """Text that grows by pieces; joined only when somebody reads it."""

    __slots__ = ("_joined", "_pieces", "length")

    def __init__(self, text: str = "") -> None:
        self._pieces = [text] if text else []
        self._joined = 0
        self.length = len(text)

    def append(self, piece: str) -> None:
        self._pieces.append(piece)
        self.length += len(piece)

    def tail(self, start: int) -> str:
        """The text from character ``start`` on; costs no more than what is new."""
        missing, pieces = self.length - start, []
        for piece in reversed(self._pieces):
            if missing <= 0:
                break
            pieces.append(piece if len(piece) <= missing else piece[-missing:])
            missing -= len(piece)
        return "".join(reversed(pieces))

    def copy(self) -> TextBuffer:
        """Another buffer that begins with the same text, which the two share.

        Only what came since the last copy is joined, so that many copies of a long text cost no
        more room than the text itself.
        """
        if len(self._pieces) - self._joined > 1:
            self._pieces[self._joined :] = ["".join(self._pieces[self._joined :])]
        self._joined = len(self._pieces)
        twin = TextBuffer()
        twin._pieces, twin._joined, twin.length = list(self._pieces), self._joined, self.length
        return twin

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
            self._joined = min(self._joined, 1)
        return self._pieces[0] if self._pieces else ""

    def __len__(self) -> int:
        return self.length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextBuffer) and str(self) == str(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TextBuffer({str(self)!r})"


@dataclass(slots=True)
class Block:
    """One thing in the conversation.

    Attributes:
        index: Its place in ``SessionView.blocks``; never changes.
        seq: The event that began it.
        run_id: The run it belongs to, None outside of runs.
        span_id: The span it shows, for going from the conversation to the trace and back.
    """

    index: int
    seq: int
    run_id: str | None
    span_id: str | None


@dataclass(slots=True)
class PromptBlock(Block):
    """What the person said: a prompt, a ``!command``, a tool call of their own, or a steer."""

    text: str
    kind: Literal["prompt", "shell", "tool", "steer"] = "prompt"


@dataclass(slots=True)
class AnswerBlock(Block):
    """Text for the person, in markdown. It only ever grows while ``streaming``."""

    text: TextBuffer = field(default_factory=TextBuffer)
    state: TextState = "streaming"


@dataclass(slots=True)
class ThoughtBlock(Block):
    """What the model thought. ``started`` and ``ended`` are seconds since the epoch."""

    text: TextBuffer = field(default_factory=TextBuffer)
    state: TextState = "streaming"
    started: float = 0.0
    ended: float | None = None


@dataclass(slots=True)
class ToolBlock(Block):
    """A tool call. ``output`` is what it printed, oldest first."""

    call_id: str
    name: str
    args: dict[str, JsonValue]
    risk: Risk
    state: ToolState = "running"
    output: list[tuple[OutputStream, str]] = field(default_factory=list)
    output_length: int = 0
    output_dropped: int = 0
    result: JsonValue = None
    observation: str | None = None
    error: ErrorInfo | None = None
    summary: str = ""
    truncated: bool = False
    retries: int = 0
    started: float = 0.0
    duration_ms: float | None = None
    preview: str | None = None
    feedback: str | None = None
    by: str | None = None


@dataclass(slots=True)
class NoticeBlock(Block):
    """Something the session says of itself."""

    level: NoticeLevel
    text: str


@dataclass(slots=True)
class PlanBlock(Block):
    subtasks: tuple[str, ...]
    results: dict[int, str] = field(default_factory=dict)
    current: int | None = None


AnyBlock = PromptBlock | AnswerBlock | ThoughtBlock | ToolBlock | NoticeBlock | PlanBlock


@dataclass(slots=True)
class Span:
    """A timed piece of the work. ``started`` and ``ended`` are seconds since the epoch.

    Attributes:
        title: ``run 3``, ``step 1``, the model, or the tool's name.
        first_seq: The event that began it; ``last_seq`` the one that ended it, None while it runs.
        block: Index of the block that shows it, if one does.
    """

    id: str
    parent_id: str | None
    run_id: str
    kind: SpanKind
    title: str
    started: float
    first_seq: int
    depth: int
    state: SpanState = "running"
    ended: float | None = None
    last_seq: int | None = None
    block: int | None = None
    children: list[str] = field(default_factory=list)
    error: ErrorInfo | None = None


@dataclass(slots=True)
class LlmSpan(Span):
    """One attempt of a model call. ``retry_delay_s``: how long was waited after it broke."""

    attempt: int = 1
    message_count: int = 0
    cached: bool = False
    answer: TextBuffer = field(default_factory=TextBuffer)
    thought: TextBuffer = field(default_factory=TextBuffer)
    action: TextBuffer = field(default_factory=TextBuffer)
    raw: str | None = None
    deltas: int = 0
    first_token: float | None = None
    ttft_ms: float | None = None
    duration_ms: float | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    retry_delay_s: float | None = None


@dataclass(slots=True)
class ToolSpan(Span):
    """Everything else about the call is in its ``ToolBlock``: ``view.blocks[span.block]``."""

    call_id: str = ""


@dataclass(slots=True)
class StepSpan(Span):
    step: int = 0
    max_steps: int = 0


@dataclass(slots=True)
class RunSpan(Span):
    number: int = 0
    input: str = ""
    model: str = ""
    status: RunStatus | None = None
    steps: int = 0
    max_steps: int = 0
    usage: Usage = field(default_factory=Usage)
    duration_ms: float | None = None
    cancel_latency_ms: float | None = None


AnySpan = RunSpan | StepSpan | LlmSpan | ToolSpan


@dataclass(slots=True)
class Approval:
    """A question that waits for an answer by ``call_id``."""

    call_id: str
    tool_name: str
    args: dict[str, JsonValue]
    risk: Risk
    preview: str | None
    run_id: str | None


@dataclass(slots=True)
class Queued:
    prompt_id: str
    text: str


@dataclass(slots=True)
class SessionView:
    """A session as of event ``seq``.

    Attributes:
        blocks: The conversation, in order; blocks are only ever appended or changed in place.
        spans: Every span by id, in the order they began.
        runs: Ids of the run spans, in order.
        run: The run that is going, if any.
        approvals: Open questions, oldest first.
        context_tokens: Tokens that the last model call read and wrote.
        cleared_at: ``seq`` of the last clear; history before it is no longer sent.
    """

    session_id: str = ""
    title: str = ""
    cwd: str = ""
    model: str = ""
    version: str = ""
    seq: int = 0
    time: float = 0.0
    status: SessionStatus = "idle"
    blocks: list[AnyBlock] = field(default_factory=list)
    spans: dict[str, AnySpan] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    run: RunSpan | None = None
    approvals: dict[str, Approval] = field(default_factory=dict)
    queue: list[Queued] = field(default_factory=list)
    steers: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    context_tokens: int = 0
    memories: int = 0
    cleared_at: int = 0


@dataclass(slots=True)
class Changes:
    """What a batch of events touched, so that a screen redraws only that.

    ``head``: anything outside blocks and spans: status, approvals, queue, totals, title.
    """

    blocks: set[int] = field(default_factory=set)
    spans: set[str] = field(default_factory=set)
    head: bool = False

    def __bool__(self) -> bool:
        return bool(self.blocks or self.spans or self.head)
