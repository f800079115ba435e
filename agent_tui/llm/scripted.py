"""A model that says what it was told to: for tests, and as ``script:FILE``.

A script is a list of turns, one per model call; a turn is a list of items, said in order. In a file
(one JSON value, or JSON Lines with a turn on each line) an item is one of::

    "text"                                     text, as one chunk
    {"text": "…"}  {"thought": "…"}            the same; a thought
    {"answer": "…"}                            a final answer as a JSON action, in small chunks
    {"tool": "calc", "args": {…}}              a tool call as a JSON action
    {"call": {"name": "calc", "args": {…}}}    a native call; "id" and "signature" may be given
    {"delay_s": 0.5}                           a pause
    {"error": "…", "status": 503}              fails; "retry_after_s" may be given
    {"cut": true}                              ends as a lost connection does
    {"hang": true}                             says nothing more
    {"finish": "max_tokens"}                   ends for this reason; "usage" may be given

A script with a native call in it is played in that protocol: its answers are plain text, its tools calls.
A turn that does not say how it ends, ends well. A turn may also be a string, or ``{"items": […]}``;
the whole may be ``{"turns": […]}``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent_tui.errors import ModelError, ModelRejected, ModelUnavailable
from agent_tui.llm.client import Capabilities, LLMClient
from agent_tui.llm.messages import (
    CallOptions,
    Finish,
    Message,
    StreamPart,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    ToolCallDelta,
)


@dataclass(frozen=True, slots=True)
class Delay:
    """A pause."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The stream ends without ``Finish``, as a lost connection does."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Nothing more ever comes."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The script waits until ``open`` is set; it sets ``reached`` when it gets there."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)


Item = (
    str
    | TextDelta
    | ThoughtDelta
    | ToolCallDelta
    | ToolCall
    | Finish
    | Delay
    | Cut
    | Hang
    | Gate
    | ModelError
)
Turn = Sequence[Item]
TurnSource = Turn | Callable[[Sequence[Message]], Turn]


@dataclass(frozen=True, slots=True)
class Request:
    """What the client was given."""

    messages: tuple[Message, ...]
    options: CallOptions


class ScriptedClient(LLMClient):
    """Plays one turn per call.

    Args:
        turns: What to say; a function makes its turn from the messages it is given.
        model: The name it goes by.
        capabilities: What it claims to be able to do.
        repeat_last: Say the last turn again and again instead of failing after it.

    Attributes:
        requests: What each call was given, oldest first.
        open_streams: Streams begun and not yet closed.
        closed_early: Streams closed or cancelled before their end.
    """

    def __init__(
        self,
        turns: Sequence[TurnSource],
        *,
        model: str = "script:test",
        capabilities: Capabilities = Capabilities(),
        repeat_last: bool = False,
    ) -> None:
        self.model = model
        self.capabilities = capabilities
        self.requests: list[Request] = []
        self.open_streams = 0
        self.closed_early = 0
        self._turns = list(turns)
        self._repeat_last = repeat_last

    @classmethod
    def from_file(cls, path: Path) -> ScriptedClient:
        """The script in ``path``, as ``script:PATH``.

        Raises:
            ConfigError: The file cannot be read or is no script.
        """
        from agent_tui.llm.script_file import read_script

        turns = read_script(path)
        native = any(isinstance(item, ToolCall) for turn in turns for item in turn)
        return cls(
            turns, model=f"script:{path}", capabilities=Capabilities(native_tools=native, thoughts=True)
        )

    async def stream(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> AsyncGenerator[StreamPart, None]:
        number = len(self.requests)
        self.requests.append(Request(tuple(messages), options))
        turn = self._turn(number, messages)
        self.open_streams += 1
        ended = False
        try:
            for item in turn:
                match item:
                    case str():
                        yield TextDelta(item)
                    case Delay(seconds):
                        await asyncio.sleep(seconds)
                    case Gate():
                        item.reached.set()
                        await item.open.wait()
                    case Hang():
                        await asyncio.Event().wait()
                    case Cut():
                        ended = True
                        return
                    case ModelError():
                        ended = True
                        raise item
                    case Finish():
                        ended = True
                        yield item
                        return
                    case _:
                        yield item
            ended = True
            calls = any(isinstance(item, ToolCall) for item in turn)
            yield Finish("tool_calls" if calls else "stop")
        finally:
            self.open_streams -= 1
            self.closed_early += not ended

    def _turn(self, number: int, messages: Sequence[Message]) -> Turn:
        if number >= len(self._turns):
            if not (self._repeat_last and self._turns):
                raise ModelRejected(
                    f"the script {self.model} has only {len(self._turns)} turns",
                    hint="add a turn to it for each model call",
                    code="script_ended",
                )
            number = -1
        source = self._turns[number]
        return source(messages) if callable(source) else source


def unavailable(message: str = "the model is overloaded", *, status: int = 503) -> ModelUnavailable:
    """The error that a provider's ``status`` becomes, for scripts."""
    return ModelUnavailable(f"{status}: {message}", code=f"http_{status}")
