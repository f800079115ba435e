"""The time by which running spans are drawn: the session's own, carried on by the local clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from agent_tui.events.view import SessionView
from agent_tui.tui.widgets.panel.store import EventStore


class SessionTime:
    """What time it is in a session.

    Events may come from another machine whose clock differs, so what passed since the last event
    is measured here and added to that event's own time. A replay stands still at its event.
    """

    def __init__(self, store: EventStore, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._store = store
        self._view = SessionView()
        self._last = 0.0
        self._base = 0.0
        self._at = 0.0
        self.live = True

    def bind(self, view: SessionView, *, live: bool) -> None:
        self._view, self.live = view, live
        self._last, self._base, self._at = view.time, view.time, self._monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        view = self._view
        newest = max(view.time, self._time_of(view.seq))
        if not self.live:
            return newest
        if view.time != self._last:
            self._last, self._base, self._at = view.time, newest, self._monotonic()
        elif newest > self._base + self._monotonic() - self._at:  # came to a run that had long begun
            self._base, self._at = newest, self._monotonic()
        return self._base + self._monotonic() - self._at

    def _time_of(self, seq: int) -> float:
        """When event ``seq`` was: the view's own time leaves out deltas."""
        found = self._store.between(seq, seq)
        return datetime.fromisoformat(found[0].ts).timestamp() if found else 0.0
