"""Models for the chaos rounds: they choose at random, and complain of conversations no provider takes."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_tui.llm import gemini_dialect, openai_dialect
from agent_tui.llm.chaos import ChaosClient, draw
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
    ToolResult,
)

JSON_MODEL = "script:json"
NATIVE_MODEL = "script:native"

_CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("calc", {"expression": "2+2"}),
    ("calc", {"expression": "9**9**9"}),
    ("calc", {"wrong": True}),
    ("read_file", {"path": "notes.txt"}),
    ("read_file", {"path": "../../etc/passwd"}),
    ("write_file", {"path": "made.txt", "content": "x \udc80 y"}),
    ("write_file", {"path": "made.txt", "content": "z"}),
    ("shell", {"command": "echo out; echo err >&2; exit 3"}),
    ("shell", {"command": "sleep 30 & sleep 30"}),
    ("shell", {"command": "sleep 30", "timeout_s": 0.03}),
    ("shell", {"command": "printf '\\377\\033[31m'"}),
    ("sleep", {"seconds": 0.02}),
    ("sleep", {"seconds": 30}),
    ("grep", {"pattern": "o", "path": "."}),
    ("no_such_tool", {}),
    ("", {}),
)


@dataclass
class Listener:
    """What the models of a round noticed."""

    calls: int = 0
    complaints: list[str] = field(default_factory=list)

    def hear(self, messages: Sequence[Message], options: CallOptions) -> None:
        self.calls += 1
        self.complaints += [*_wrong_in(messages), *_wrong_for_providers(messages, options)]


def _wrong_in(messages: Sequence[Message]) -> Iterator[str]:
    rest = [message for message in messages if message.role != "system"]
    if not rest:
        yield "a conversation without a word from the person"
        return
    if rest[-1].role == "assistant":
        yield f"the model spoke last: {rest[-2:]}"
    due: list[str] = []
    for message in rest:
        if due and message.role != "tool":
            yield f"calls {due} have no results"
            due = []
        for part in message.parts:
            if isinstance(part, ToolCall):
                due.append(part.call_id)
            if isinstance(part, ToolResult):
                if part.call_id in due:
                    due.remove(part.call_id)
                else:
                    yield f"result {part.call_id} has no call"
    if due:
        yield f"calls {due} have no results"


def _wrong_for_providers(messages: Sequence[Message], options: CallOptions) -> Iterator[str]:
    body = openai_dialect.request("m", messages, options, stream=True, hosted=False)
    roles = [message["role"] for message in body["messages"]]
    for one, next_one in itertools.pairwise(roles):
        if one == next_one != "tool":
            yield f"two {one} messages in a row: templates of many models refuse that"
    if not options.tools and "tool" in roles:
        yield "results of native calls for a model that is told of none"
    _, turns = gemini_dialect.contents(messages)
    if turns and turns[0]["role"] != "user":
        yield "the first turn is not the user's"
    for turn in turns:
        if not turn["parts"]:
            yield "a turn without parts"


class RandomModel(LLMClient):
    """Calls tools, answers or talks, by lot.

    Args:
        native: Whether it has function calls of its own.
    """

    def __init__(self, name: str, lot: random.Random, listener: Listener, *, native: bool) -> None:
        self.model = name
        self.capabilities = Capabilities(native_tools=native, thoughts=True)
        self._lot, self._listener, self._native = lot, listener, native

    async def warm_up(self) -> None:
        await asyncio.sleep(self._lot.random() * 0.02)

    async def stream(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> AsyncGenerator[StreamPart, None]:
        self._listener.hear(messages, options)
        lot = self._lot
        if lot.random() < 0.3:
            yield ThoughtDelta("thinking")
        calls = lot.choices(_CALLS, k=lot.choice((0, 0, 1, 1, 2, 4)))
        async for part in self._native_parts(calls) if self._native else self._json_parts(calls):
            await asyncio.sleep(lot.choice((0, 0, 0, 0.001)))
            yield part

    async def _json_parts(self, calls: Sequence[tuple[str, Any]]) -> AsyncGenerator[StreamPart, None]:
        actions = [{"type": "tool", "tool_name": name, "args": args} for name, args in calls]
        text = json.dumps(actions or {"type": "final", "final": "an answer — of some words 🙂"})
        if self._lot.random() < 0.1:
            text = "I would rather talk."
        for start in range(0, len(text), 7):
            yield TextDelta(text[start : start + 7])
        yield Finish("stop")

    async def _native_parts(self, calls: Sequence[tuple[str, Any]]) -> AsyncGenerator[StreamPart, None]:
        for word in ("Some ", "words ", "first."):
            if not calls or self._lot.random() < 0.5:
                yield TextDelta(word)
        for name, args in calls:
            yield ToolCallDelta("same", name, "{}")
            yield ToolCall("same", name, args)
        yield Finish("tool_calls" if calls else self._lot.choice(("stop", "max_tokens", "malformed_call")))


def chaotic_models(lot: random.Random, listener: Listener) -> Iterator[tuple[str, LLMClient]]:
    """Both kinds of model, each failing at random."""
    for name in (JSON_MODEL, NATIVE_MODEL):
        inner = RandomModel(name, lot, listener, native=name == NATIVE_MODEL)
        yield name, ChaosClient(inner, draw(lot.randrange(1 << 30), rate=0.3))
