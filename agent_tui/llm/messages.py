"""What goes to a model and what comes back, in no provider's dialect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from agent_tui.events.types import FinishReason, Usage

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Text:
    """Text for the person (assistant) or from them (user)."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """The model's reasoning, where the provider shows it. ``signature`` is the provider's, base64."""

    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A native function call. ``signature`` must be sent back unchanged (Gemini thought signatures)."""

    call_id: str
    name: str
    args: dict[str, object]
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back for ``call_id``, as the model is told it."""

    call_id: str
    name: str
    content: str
    is_error: bool = False


Part = Text | Thought | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. Tool results are a message of role ``tool`` with one ``ToolResult`` part or more."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))


def system(text: str) -> Message:
    return Message("system", (Text(text),))


def user(text: str) -> Message:
    return Message("user", (Text(text),))


def assistant(text: str) -> Message:
    return Message("assistant", (Text(text),))


@dataclass(frozen=True, slots=True)
class ToolDeclaration:
    """A tool as a model is told of it. ``parameters`` is a JSON schema of type object."""

    name: str
    description: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How a model is to answer.

    Attributes:
        tools: Native function declarations; empty asks for plain text.
        response_schema: JSON schema the whole answer must fit, where the provider can.
        max_output_tokens: None leaves it to the provider.
        thinking: Ask for thoughts to be shown, where the provider has them.
        thinking_budget: Tokens the model may think, where the provider takes a number.
        timeout_s: Longest a request may take to connect and to send its headers.
    """

    tools: tuple[ToolDeclaration, ...] = ()
    response_schema: dict[str, object] | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    thinking: bool = True
    thinking_budget: int | None = None
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a call's arguments, for the screen only; the whole call follows as ``ToolCall``."""

    call_id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The last part of every stream that was not broken."""

    reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    detail: str = ""
    """The provider's own word where ``reason`` is ``other``, ``safety`` or ``malformed_call``."""


StreamPart = TextDelta | ThoughtDelta | ToolCallDelta | ToolCall | Finish


def joined(parts: Iterable[StreamPart]) -> Iterator[StreamPart]:
    """Parts that came at the same time, with text that only goes on made one part.

    What came before an error in ``parts`` is given before that is raised.
    """
    held: StreamPart | None = None
    try:
        for part in parts:
            longer = _continued(held, part)
            if longer is None and held is not None:
                yield held
            held = longer or part
    except Exception:
        if held is not None:
            yield held
        raise
    if held is not None:
        yield held


def _continued(held: StreamPart | None, part: StreamPart) -> StreamPart | None:
    match held, part:
        case TextDelta(text), TextDelta(more):
            return TextDelta(text + more)
        case ThoughtDelta(text, None), ThoughtDelta(more, None):
            return ThoughtDelta(text + more)
        case ToolCallDelta(call, name, text), ToolCallDelta(same, _, more) if call == same:
            return ToolCallDelta(call, name, text + more)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """A whole answer, not streamed."""

    message: Message
    finish: Finish
