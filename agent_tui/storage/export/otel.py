"""A session as OpenTelemetry spans: OTLP in JSON, with the semantic conventions for generative AI."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from agent_tui import __version__
from agent_tui.events.view import (
    AnySpan,
    LlmSpan,
    PromptBlock,
    RunSpan,
    SessionView,
    StepSpan,
    ToolBlock,
    ToolSpan,
)
from agent_tui.storage.export.markdown import tool_text

_INTERNAL, _CLIENT = 1, 3
_OK, _ERROR = 1, 2
_OPEN = ("running", "waiting")
_PROVIDERS = {"gemini": "gcp.gemini", "openai": "openai"}
"""``gen_ai.provider.name`` of ours that the conventions know; others keep their own names."""

Attributes = dict[str, Any]


def otel(view: SessionView) -> str:
    """One ``ExportTraceServiceRequest``: each run is a trace; what is still open ends where it is."""
    scope = {"name": "agent_tui", "version": __version__}
    resource = {"service.name": "agent-tui", "service.version": __version__}
    request = {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [
                    {"scope": scope, "spans": [_span(view, span) for span in view.spans.values()]}
                ],
            }
        ]
    }
    return json.dumps(request, ensure_ascii=False, indent=1) + "\n"


def _span(view: SessionView, span: AnySpan) -> dict[str, Any]:
    name, kind, attributes = _about(view, span)
    attributes["gen_ai.conversation.id"] = view.session_id
    made: dict[str, Any] = {
        "traceId": _hex(f"{view.session_id}/{span.run_id}", 16),
        "spanId": _hex(f"{view.session_id}/{span.id}", 8),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": _nanoseconds(span.started),
        "endTimeUnixNano": _nanoseconds(span.ended if span.ended is not None else view.time),
        "status": {} if span.state in _OPEN else {"code": _OK},
    }
    if span.parent_id:
        made["parentSpanId"] = _hex(f"{view.session_id}/{span.parent_id}", 8)
    if span.state != "ok" and span.state not in _OPEN:
        attributes["error.type"] = span.error.code if span.error is not None else span.state
        made["status"] = {"code": _ERROR, "message": span.error.message if span.error else span.state}
    made["attributes"] = _attributes(attributes)
    return made


def _about(view: SessionView, span: AnySpan) -> tuple[str, int, Attributes]:
    match span:
        case RunSpan():
            said = view.blocks[span.block] if span.block is not None else None
            if isinstance(said, PromptBlock) and said.kind in ("shell", "tool"):  # no agent was asked
                return f"run {said.kind}", _INTERNAL, _progress(span)
            return "invoke_agent agent-tui", _INTERNAL, _run(view, span)
        case StepSpan():
            return span.title, _INTERNAL, {"agent_tui.step": span.step}
        case LlmSpan():
            return f"chat {_model(span.title)}", _CLIENT, _llm(span)
        case ToolSpan():
            return f"execute_tool {span.title}", _INTERNAL, _tool(view, span)


def _run(view: SessionView, span: RunSpan) -> Attributes:
    usage = span.usage
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "agent-tui",
        "gen_ai.agent.version": view.version,
        "gen_ai.provider.name": _provider(span.model),
        "gen_ai.request.model": _model(span.model),
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.input.messages": _message("user", span.input),
        "agent_tui.cost_usd": usage.cost_usd,
        **_progress(span),
    }


def _progress(span: RunSpan) -> Attributes:
    return {"agent_tui.run.status": span.status, "agent_tui.run.steps": span.steps}


def _llm(span: LlmSpan) -> Attributes:
    attributes: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _provider(span.title),
        "gen_ai.request.model": _model(span.title),
        "gen_ai.response.time_to_first_chunk": span.ttft_ms / 1000 if span.ttft_ms is not None else None,
        "agent_tui.attempt": span.attempt,
        "agent_tui.cached": span.cached,
    }
    if span.finish_reason is not None:
        attributes["gen_ai.response.finish_reasons"] = [span.finish_reason]
    if span.usage is not None:
        attributes["gen_ai.usage.input_tokens"] = span.usage.input_tokens
        attributes["gen_ai.usage.output_tokens"] = span.usage.output_tokens
        attributes["gen_ai.usage.cache_read.input_tokens"] = span.usage.cached_tokens or None
    text = span.raw if span.raw is not None else str(span.answer)
    if text:
        attributes["gen_ai.output.messages"] = _message("assistant", text, span.finish_reason)
    return attributes


def _tool(view: SessionView, span: ToolSpan) -> Attributes:
    attributes: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": span.title,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": span.call_id,
    }
    block = view.blocks[span.block] if span.block is not None else None
    if isinstance(block, ToolBlock):
        attributes["gen_ai.tool.call.arguments"] = json.dumps(block.args, ensure_ascii=False)
        attributes["gen_ai.tool.call.result"] = tool_text(block) or None
    return attributes


def _message(role: str, text: str, finish_reason: str | None = None) -> str:
    message: dict[str, Any] = {"role": role, "parts": [{"type": "text", "content": text}]}
    if finish_reason is not None:
        message["finish_reason"] = finish_reason
    return json.dumps([message], ensure_ascii=False)


def _provider(model: str) -> str:
    provider = model.partition(":")[0]
    return _PROVIDERS.get(provider, provider)


def _model(model: str) -> str:
    return model.partition(":")[2] or model


def _hex(name: str, length: int) -> str:
    """An id that is the same at every export."""
    return hashlib.sha256(name.encode()).hexdigest()[: 2 * length]


def _nanoseconds(seconds: float) -> str:
    return str(round(seconds * 1_000_000) * 1000)


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}  # 64 bits are a string in JSON
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(item) for item in value]}}
        case _:
            return {"stringValue": str(value)}
