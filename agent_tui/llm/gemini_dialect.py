"""Our messages in Gemini's words and Gemini's answers in ours. Opens no connection and imports no SDK."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Any

from agent_tui.errors import ModelBlocked, ModelUnavailable
from agent_tui.events.types import FinishReason, Usage
from agent_tui.llm.messages import (
    CallOptions,
    Finish,
    Message,
    Part,
    StreamPart,
    Text,
    TextDelta,
    Thought,
    ThoughtDelta,
    ToolCall,
    ToolResult,
)
from agent_tui.llm.prices import cost_usd
from agent_tui.llm.sendable import clean_json
from agent_tui.safetext import encodable

_FINISH: dict[str, FinishReason] = {
    "STOP": "stop",
    "FUNCTION_CALL": "tool_calls",  # not Google's own word, but that of servers that speak like it
    "MAX_TOKENS": "max_tokens",
    "SAFETY": "safety",
    "PROHIBITED_CONTENT": "safety",
    "BLOCKLIST": "safety",
    "SPII": "safety",
    "IMAGE_SAFETY": "safety",
    "IMAGE_PROHIBITED_CONTENT": "safety",
    "MODEL_ARMOR": "safety",
    "ESCALATION": "safety",
    "RECITATION": "recitation",
    "IMAGE_RECITATION": "recitation",
    "MALFORMED_FUNCTION_CALL": "malformed_call",
    "UNEXPECTED_TOOL_CALL": "malformed_call",
}


def thinks(name: str) -> bool:
    """Whether the model knows a thinking configuration; the others refuse a request that has one."""
    return name.startswith("gemini-") and not name.startswith(("gemini-1", "gemini-2.0"))


def calls_tools(name: str) -> bool:
    return name.startswith("gemini-")


def _part(part: Part) -> dict[str, Any] | None:
    match part:
        case Text(text):
            return {"text": encodable(text)} if text else None
        case Thought(_, None):
            return None  # only a signature is worth sending back
        case Thought(text, signature):
            made: dict[str, Any] = {"text": encodable(text), "thought": True} if text else {"text": ""}
            return made | {"thoughtSignature": signature}
        case ToolCall(call_id, name, args, signature):
            made = {"functionCall": {"id": call_id, "name": name, "args": clean_json(args)}}
            return made | ({"thoughtSignature": signature} if signature else {})
        case ToolResult(call_id, name, content, is_error):
            response = {"error" if is_error else "output": encodable(content)}
            return {"functionResponse": {"id": call_id, "name": name, "response": response}}


def contents(messages: Sequence[Message]) -> tuple[str | None, list[dict[str, Any]]]:
    """The system instruction, and the conversation as on the wire, with neighbours of one role joined."""
    system = (
        encodable("\n\n".join(message.text for message in messages if message.role == "system")) or None
    )
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        parts = [made for part in message.parts if (made := _part(part)) is not None]
        role = "model" if message.role == "assistant" else "user"
        if turns and turns[-1]["role"] == role:
            turns[-1]["parts"] += parts
        elif parts:
            turns.append({"role": role, "parts": parts})
    return system, turns


def config(name: str, system: str | None, options: CallOptions) -> dict[str, Any]:
    """The request's configuration; the SDK makes no further requests by itself."""
    made: dict[str, Any] = {
        "automatic_function_calling": {"disable": True},
        "automatic_continuation": False,
    }
    if system is not None:
        made["system_instruction"] = system
    if options.temperature is not None:
        made["temperature"] = options.temperature
    if options.max_output_tokens is not None:
        made["max_output_tokens"] = options.max_output_tokens
    if options.tools:
        declarations = [
            {"name": tool.name, "description": tool.description, "parameters_json_schema": tool.parameters}
            for tool in options.tools
        ]
        made["tools"] = [{"function_declarations": declarations}]
    if options.response_schema is not None:
        made["response_mime_type"] = "application/json"
        made["response_json_schema"] = options.response_schema
    if thinks(name) and (options.thinking or options.thinking_budget is not None):
        made["thinking_config"] = {"include_thoughts": options.thinking}
        if options.thinking_budget is not None:
            made["thinking_config"]["thinking_budget"] = options.thinking_budget
    return made


def _signature(part: Any) -> str | None:
    return base64.b64encode(part.thought_signature).decode() if part.thought_signature else None


class Reader:
    """Reads the responses of one call, one or many, and knows in the end how it finished."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._usage = Usage()
        self._finish: str | None = None
        self._detail = ""
        self._calls = 0

    def read(self, response: Any) -> list[StreamPart]:
        """The parts of one ``GenerateContentResponse``.

        Raises:
            ModelBlocked: The prompt was refused.
        """
        if response.usage_metadata is not None:
            self._usage = self._read_usage(response.usage_metadata)
        if not response.candidates:
            self._check_blocked(response.prompt_feedback)
            return []
        candidate = response.candidates[0]
        if candidate.finish_reason is not None:
            self._finish = str(candidate.finish_reason.value)
            self._detail = candidate.finish_message or ""
        found: list[StreamPart] = []
        for part in (candidate.content.parts if candidate.content else None) or ():
            found += self._read_part(part)
        return found

    def _read_part(self, part: Any) -> list[StreamPart]:
        signature = _signature(part)
        if part.function_call is not None:
            self._calls += 1
            call = part.function_call
            call_id = call.id or f"call_{secrets.token_hex(6)}"
            return [ToolCall(call_id, call.name or "", clean_json(call.args or {}), signature)]
        text = part.text or ""
        if part.thought:
            return [ThoughtDelta(text, signature)] if text or signature else []
        found: list[StreamPart] = [TextDelta(text)] if text else []
        if signature:
            # A signature may come on answer text; it travels as a thought without words.
            found.append(ThoughtDelta("", signature))
        return found

    def _read_usage(self, usage: Any) -> Usage:
        read = Usage(
            input_tokens=(usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
            output_tokens=usage.candidates_token_count or 0,
            thought_tokens=usage.thoughts_token_count or 0,
            cached_tokens=usage.cached_content_token_count or 0,
        )
        return read.model_copy(update={"cost_usd": cost_usd(self._name, read)})

    def _check_blocked(self, feedback: Any) -> None:
        if feedback is not None and feedback.block_reason is not None:
            reason = str(feedback.block_reason.value)
            said = f": {feedback.block_reason_message}" if feedback.block_reason_message else ""
            raise ModelBlocked(f"Gemini blocked the prompt ({reason}{said})", hint="rephrase it")

    def finish(self) -> Finish:
        """How the call ended.

        Raises:
            ModelUnavailable: It did not: no finish reason came.
        """
        if self._finish is None:
            raise ModelUnavailable("Gemini's answer ended without a finish reason", code="stream_cut")
        reason = _FINISH.get(self._finish, "other")
        if reason == "stop" and self._calls:
            reason = "tool_calls"
        detail = "" if reason in ("stop", "tool_calls", "max_tokens") else self._finish
        if detail and self._detail:
            detail = f"{detail}: {self._detail}"
        return Finish(reason, self._usage, detail)
