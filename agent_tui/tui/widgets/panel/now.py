"""The time by which running spans are drawn: the session's own, carried on by the local clock."""

from __future__ import annotations

import time

from agent_tui.events.view import SessionView


class SessionTime:
    """What time it is in a session.

    Events may come from another machine whose clock differs, so what passed since the last event
    is measured here and added to that event's own time. A replay stands still.
    """

    def __init__(self) -> None:
        self._view = SessionView()
        self._last = 0.0
        self._at = 0.0
        self.live = True

    def bind(self, view: SessionView, *, live: bool) -> None:
        self._view, self.live = view, live
        self._last, self._at = view.time, time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        view = self._view
        if view.time != self._last:
            self._last, self._at = view.time, time.monotonic()
        if not self.live:
            return view.time
        return view.time + time.monotonic() - self._at
