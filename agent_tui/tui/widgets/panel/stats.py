"""What a session has used so far, summed up from its spans. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from agent_tui.events.types import Usage
from agent_tui.events.view import LlmSpan, RunSpan, SessionView, ToolSpan
from agent_tui.tui.widgets.panel.rows import elapsed_ms, tokens_per_second


@dataclass(slots=True)
class ToolStats:
    """The calls of one tool that have ended."""

    calls: int = 0
    errors: int = 0
    total_ms: float = 0.0

    @property
    def mean_ms(self) -> float:
        return self.total_ms / self.calls if self.calls else 0.0


@dataclass(slots=True)
class RunStats:
    """One run: its number, what it used, how long it took (None while it goes)."""

    number: int
    usage: Usage
    took_ms: float | None


@dataclass(slots=True)
class Stats:
    """Sums and samples of a session. Times are milliseconds, rates tokens per second.

    ``wait_ms`` is the time spent between a broken model call and the next attempt.
    """

    usage: Usage = field(default_factory=Usage)
    runs: list[RunStats] = field(default_factory=list)
    ttft_ms: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    run_ms: list[float] = field(default_factory=list)
    tools: dict[str, ToolStats] = field(default_factory=dict)
    calls: int = 0
    cache_hits: int = 0
    retries: int = 0
    wait_ms: float = 0.0
    errors: int = 0


def stats_of(view: SessionView) -> Stats:
    """Sums up every span of ``view``, in one pass."""
    stats = Stats()
    open_usage: dict[str, Usage] = {}
    for span in view.spans.values():
        if isinstance(span, LlmSpan):
            _add_call(stats, span)
            if span.usage is not None and view.run is not None and span.run_id == view.run.id:
                open_usage[span.run_id] = open_usage.get(span.run_id, Usage()) + span.usage
        elif isinstance(span, ToolSpan) and span.ended is not None:
            tool = stats.tools.setdefault(span.title, ToolStats())
            tool.calls += 1
            tool.errors += span.state in ("failed", "error")
            tool.total_ms += _tool_ms(view, span)
    total = Usage()
    for run_id in view.runs:
        run = view.spans.get(run_id)
        if not isinstance(run, RunSpan):
            continue
        usage = run.usage if run.ended is not None else open_usage.get(run_id, run.usage)
        total = total + usage
        stats.runs.append(RunStats(run.number, usage, run.duration_ms))
        if run.duration_ms is not None:
            stats.run_ms.append(run.duration_ms)
    stats.usage = total
    return stats


def percentile(samples: list[float], share: float) -> float | None:
    """The smallest sample that at least ``share`` of them do not exceed; None of none."""
    if not samples:
        return None
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _add_call(stats: Stats, span: LlmSpan) -> None:
    stats.calls += 1
    stats.cache_hits += span.cached
    stats.errors += span.state == "error"
    if span.retry_delay_s is not None:
        stats.retries += 1
        stats.wait_ms += span.retry_delay_s * 1000
    if span.ttft_ms is not None and not span.cached:
        stats.ttft_ms.append(span.ttft_ms)
    rate = tokens_per_second(span, 0.0) if span.ended is not None and not span.cached else None
    if rate is not None and not rate[1]:
        stats.rates.append(rate[0])


def _tool_ms(view: SessionView, span: ToolSpan) -> float:
    block = view.blocks[span.block] if span.block is not None else None
    taken = getattr(block, "duration_ms", None)
    return float(taken) if taken is not None else elapsed_ms(span, span.started)
