"""One row of the trace: what is said of a span in the cells there are. Pure: it knows no widget."""

from __future__ import annotations

from dataclasses import dataclass

from agent_tui.events.view import (
    AnySpan,
    LlmSpan,
    RunSpan,
    SessionView,
    SpanState,
    StepSpan,
    ToolBlock,
    ToolSpan,
)
from agent_tui.tui import format as fmt
from agent_tui.tui.widgets.panel.text import Piece, compact, cut, fit, one_line, spread, width_of
from agent_tui.tui.widgets.panel.waterfall import Axis, bar, line

SYMBOLS: dict[SpanState, tuple[str, str]] = {
    "running": ("●", "run"),
    "waiting": ("⏸", "warn"),
    "ok": ("✓", "ok"),
    "failed": ("✗", "error"),
    "error": ("✗", "error"),
    "denied": ("⊘", "warn"),
    "cancelled": ("⊘", "warn"),
    "interrupted": ("⊘", "warn"),
}
_DURATION = 7
_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Columns:
    """How a row's width is shared out, in cells. ``bar`` is 0 where there is no room for one."""

    label: int
    bar: int

    @classmethod
    def of(cls, width: int) -> Columns:
        rest = width - _DURATION - 2
        if rest < 26:
            return cls(rest, 0)
        label = min(56, max(20, rest * 11 // 20))
        return cls(label, rest - label)


def tool_block(view: SessionView, span: ToolSpan) -> ToolBlock | None:
    """What is known of a tool call beyond its times."""
    if span.block is None or span.block >= len(view.blocks):
        return None
    block = view.blocks[span.block]
    return block if isinstance(block, ToolBlock) else None


def elapsed_ms(span: AnySpan, now: float) -> float:
    """How long a span took, or has taken so far."""
    if span.ended is None:
        return max(0.0, now - span.started) * 1000
    if isinstance(span, LlmSpan | RunSpan) and span.duration_ms is not None:
        return span.duration_ms
    return max(0.0, span.ended - span.started) * 1000


def tokens_per_second(span: LlmSpan, now: float) -> tuple[float, bool] | None:
    """The rate after the first token, and whether it is an estimate from the text so far."""
    if span.first_token is None:
        return None
    if span.ended is None or span.usage is None:
        seconds: float = (span.ended or now) - span.first_token
        text = span.answer.length + span.thought.length + span.action.length
        tokens, estimate = float(max(span.deltas, text / _CHARS_PER_TOKEN)), True
    else:
        seconds = (span.duration_ms or 0.0) / 1000 - (span.ttft_ms or 0.0) / 1000
        thought = span.usage.thought_tokens if span.thought.length else 0
        tokens, estimate = float(span.usage.output_tokens + thought), False
    if seconds < 0.02 or tokens <= 1:
        return None
    return tokens / seconds, estimate


def axis_of(view: SessionView, span: AnySpan, now: float, width: int) -> Axis:
    """The time axis of the run that ``span`` belongs to."""
    run = view.spans.get(span.run_id) or span
    end = run.ended if run.ended is not None else max(now, run.started)
    return Axis(run.started, max(end - run.started, 0.001), width)


def indent_of(span: AnySpan, width: int) -> int:
    """Cells before a row's mark; fewer where the panel is narrow."""
    return (2 if width >= 36 else 1) * min(span.depth, 6)


def trace_row(view: SessionView, span: AnySpan, now: float, width: int, is_open: bool) -> list[Piece]:
    """The whole row of a span in exactly ``width`` cells."""
    symbol, style = SYMBOLS[span.state]
    took = fmt.duration_ms(elapsed_ms(span, now)) if span.state != "waiting" else "asks"
    right: list[Piece] = [(f"{took:>{_DURATION}}", "dim"), (" ", ""), (symbol, style)]
    columns = Columns.of(width)
    indent = " " * indent_of(span, width)
    mark = ("▾ " if is_open else "▸ ") if span.children else "  "
    head: list[Piece] = [(indent, ""), (mark, "dim")]
    if isinstance(span, RunSpan) or columns.bar == 0:
        room = width - width_of(right) - width_of(head) - 1
        return spread([*head, *_label(view, span, now, room)], right, width)
    label = [*head, *_label(view, span, now, columns.label - width_of(head) - 1)]
    axis = axis_of(view, span, now, columns.bar)
    return [*fit(label, columns.label), *_bar(view, span, now, axis), *right]


def _bar(view: SessionView, span: AnySpan, now: float, axis: Axis) -> list[Piece]:
    end = span.ended if span.ended is not None else max(now, span.started)
    if isinstance(span, LlmSpan):
        first = span.first_token if span.first_token is not None else end
        if span.first_token is None and span.state == "ok":
            first = span.started  # nothing was streamed: the answer came whole
        pause = min(span.retry_delay_s or 0.0, max(0.0, axis.start + axis.length - end))
        style = "error" if span.state == "error" else "llm"
        return bar(axis, span.started, end, style, first=first, pause=pause)
    if isinstance(span, ToolSpan):
        block = tool_block(view, span)
        began = block.started if block is not None else span.started
        # What came before the tool's own start is waiting for an approval.
        asked = end if span.state == "waiting" else began if began > span.started else None
        style = "error" if span.state in ("failed", "error") else "tool"
        return bar(axis, span.started, end, style, first=asked)
    return line(axis, span.started, end, "step")


def _label(view: SessionView, span: AnySpan, now: float, room: int) -> list[Piece]:
    if isinstance(span, RunSpan):
        return _with_rest((span.title, "run"), _run_notes(view, span), one_line(span.input), room)
    if isinstance(span, StepSpan):
        return _with_notes((span.title, "name"), _retry_notes(view, span), room)
    if isinstance(span, LlmSpan):
        return _with_notes(("llm", "llm"), _llm_notes(span, now), room)
    block = tool_block(view, span)
    notes: list[Piece] = []
    if block is not None and block.retries:
        notes.append((fmt.plural(block.retries, "retry", "retries"), "warn"))
    return _with_rest(
        (one_line(span.title, 60), "tool"), notes, compact(block.args, 200) if block else "", room
    )


def _with_notes(name: Piece, notes: list[Piece], room: int) -> list[Piece]:
    """``name`` and as many of the notes, most telling first, as there is room for."""
    pieces = [(cut(name[0], room), name[1])]
    left = room - width_of(pieces)
    for text, style in notes:
        gap = 2 if len(pieces) == 1 else 1
        if left < len(text) + gap:
            break
        pieces += [(" " * gap, ""), (text, style)]
        left -= len(text) + gap
    return pieces


def _with_rest(name: Piece, notes: list[Piece], rest: str, room: int) -> list[Piece]:
    pieces = _with_notes(name, notes, room)
    left = room - width_of(pieces) - 1
    if rest and left >= 4:
        pieces += [(" ", ""), (cut(rest, left), "dim")]
    return pieces


def _llm_notes(span: LlmSpan, now: float) -> list[Piece]:
    notes: list[Piece] = []
    if span.attempt > 1:
        notes.append((f"try {span.attempt}", "warn"))
    if span.cached:
        notes.append(("cached", "ok"))
    if span.error is not None:
        notes.append((one_line(span.error.code, 24), "error"))
    if span.retry_delay_s is not None:
        notes.append((f"retry in {fmt.duration_ms(span.retry_delay_s * 1000)}", "warn"))
    rate = tokens_per_second(span, now)
    speed: list[Piece] = []
    if rate is not None:
        speed = [(("≈" if rate[1] else "") + fmt.rate(rate[0]), "dim")]
    ttft: list[Piece] = []
    if span.ttft_ms is not None:
        ttft = [(f"ttft {fmt.duration_ms(span.ttft_ms)}", "dim")]
    elif span.state == "running":
        ttft = [("no token yet", "dim")]
    return notes + (speed + ttft if span.state == "running" else ttft + speed)


def _retries(view: SessionView, span: AnySpan) -> tuple[int, float]:
    """How often the calls below a span were tried again, and the seconds waited for that."""
    times, waited = 0, 0.0
    for child_id in span.children:
        child = view.spans.get(child_id)
        if isinstance(child, LlmSpan) and child.retry_delay_s is not None:
            times, waited = times + 1, waited + child.retry_delay_s
    return times, waited


def _retry_notes(view: SessionView, span: AnySpan) -> list[Piece]:
    times, waited = _retries(view, span)
    if not times:
        return []
    text = f"{fmt.plural(times, 'retry', 'retries')}, {fmt.duration_ms(waited * 1000)}"
    return [(text, "warn")]


def _run_notes(view: SessionView, span: RunSpan) -> list[Piece]:
    notes = _retry_notes(view, span)
    if span.status == "max_steps":
        notes.append(("step limit", "warn"))
    elif span.status == "interrupted":
        notes.append(("interrupted", "warn"))
    elif span.status == "cancelled" and span.cancel_latency_ms is not None:
        notes.append((f"cancelled in {fmt.duration_ms(span.cancel_latency_ms)}", "warn"))
    elif span.state == "waiting":
        notes.append(("asks", "warn"))
    return notes
