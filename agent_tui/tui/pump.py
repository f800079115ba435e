"""The one pump that feeds the screen: events in, view state and frames out.

However fast events come, the screen is told at most once per frame. What a person waits for (a first
word, a tool that ends, a cancel) is shown at once; more text of what already streams can wait for the
next frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from agent_tui.events.fold import Fold
from agent_tui.events.types import CancelCalled, Event, LlmStart, ReactStepStart, RunDone, RunStart
from agent_tui.events.view import Changes
from agent_tui.tui.frames import HEAD_START_S

OnFrame = Callable[[Changes, Sequence[Event]], None]

URGENT_INTERVAL_S = 1 / 120
"""Least time between frames where more than text has changed."""

BUSY_SHARE = 3
"""A frame that took t seconds to hand over is followed by this many times t of rest (by t alone, if more
than text has changed), or by the usual time between frames if that is less: one slow frame is no reason
to keep a person waiting."""


BEGINNING = (RunStart, ReactStepStart, LlmStart, CancelCalled)


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
        self._began = self._ended = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = float("-inf")

    def go_on_with(self, fold: Fold) -> None:
        """Goes on with another fold of the same session, which knows at least the same events."""
        self._fold = fold

    async def run(self) -> None:
        """Runs until the session's log ends or the task is cancelled."""
        loop = asyncio.get_running_loop()
        try:
            async for batch in self._batches:
                for event in batch:
                    self._fold.apply(event)
                self._events.extend(batch)
                if batch and isinstance(batch[-1], RunDone):
                    self._draw()  # what a person waits for most: how it ended
                else:
                    if batch:
                        self._let_alone(batch, loop.time())
                    self._schedule(loop)
        finally:
            self._stop_timer()
        self._draw()

    def _let_alone(self, batch: Sequence[Event], now: float) -> None:
        if not isinstance(batch[-1], BEGINNING):
            self._not_before = now
        elif any(isinstance(event, RunStart | CancelCalled) for event in batch):
            self._not_before = now + HEAD_START_S

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        changes = self._fold.changes
        urgent = changes.head or bool(changes.spans)
        interval, share = (URGENT_INTERVAL_S, 1) if urgent else (self._interval, BUSY_SHARE)
        took = self._ended - self._began
        due = max(self._began + interval, self._ended + min(took * share, self._interval))
        due = max(due, self._not_before)
        if due <= loop.time():
            self._draw()
        elif self._timer is None or due < self._timer.when():
            self._stop_timer()
            self._timer = loop.call_at(due, self._draw)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _draw(self) -> None:
        loop = asyncio.get_running_loop()
        self._stop_timer()
        events, self._events = self._events, []
        self._began = loop.time()
        if events:
            self._on_frame(self._fold.take_changes(), events)
        self._ended = loop.time()
