"""The one pump that feeds the screen: events in, view state and frames out.

However fast events come, the screen is told at most once per frame; the first event after a quiet
time is shown at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from agent_tui.events.fold import Fold
from agent_tui.events.types import Event
from agent_tui.events.view import Changes

OnFrame = Callable[[Changes, Sequence[Event]], None]

BUSY_SHARE = 3
"""A frame that took t seconds to hand over is followed by at least this many times t of rest."""


class Pump:
    """Follows one session, folds its events and calls ``on_frame`` when there is something to draw.

    Args:
        batches: What ``Runtime.follow`` returns.
        fold: Takes the events in; its view is what widgets draw.
        on_frame: Gets what changed and the events since the last frame.
        fps: Most frames per second.
    """

    def __init__(
        self,
        batches: AsyncIterator[Sequence[Event]],
        fold: Fold,
        on_frame: OnFrame,
        *,
        fps: float = 25.0,
    ) -> None:
        self._batches = batches
        self._fold = fold
        self._on_frame = on_frame
        self._interval = 1.0 / fps
        self._events: list[Event] = []
        self._next_frame = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Runs until the session's log ends or the task is cancelled."""
        loop = asyncio.get_running_loop()
        try:
            async for batch in self._batches:
                for event in batch:
                    self._fold.apply(event)
                self._events.extend(batch)
                if self._timer is None:
                    delay = self._next_frame - loop.time()
                    if delay <= 0:
                        self._draw()
                    else:
                        self._timer = loop.call_later(delay, self._draw)
        finally:
            if self._timer is not None:
                self._timer.cancel()
        self._draw()

    def _draw(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        events, self._events = self._events, []
        began = loop.time()
        if events:
            self._on_frame(self._fold.take_changes(), events)
        now = loop.time()
        self._next_frame = began + max(self._interval, (now - began) * (1 + BUSY_SHARE))
