"""The seam between the loop and the way a model speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent_tui.agent.actions import Action
from agent_tui.events.types import Channel, ModelCall
from agent_tui.llm.messages import CallOptions, Message, StreamPart, ToolDeclaration


@dataclass(frozen=True, slots=True)
class Shown:
    """Text to show while the model is still speaking: becomes one ``llm_delta``."""

    text: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class ModelTurn:
    """All that one model call amounted to.

    Attributes:
        action: What it chose.
        raw: Its whole output as text, for ``react_model_raw``.
        calls: Native calls, to be sent back unchanged; empty in the JSON protocol.
    """

    action: Action
    raw: str
    calls: tuple[ModelCall, ...] = ()


class TurnReader(Protocol):
    """Reads one model call. A new one is made for each attempt."""

    def feed(self, part: StreamPart) -> Sequence[Shown]:
        """What of this part is to be shown; ``channel="answer"`` only for text of the answer."""
        ...

    def finish(self) -> ModelTurn:
        """The turn, once the stream has ended. Never raises: nonsense is ``Malformed``."""
        ...


class ActionProtocol(Protocol):
    """How actions are asked for and read."""

    name: str

    def instructions(self, tools: Sequence[ToolDeclaration]) -> str:
        """What the system prompt must say about acting."""
        ...

    def options(self, base: CallOptions, tools: Sequence[ToolDeclaration]) -> CallOptions:
        """``base`` with what the protocol needs, such as native declarations."""
        ...

    def conversation(self, messages: Sequence[Message]) -> Sequence[Message]:
        """``messages`` as a model that speaks this protocol can read them, whatever they began in."""
        ...

    def reader(self, new_call_id: Callable[[], str]) -> TurnReader: ...

    def prose(self, raw: str) -> str | None:
        """The text of an output that never became an action, if it can stand as an answer."""
        ...
