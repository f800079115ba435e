"""The clock of a replay that plays: when the next event is due, and how soon a slow screen takes it."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

from agent_tui.tui.player import Player
from agent_tui.tui.screens.replay_stage import CLOCK_S

FRAME_S = 1 / 30
"""Least time between frames while it plays."""

BUSY_SHARE = 3
"""A frame that took t seconds is followed by at least this many times t of rest."""


class Playing:
    """Calls for a frame whenever the player is to move, or its time to be drawn again.

    Args:
        widget: Whose timer is used.
        player: What plays.
        frame: Moves the player on and shows where it is; false if there is nothing to show it on any more.
        monotonic: Seconds; only differences mean anything.
    """

    def __init__(
        self, widget: Widget, player: Player, frame: Callable[[], bool], monotonic: Callable[[], float]
    ) -> None:
        self._widget = widget
        self._player = player
        self._frame = frame
        self._monotonic = monotonic
        self._timer: Timer | None = None
        self._spent = 0.0

    def go_on(self) -> None:
        """Waits for the next event that is due, or for the time to be drawn again."""
        self.stop()
        if self._player.playing:
            wait = min(max(self._player.wait_s(), FRAME_S), CLOCK_S)
            self._timer = self._widget.set_timer(max(wait, self._spent * BUSY_SHARE), self._tick)

    def stop(self) -> None:
        """Calls for nothing until ``go_on``."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        began = self._monotonic()
        if self._frame():
            self._spent = self._monotonic() - began
            self.go_on()
