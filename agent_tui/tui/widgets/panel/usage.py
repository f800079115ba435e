"""What the session has used: tokens, money, latencies and tool time, in numbers and small charts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.timer import Timer

from agent_tui.events.view import Changes, SessionView
from agent_tui.tui import format as fmt
from agent_tui.tui.widgets.panel.chart import meter, sparkline
from agent_tui.tui.widgets.panel.lines import LineView
from agent_tui.tui.widgets.panel.stats import Stats, ToolStats, percentile, stats_of
from agent_tui.tui.widgets.panel.text import Piece, cut, fit, one_line, width_of

_PERIOD_S = 1.0
"""The sums are made anew at most this often."""
_KEY = 9
Line = list[Piece]


class UsageView(LineView):
    """Sums of the session, as a page of numbers and charts."""

    follows_scrolling = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.following = False
        self._context_limit: int | None = None
        self._view = SessionView()
        self._lines: list[Line] = []
        self._timer: Timer | None = None

    def bind_view(self, view: SessionView) -> None:
        self._view = view
        if self.shown:
            self.catch_up()

    def set_context_limit(self, tokens: int | None) -> None:
        self._context_limit = tokens
        if self.shown:
            self.catch_up()

    def take(self, changes: Changes) -> None:
        if self.shown and changes.head and self._timer is None:
            self._timer = self.set_timer(_PERIOD_S, self._due)

    def catch_up(self) -> None:
        self._lines = usage_lines(self._view, stats_of(self._view), self.row_width, self._context_limit)
        self.set_count(len(self._lines))
        self.redraw()

    def gone(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        self.catch_up()

    def on_resize(self) -> None:
        if self.shown:
            self.catch_up()

    def pieces(self, row: int, width: int) -> list[Piece]:  # noqa: ARG002
        return self._lines[row] if row < len(self._lines) else []


def usage_lines(view: SessionView, stats: Stats, width: int, context_limit: int | None) -> list[Line]:
    """The whole page, for ``width`` cells."""
    return [
        *_tokens(view, stats, width, context_limit),
        [],
        *_latencies(stats, width),
        *_tools(stats.tools, width),
        *_runs(stats, width),
    ]


def _tokens(view: SessionView, stats: Stats, width: int, limit: int | None) -> Iterable[Line]:
    usage = stats.usage
    yield [("tokens", "heading")]
    parts = [
        ("in", usage.input_tokens, "llm"),
        ("out", usage.output_tokens, "tool"),
        ("thought", usage.thought_tokens, "wait"),
        ("cached", usage.cached_tokens, "ok"),
    ]
    most = max(number for _, number, _ in parts)
    for key, number, style in parts:
        yield _metered(key, fmt.count(number), meter(number, most, _room(width)), style)
    runs = len(stats.runs)
    each = f"  {fmt.money(usage.cost_usd / runs)} a run" if usage.cost_usd is not None and runs > 1 else ""
    yield [*_key("cost"), (f"{fmt.money(usage.cost_usd):>9}", "title"), (each, "dim")]
    context = fmt.count(view.context_tokens)
    if limit:
        bar = meter(view.context_tokens, limit, _room(width))
        yield _metered("context", context, bar, "run")
        yield [*_key(""), (f"{fmt.percent(view.context_tokens, limit)} of {fmt.count(limit)}", "dim")]
    else:
        yield [*_key("context"), (f"{context:>9}", ""), ("  in the last call", "dim")]


def _latencies(stats: Stats, width: int) -> Iterable[Line]:
    notes = [fmt.plural(stats.calls, "model call")]
    if stats.retries:
        waited = fmt.duration_ms(stats.wait_ms)
        notes.append(f"{fmt.plural(stats.retries, 'retry', 'retries')} ({waited})")
    if stats.cache_hits:
        notes.append(f"{stats.cache_hits} cached")
    if stats.errors:
        notes.append(f"{stats.errors} failed")
    yield [("latency", "heading"), ("  " + " · ".join(notes), "dim")]
    yield [*_key(""), (f"{'p50':>8}{'p95':>8}", "dim")]
    rows: tuple[tuple[str, list[float], str], ...] = (
        ("ttft", stats.ttft_ms, "wait"),
        ("run", stats.run_ms, "run"),
        ("tok/s", stats.rates, "llm"),
    )
    for key, samples, style in rows:
        # Of rates the slow ones are the bad ones, so what nearly all of them reach is told.
        shares = (0.5, 0.05) if key == "tok/s" else (0.5, 0.95)
        values = [percentile(samples, share) for share in shares]
        shown = ["–" if value is None else _sample(key, value) for value in values]
        if key == "tok/s" and samples:
            shown[1] = f"p5 {shown[1]}"
        chart = sparkline(samples, max(0, width - _KEY - 18))
        yield [*_key(key), (f"{shown[0]:>8}{shown[1]:>8}", ""), ("  ", ""), (chart, style)]


def _sample(key: str, value: float) -> str:
    return f"{value:.0f}" if key == "tok/s" else fmt.duration_ms(value)


def _tools(tools: dict[str, ToolStats], width: int) -> Iterable[Line]:
    if not tools:
        return
    name_width = min(max(len(name) for name in tools) + 1, max(8, width - 26))
    yield []
    heading = fit([("tool time", "heading")], name_width)
    yield [*heading, (f"{'calls':>6}{'errors':>7}{'mean':>8}", "dim")]
    most = max(tool.total_ms for tool in tools.values())
    for name, tool in sorted(tools.items(), key=lambda item: -item[1].total_ms):
        line = fit([(cut(one_line(name), name_width - 1), "tool")], name_width)
        line += [
            (f"{fmt.count(tool.calls):>6}", ""),
            (f"{fmt.count(tool.errors) if tool.errors else '–':>7}", "error" if tool.errors else "dim"),
            (f"{fmt.duration_ms(tool.mean_ms):>8}", ""),
        ]
        left = width - width_of(line) - 2
        if left >= 4:
            line += [("  ", ""), (meter(tool.total_ms, most, left), "tool")]
        yield line


_RUNS_SHOWN = 50
_WIDE_RUNS = 39
"""Cells that the columns of the runs take; a narrower panel has narrower ones, not cut ones."""


def _runs(stats: Stats, width: int) -> Iterable[Line]:
    runs = stats.runs
    if not runs:
        return
    yield []
    yield [("runs", "heading"), (f"  {fmt.plural(len(runs), 'run')}, newest first", "dim")]
    tokens_at, cost_at = (8, 10) if width >= _WIDE_RUNS else (7, 9)
    yield [(f"{'':>5}{'in':>{tokens_at}}{'out':>{tokens_at}}{'cost':>{cost_at}}{'time':>8}", "dim")]
    most = max(run.usage.input_tokens + run.usage.output_tokens for run in runs)
    for run in reversed(runs[-_RUNS_SHOWN:]):
        took = "●" if run.took_ms is None else fmt.duration_ms(run.took_ms)
        line: Line = [
            (f"{run.number:>4} ", "dim"),
            (f"{fmt.short_count(run.usage.input_tokens):>{tokens_at}}", ""),
            (f"{fmt.short_count(run.usage.output_tokens):>{tokens_at}}", ""),
            (f"{fmt.money(run.usage.cost_usd):>{cost_at}}{took:>8}", ""),
        ]
        left = width - width_of(line) - 2
        if left >= 4:
            tokens = run.usage.input_tokens + run.usage.output_tokens
            line += [("  ", ""), (meter(tokens, most, left), "llm")]
        yield line
    if len(runs) > _RUNS_SHOWN:
        yield [(f"     and {fmt.plural(len(runs) - _RUNS_SHOWN, 'earlier run')}", "dim")]


def _key(key: str) -> Sequence[Piece]:
    return [(f"{key:<{_KEY}}", "dim")]


def _room(width: int) -> int:
    return max(0, width - _KEY - 11)


def _metered(key: str, number: str, bar: str, style: str) -> Line:
    return [*_key(key), (f"{number:>9}", ""), ("  ", ""), (bar, style)]
