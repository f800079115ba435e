"""How long a session's events are gathered before they go out together.

Each write to a stream has its price, whatever is in it. Where little happens events go out as they
come; where much is to be delivered, those that follow at once upon others wait for each other, a little
longer the more there is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

LEAST_S, MOST_S = 0.004, 0.05

PER_DELIVERY_S = 0.4e-6
"""Of gathering for each delivery a second, an event to ten streams being ten of them."""

MEMORY_S = 0.5
"""How soon a burst is forgotten."""


class Pace:
    """The deliveries of one server.

    Args:
        clock: Seconds that only differences of mean anything.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = clock()
        self._recent = 0.0

    def delivered(self, count: int) -> None:
        """Notes that so many events go out, each stream's counted."""
        now = self._clock()
        self._recent = self._recent * math.exp((self._at - now) / MEMORY_S) + count
        self._at = now

    @property
    def rest_s(self) -> float:
        """How long a session whose events have just gone out gathers the next ones."""
        return min(MOST_S, LEAST_S + self._recent / MEMORY_S * PER_DELIVERY_S)
