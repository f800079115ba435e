"""How the server fares, counted from the events that pass and told as JSON and to Prometheus."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import Counter as Count

from agent_tui.events import types as ev
from agent_tui.server.sessions import Sessions

KEPT = 4096
"""Latest times that percentiles are taken of."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class _Times:
    """Durations of one kind: a histogram for Prometheus and the latest ones for percentiles."""

    def __init__(self, registry: CollectorRegistry, name: str, help_text: str) -> None:
        self._latest: deque[float] = deque(maxlen=KEPT)
        self._histogram = Histogram(name, help_text, buckets=_SECONDS, registry=registry)
        self._count = 0

    def add(self, milliseconds: float) -> None:
        self._count += 1
        self._latest.append(milliseconds)
        self._histogram.observe(milliseconds / 1000)

    def summary(self) -> dict[str, float | int | None]:
        ordered = sorted(self._latest)
        return {"count": self._count, **{f"p{p}_ms": percentile(ordered, p) for p in (50, 95, 99)}}


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest value that ``percent`` of the ordered ones do not exceed; None of none."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


class Metrics:
    """Counts of one server since it began."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._registry = CollectorRegistry()
        self._events = 0
        self._runs: Counter[str] = Counter()
        self._llm: Counter[str] = Counter()
        self._tokens = ev.Usage()
        self._ttft = _Times(self._registry, "agent_tui_first_token_seconds", "Time to the first token.")
        self._run = _Times(self._registry, "agent_tui_run_seconds", "Time of a whole run.")
        self._tool = _Times(self._registry, "agent_tui_tool_seconds", "Time of a tool call.")
        self._run_count = Count("agent_tui_runs", "Runs by status.", ["status"], registry=self._registry)
        self._token_count = Count("agent_tui_tokens", "Tokens by kind.", ["kind"], registry=self._registry)
        self._cost_count = Count("agent_tui_cost_usd", "Cost where known.", registry=self._registry)
        self._event_count = Count("agent_tui_events", "Events.", registry=self._registry)
        self._gauges = {
            name: Gauge(f"agent_tui_{name}", text, registry=self._registry)
            for name, text in {
                "sessions_open": "Sessions in memory.",
                "streams_open": "Event streams that are open.",
                "streams_dropped": "Event streams dropped because nobody read them.",
                "streams_refused": "Event streams refused by a limit.",
                "cache_hit_ratio": "Share of model calls answered from the cache.",
            }.items()
        }

    def watch(self, events: Sequence[ev.Event]) -> None:
        """Takes in events of any session."""
        self._events += len(events)
        self._event_count.inc(len(events))
        for event in events:
            match event:
                case ev.LlmStart():
                    self._llm["calls"] += 1
                    self._llm["cached"] += event.cached
                case ev.LlmDone():
                    self._spent(event)
                case ev.ToolEnd() | ev.ToolFailed() | ev.ToolCancelled():
                    self._tool.add(event.duration_ms)
                case ev.RunDone():
                    self._runs[event.status] += 1
                    self._run_count.labels(event.status).inc()
                    self._run.add(event.duration_ms)
                case _:
                    pass

    def _spent(self, event: ev.LlmDone) -> None:
        if event.ttft_ms is not None:
            self._ttft.add(event.ttft_ms)
        usage = event.usage
        self._tokens = self._tokens + usage
        for kind in ("input", "output", "thought", "cached"):
            self._token_count.labels(kind).inc(getattr(usage, f"{kind}_tokens"))
        if usage.cost_usd is not None:
            self._cost_count.inc(usage.cost_usd)

    def stats(self, sessions: Sessions) -> dict[str, Any]:
        streams = sessions.streams
        return {
            "uptime_s": round(time.monotonic() - self._began, 3),
            "sessions": {"open": sessions.held, "limit": sessions.settings.max_sessions},
            "runs": dict(self._runs),
            "events": self._events,
            "first_token": self._ttft.summary(),
            "run": self._run.summary(),
            "tool": self._tool.summary(),
            "usage": self._tokens.model_dump(),
            "cache": self.cache(),
            "streams": {
                "open": streams.open,
                "opened": streams.opened,
                "dropped": streams.dropped,
                "refused": streams.refused,
                "limit": sessions.settings.max_streams,
            },
        }

    def cache(self) -> dict[str, Any]:
        """Of the model calls so far."""
        calls, hits = self._llm["calls"], self._llm["cached"]
        read = self._tokens.input_tokens
        return {
            "calls": calls,
            "hits": hits,
            "hit_rate": hits / calls if calls else 0.0,
            "provider_cached_tokens": self._tokens.cached_tokens,
            "provider_hit_rate": self._tokens.cached_tokens / read if read else 0.0,
        }

    def prometheus(self, sessions: Sessions) -> tuple[bytes, str]:
        """The exposition text and its media type."""
        values = {
            "sessions_open": sessions.held,
            "streams_open": sessions.streams.open,
            "streams_dropped": sessions.streams.dropped,
            "streams_refused": sessions.streams.refused,
            "cache_hit_ratio": self.cache()["hit_rate"],
        }
        for name, value in values.items():
            self._gauges[name].set(value)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
