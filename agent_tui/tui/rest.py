"""Collects garbage while a screen rests, so that no key waits for it."""

from __future__ import annotations

import gc

from textual.timer import Timer
from textual.widget import Widget

REST_S = 0.05
"""How long after the last thing to paint the screen is taken to rest."""

OLDER_EVERY = 5
"""Passes over the youngest objects between two over the older ones as well."""


class Rest:
    """Passes over young objects soon after what has made them.

    A screen that changes as a whole leaves thousands of objects that only a pass can find, of Textual's
    styles most of all. Found little by little they take a few milliseconds each time; left until there
    are so many that Python passes by itself, they take tens, and in the midst of a frame.

    Args:
        widget: Whose timer is used; nothing happens after it has gone.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._timer: Timer | None = None

    def soon(self) -> None:
        """There is garbage, or will be with the next frame."""
        if self._timer is None:
            self._timer = self._widget.set_timer(REST_S, self._pass)

    def _pass(self) -> None:
        self._timer = None
        gc.collect(1 if gc.get_count()[1] >= OLDER_EVERY else 0)
