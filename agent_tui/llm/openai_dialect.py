"""Our messages as chat completions and chat completions as ours. Opens no connection."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_tui.errors import ModelUnavailable
from agent_tui.events.types import FinishReason, Usage
from agent_tui.llm.messages import (
    CallOptions,
    Finish,
    Message,
    StreamPart,
    Text,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    ToolCallDelta,
    ToolResult,
)
from agent_tui.llm.prices import cost_usd
from agent_tui.llm.sendable import read_object
from agent_tui.safetext import encodable

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "length": "max_tokens",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "safety",
}


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = json.dumps(call.args, ensure_ascii=False)
    return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _message(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [
            {"role": "tool", "tool_call_id": part.call_id, "content": part.content}
            for part in message.parts
            if isinstance(part, ToolResult)
        ]
    text = "".join(part.text for part in message.parts if isinstance(part, Text))
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCall)]
    if message.role == "assistant" and calls:
        return [{"role": "assistant", "content": text or None, "tool_calls": calls}]
    return [{"role": message.role, "content": text}] if text else []


def _messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """On the wire, with neighbours of one role joined: the templates of many models refuse them."""
    made: list[dict[str, Any]] = []
    for one in (one for message in messages for one in _message(message)):
        if made and one["role"] == made[-1]["role"] != "tool" and "tool_calls" not in made[-1]:
            texts = [text for text in (made[-1]["content"], one["content"]) if text]
            made[-1] |= one | {"content": "\n\n".join(texts) or None}
        else:
            made.append(one)
    return made


def request(
    name: str, messages: Sequence[Message], options: CallOptions, *, stream: bool, hosted: bool
) -> dict[str, Any]:
    """The request's body. ``hosted``: it goes to OpenAI itself, whose newer models want another word."""
    body: dict[str, Any] = {
        "model": name,
        "messages": _messages(messages),
        "stream": stream,
    }
    if stream:
        body["stream_options"] = {"include_usage": True}
    if options.temperature is not None:
        body["temperature"] = options.temperature
    if options.max_output_tokens is not None:
        body["max_completion_tokens" if hosted else "max_tokens"] = options.max_output_tokens
    if options.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in options.tools
        ]
    if options.response_schema is not None:
        schema = {"name": "answer", "schema": options.response_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


@dataclass(slots=True)
class _PartialCall:
    """A call whose arguments are still arriving."""

    call_id: str
    name: str
    pieces: list[str] = field(default_factory=list)

    def whole(self) -> ToolCall | None:
        """The call, or None where its arguments are not a JSON object."""
        args = read_object("".join(self.pieces) or "{}")
        return None if args is None else ToolCall(self.call_id, self.name, args)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(value: object) -> str:
    return encodable(value) if isinstance(value, str) else ""


class Reader:
    """Reads the chunks of one call, or its one response, and knows in the end how it finished.

    Args:
        name: The model's, as the provider names it.
        priced: Whether the list prices hold for this server.
    """

    def __init__(self, name: str, *, priced: bool) -> None:
        self._name = name
        self._priced = priced
        self._calls: list[_PartialCall] = []
        self._by_index: dict[int, _PartialCall] = {}
        self._finish: str | None = None
        self._usage = Usage()

    def read(self, chunk: dict[str, Any]) -> list[StreamPart]:
        """The parts of one chunk. Fields of the wrong shape count as absent."""
        if isinstance(chunk.get("usage"), dict):
            self._usage = self._read_usage(chunk["usage"])
        choices = chunk.get("choices")
        choice = _dict(choices[0]) if isinstance(choices, list) and choices else {}
        if isinstance(choice.get("finish_reason"), str):
            self._finish = choice["finish_reason"]
        return self._read_delta(_dict(choice.get("delta")) or _dict(choice.get("message")))

    def _read_delta(self, delta: dict[str, Any]) -> list[StreamPart]:
        found: list[StreamPart] = []
        thought = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning"))
        if thought:
            found.append(ThoughtDelta(thought))
        text = _text(delta.get("content")) or _text(delta.get("refusal"))
        if text:
            found.append(TextDelta(text))
        calls = delta.get("tool_calls")
        for piece in calls if isinstance(calls, list) else ():
            found += self._read_call(_dict(piece))
        return found

    def _read_call(self, piece: dict[str, Any]) -> list[StreamPart]:
        function = _dict(piece.get("function"))
        call_id = _text(piece.get("id"))
        index = piece["index"] if isinstance(piece.get("index"), int) else len(self._calls)
        call = self._by_index.get(index)
        # Some servers give every call the same index; a new id then tells them apart.
        if call is None or (call_id and call_id != call.call_id):
            call = _PartialCall(call_id or f"call_{secrets.token_hex(6)}", _text(function.get("name")))
            self._calls.append(call)
            self._by_index[index] = call
        elif not call.name:
            call.name = _text(function.get("name"))
        arguments = function.get("arguments")
        text = json.dumps(arguments) if isinstance(arguments, dict) else _text(arguments)
        if not text:
            return []
        call.pieces.append(text)
        return [ToolCallDelta(call.call_id, call.name, text)]

    def _read_usage(self, usage: dict[str, Any]) -> Usage:
        thoughts = _number(_dict(usage.get("completion_tokens_details")).get("reasoning_tokens"))
        read = Usage(
            input_tokens=_number(usage.get("prompt_tokens")),
            output_tokens=max(_number(usage.get("completion_tokens")) - thoughts, 0),
            thought_tokens=thoughts,
            cached_tokens=_number(_dict(usage.get("prompt_tokens_details")).get("cached_tokens")),
        )
        cost = cost_usd(self._name, read) if self._priced else None
        return read.model_copy(update={"cost_usd": cost})

    def finish(self) -> list[StreamPart]:
        """The whole calls, then how it ended.

        Raises:
            ModelUnavailable: It did not: no finish reason came.
        """
        if self._finish is None:
            raise ModelUnavailable("the model's answer ended without a finish reason", code="stream_cut")
        reason = _FINISH.get(self._finish, "other")
        detail = self._finish if reason in ("other", "safety") else ""
        calls: list[StreamPart] = []
        for partial in self._calls:
            whole = partial.whole()
            if whole is not None:
                calls.append(whole)
            elif reason != "max_tokens":
                reason = "malformed_call"
                detail = f"the arguments of {partial.name} are not a JSON object"
        if calls and reason == "stop":
            reason = "tool_calls"
        return [*calls, Finish(reason, self._usage, detail)]
