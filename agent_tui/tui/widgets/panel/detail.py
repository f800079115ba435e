"""What is known of one span, as sections. Pure: view state in, sections out."""

from __future__ import annotations

from collections.abc import Sequence

from agent_tui.events import codec
from agent_tui.events.types import ErrorInfo, Event, Usage
from agent_tui.events.view import (
    AnySpan,
    LlmSpan,
    RunSpan,
    SessionView,
    StepSpan,
    TextBuffer,
    ToolBlock,
    ToolSpan,
)
from agent_tui.tui import format as fmt
from agent_tui.tui.results import Part, parts_of
from agent_tui.tui.widgets.panel.rows import SYMBOLS, elapsed_ms, tokens_per_second, tool_block
from agent_tui.tui.widgets.panel.sections import Section
from agent_tui.tui.widgets.panel.text import one_line, pretty

Facts = list[tuple[str, str]]


def sections_of(view: SessionView, span: AnySpan, now: float) -> list[Section]:
    """Everything there is to say of ``span``, most wanted first."""
    match span:
        case LlmSpan():
            return _llm(span, now)
        case ToolSpan():
            return _tool(view, span, now)
        case StepSpan():
            return _step(view, span, now)
        case RunSpan():
            return _run(view, span, now)


def heading_of(span: AnySpan) -> str:
    """The span's name over its details."""
    return f"llm {one_line(span.title, 60)}" if span.kind == "llm" else one_line(span.title, 60)


def raw_sections(span: AnySpan, events: Sequence[Event], complete: bool) -> list[Section]:
    """The span's own events as they are on the wire, one JSON object to a line."""
    note = fmt.plural(len(events), "event")
    if not complete:
        note += ", older ones are no longer kept here"

    def source() -> str:
        return "\n".join(codec.encode(event).decode() for event in events)

    version = (span.id, len(events), events[-1].seq if events else 0)
    return [Section("raw events", source, version, "lines", note)]


def _facts(span: AnySpan, facts: Facts) -> Section:
    text = "\n".join(f"{key}\t{value}" for key, value in facts if value)
    return Section("", lambda: text, (span.id, text), "facts")


def _text(
    span: AnySpan, title: str, text: str | TextBuffer | None, *, folded: bool = False
) -> list[Section]:
    if not text:
        return []
    return [Section(title, lambda: str(text), (span.id, len(text)), "text", folded=folded)]


def _error(span: AnySpan, error: ErrorInfo | None) -> list[Section]:
    if error is None:
        return []
    text = f"{error.message}\n{error.code}" + (", may pass if tried again" if error.retryable else "")
    return [Section("error", lambda: text, (span.id, text), "error")]


def _state(span: AnySpan, now: float, more: str = "") -> tuple[str, str]:
    took = fmt.duration_ms(elapsed_ms(span, now))
    return "state", f"{SYMBOLS[span.state][0]} {span.state}  {took}{more}"


def usage_text(usage: Usage) -> str:
    """``1,204 in · 88 out · 12 thought · 900 cached · $0.0004``, without what is nothing."""
    parts = [f"{fmt.count(usage.input_tokens)} in", f"{fmt.count(usage.output_tokens)} out"]
    if usage.thought_tokens:
        parts.append(f"{fmt.count(usage.thought_tokens)} thought")
    if usage.cached_tokens:
        parts.append(f"{fmt.count(usage.cached_tokens)} cached")
    if usage.cost_usd is not None:
        parts.append(fmt.money(usage.cost_usd))
    return " · ".join(parts)


def _llm(span: LlmSpan, now: float) -> list[Section]:
    speed = tokens_per_second(span, now)
    facts: Facts = [
        _state(span, now),
        ("model", span.title),
        ("attempt", str(span.attempt) if span.attempt > 1 or span.retry_delay_s is not None else ""),
        ("cache", "answered from the cache" if span.cached else ""),
        ("sent", fmt.plural(span.message_count, "message")),
        ("ttft", fmt.duration_ms(span.ttft_ms) if span.ttft_ms is not None else ""),
        ("speed", ("≈ " if speed[1] else "") + fmt.rate(speed[0]) if speed else ""),
        ("tokens", usage_text(span.usage) if span.usage else ""),
        ("finish", (span.finish_reason or "").replace("_", " ")),
        ("retry", f"after {fmt.duration_ms(span.retry_delay_s * 1000)}" if span.retry_delay_s else ""),
    ]
    raw_same = span.raw is not None and span.answer.length == len(span.raw)
    return [
        _facts(span, facts),
        *_error(span, span.error),
        *_text(span, "answer", span.answer),
        *_text(span, "action", span.action, folded=bool(span.answer)),
        *_text(span, "thought", span.thought, folded=bool(span.answer or span.action)),
        *_text(span, "raw output", span.raw, folded=raw_same or bool(span.answer or span.action)),
    ]


def _tool(view: SessionView, span: ToolSpan, now: float) -> list[Section]:
    block = tool_block(view, span)
    if block is None:
        return [_facts(span, [_state(span, now)]), *_error(span, span.error)]
    facts: Facts = [
        _state(span, now, f"  {one_line(block.summary, 60)}" if block.summary else ""),
        ("risk", block.risk),
        ("approval", _approval(block)),
        ("feedback", block.feedback or ""),
        ("retries", str(block.retries) if block.retries else ""),
        ("cut", "the result was too long and was cut" if block.truncated else ""),
        ("call", block.call_id),
    ]
    args = block.args
    sections = [
        _facts(span, facts),
        Section("args", lambda: pretty(args), (span.id, id(args)), "json"),
        *_error(span, block.error or span.error),
    ]
    if block.preview and block.state == "waiting" and block.preview not in args.values():
        sections += _text(span, "preview", block.preview)
    sections += [_part(span, block, part) for part in parts_of(block)]
    same = isinstance(block.result, str) and block.observation == block.result
    sections += _text(span, "observation", block.observation, folded=same or block.result is not None)
    return sections


def prints(view: SessionView, span: AnySpan) -> bool:
    """Whether ``span`` is a tool that is running and has printed something."""
    block = tool_block(view, span) if isinstance(span, ToolSpan) and span.state == "running" else None
    return block is not None and bool(block.output)


def _approval(block: ToolBlock) -> str:
    if block.state == "waiting":
        return "waits for an answer"
    if block.by is None:
        return ""
    verb = "denied" if block.state == "denied" else "allowed"
    if block.state == "cancelled" and block.duration_ms is None:
        verb = "cancelled"  # before the tool had begun
    return f"{verb} by {one_line(block.by, 60)}"


def _part(span: ToolSpan, block: ToolBlock, part: Part) -> Section:
    dropped = 0 if part.given else block.output_dropped
    return Section(
        part.title,
        lambda: part.text,
        (span.id, id(block.result), len(part.text), block.output_length, block.output_dropped),
        "json" if part.kind == "json" else "text",
        f"first {fmt.size(dropped)} not kept" if dropped else "",
        folded=not part.given and block.result is not None,
        main=part.main,
    )


def _below(view: SessionView, span: AnySpan) -> list[AnySpan]:
    """All spans under ``span``."""
    found: list[AnySpan] = []
    waiting = list(span.children)
    seen = {span.id}
    while waiting:
        span_id = waiting.pop()
        inner = view.spans.get(span_id)
        if inner is None or span_id in seen:
            continue
        seen.add(span_id)
        found.append(inner)
        waiting.extend(inner.children)
    return found


def _totals(view: SessionView, span: AnySpan, now: float) -> Facts:
    below = _below(view, span)
    calls = [inner for inner in below if isinstance(inner, LlmSpan)]
    tools = [inner for inner in below if isinstance(inner, ToolSpan)]
    usage = Usage()
    for call in calls:
        usage = usage + (call.usage or Usage())
    failed = sum(tool.state in ("failed", "error") for tool in tools)
    return [
        ("model", f"{fmt.plural(len(calls), 'call')}, {_total(calls, now)}" if calls else ""),
        (
            "tools",
            f"{fmt.plural(len(tools), 'call')}, {_total(tools, now)}"
            + (f", {failed} failed" if failed else "")
            if tools
            else "",
        ),
        ("tokens", usage_text(usage) if calls else ""),
    ]


def _total(spans: Sequence[AnySpan], now: float) -> str:
    return fmt.duration_ms(sum(elapsed_ms(span, now) for span in spans))


def _step(view: SessionView, span: StepSpan, now: float) -> list[Section]:
    facts: Facts = [
        _state(span, now),
        ("step", f"{span.step} of at most {span.max_steps}" if span.max_steps else str(span.step)),
        *_totals(view, span, now),
    ]
    return [_facts(span, facts), *_error(span, span.error)]


def _run(view: SessionView, span: RunSpan, now: float) -> list[Section]:
    status = (span.status or "").replace("_", " ")
    cancel = span.cancel_latency_ms
    facts: Facts = [
        _state(span, now),
        ("status", status + (f" in {fmt.duration_ms(cancel)}" if cancel is not None else "")),
        ("model", span.model),
        ("steps", f"{span.steps}/{span.max_steps}" if span.max_steps else str(span.steps or "")),
        *[(f"{key} use" if key == "model" else key, value) for key, value in _totals(view, span, now)],
    ]
    return [
        _facts(span, facts),
        *_error(span, span.error),
        *_text(span, "input", span.input),
    ]
