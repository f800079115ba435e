"""The last events of a session, kept by reference within a bound. It is not the log."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from agent_tui.events.types import Event

KEPT = 20_000
_SLACK = 4_000


class EventStore:
    """Events in order of ``seq``.

    Attributes:
        events: What is kept, oldest first.
        dropped: How many older ones are not kept any more.

    Args:
        kept: How many are kept at least.
        slack: How many more may gather before the oldest are let go, all at once.
    """

    def __init__(self, kept: int = KEPT, slack: int = _SLACK) -> None:
        self.events: list[Event] = []
        self.dropped = 0
        self._kept, self._slack = kept, slack

    def add(self, events: Sequence[Event]) -> bool:
        """Adds a batch; false if it begins before the end of what was kept, which is then let go."""
        follows = not (events and self.events and events[0].seq <= self.events[-1].seq)
        if not follows:
            self.clear()
        self.events.extend(events)
        over = len(self.events) - self._kept
        if over > self._slack:
            del self.events[:over]
            self.dropped += over
        return follows

    def clear(self) -> None:
        self.events.clear()
        self.dropped = 0

    def of_span(self, span_id: str, *, until: int) -> list[Event]:
        """The span's own events that are kept, up to ``seq`` ``until``."""
        return [event for event in self.events if event.span_id == span_id and event.seq <= until]

    def between(self, first: int, last: int) -> list[Event]:
        """The kept events with ``first <= seq <= last``."""
        start = bisect_left(self.events, first, key=_seq)
        return self.events[start : bisect_left(self.events, last + 1, lo=start, key=_seq)]

    @property
    def first_seq(self) -> int:
        """``seq`` of the oldest event kept, 0 if there is none."""
        return self.events[0].seq if self.events else 0


def _seq(event: Event) -> int:
    return event.seq
