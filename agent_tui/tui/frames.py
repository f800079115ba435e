"""Screens that are painted at the next chance: the one base of all that fill the terminal."""

from __future__ import annotations

import asyncio

from textual.await_complete import AwaitComplete
from textual.screen import Screen, ScreenResultType

from agent_tui.tui.layout import TellingCompositor

FRAME_S = 1 / 120
"""Least time from the begin of one paint to that of the next, in seconds."""

HEAD_START_S = 0.012
"""How long a run that begins, or is told to end, is let alone at most: so that its request leaves before
it is painted, and its connection is closed before. What comes next ends it."""


class FrameTimer:
    """Paints a screen once there is something to paint.

    Textual's own timer ticks in a grid of 60 a second and, when a tick was late, leaves out one more: what
    changes soon after a paint waits for up to 33 ms.
    """

    def __init__(self, screen: Screen[ScreenResultType]) -> None:
        self._screen = screen
        self._handle: asyncio.TimerHandle | None = None
        self._painted_at = self._not_before = float("-inf")

    def resume(self) -> None:
        """Something is to be painted."""
        loop = asyncio.get_running_loop()
        due = max(self._painted_at + FRAME_S, self._not_before, loop.time())
        if self._handle is None or due < self._handle.when():
            self.pause()
            self._handle = loop.call_at(due, self._paint)

    def hold(self, seconds: float) -> None:
        """Paints nothing for so long, also what is to be painted already."""
        self._not_before = asyncio.get_running_loop().time() + seconds
        if self._handle is not None:
            self.pause()
            self.resume()

    def end_hold(self) -> None:
        """From now on, what comes to be painted is painted, and with it what waits."""
        self._not_before = float("-inf")

    def pause(self) -> None:
        """Nothing is, for now."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _paint(self) -> None:
        self._handle = None
        self._painted_at = asyncio.get_running_loop().time()
        app = self._screen.app
        if app._exit:
            return
        try:
            self._screen._on_timer_update()
        except Exception as error:  # noqa: BLE001 - as Textual does with what its timers call
            app._handle_exception(error)


class ClosesOnce(Screen[ScreenResultType]):
    """A screen that a second key or click, on its way as the first one closed it, does not close again.

    Textual would take away the screen under it, or fail where there is none.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self in self.app.screen_stack else AwaitComplete()


class QuickScreen(ClosesOnce[ScreenResultType]):
    """A screen with our compositor and our time of painting."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name, id, classes)
        self._compositor = TellingCompositor()
        self._frame_timer = FrameTimer(self)

    def text_select_all(self) -> None:
        """A third click adds nothing to what the second chose.

        Textual takes the whole screen then: header, hints, and widgets that are not to be seen.
        """

    def hold_painting(self, seconds: float) -> None:
        """Leaves the loop to what cannot wait for a paint: for ``seconds``, or until ``go_on_painting``."""
        self._frame_timer.hold(seconds)

    def go_on_painting(self) -> None:
        self._frame_timer.end_hold()

    @property
    def _update_timer(self) -> FrameTimer:  # type: ignore[override]
        return self._frame_timer
