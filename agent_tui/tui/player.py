"""Where a replay stands in its timeline, and how it moves and plays from there. Draws nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

from agent_tui.events.fold import Fold
from agent_tui.events.timeline import MarkKind, Timeline
from agent_tui.events.view import Changes, SessionView

SPEEDS = (0.5, 1.0, 4.0, math.inf)
"""How many times faster than recorded; the last one is as fast as the screen can draw."""

NEAR = 500
"""Events ahead that are taken one by one, so that a screen redraws only what they change."""

_AT_ONCE = 200
"""Events a frame at the highest speed."""


class Player:
    """A place in a timeline.

    Args:
        timeline: It may grow meanwhile.
        monotonic: Seconds; only differences mean anything.

    Attributes:
        seq: The event it stands at, 0 before there are any.
        playing: Whether it moves by itself.
    """

    def __init__(self, timeline: Timeline, monotonic: Callable[[], float]) -> None:
        self.timeline = timeline
        self.seq = 0
        self.playing = False
        self._monotonic = monotonic
        self._fold = Fold()
        self._speed = 1.0
        self._since = 0.0
        self._from = 0.0

    @property
    def view(self) -> SessionView:
        """The session as of ``seq``. After a jump it is another object."""
        return self._fold.view

    # Moving

    def go(self, seq: int) -> Changes | None:
        """Stands at event ``seq``, or the nearest there is.

        Returns:
            What changed in the view, or None if it is another one.
        """
        changes = self._stand(seq)
        self._start_from(self.timeline.clock_at(self.seq))
        return changes

    def _stand(self, seq: int) -> Changes | None:
        seq = self.timeline.within(seq)
        if self.seq <= seq <= self.seq + NEAR:
            self._fold.apply_all(self.timeline.events(self.seq + 1, seq))
            self.seq = seq
            return self._fold.take_changes()
        self._fold = self.timeline.fold_at(seq)
        self.seq = seq
        return None

    def beside(self, kind: MarkKind, direction: int) -> int:
        """The nearest mark of a kind after (``direction`` 1) or before (-1); else the end or the start."""
        if direction > 0:
            found = self.timeline.next(kind, self.seq)
            return self.timeline.last_seq if found is None else found
        return self.timeline.previous(kind, self.seq) or 1

    # Playing

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Sets how many times faster than recorded it plays."""
        now = self.clock
        self._speed = speed
        self._start_from(now)

    def faster(self, by: int) -> None:
        """Takes the next of ``SPEEDS`` up (1) or down (-1), if there is one."""
        if by > 0:
            beyond = [speed for speed in SPEEDS if speed > self._speed]
        else:
            beyond = [speed for speed in reversed(SPEEDS) if speed < self._speed]
        if beyond:
            self.set_speed(beyond[0])

    def play(self) -> None:
        """Moves by itself from now on."""
        self.playing = True
        self._start_from(self.timeline.clock_at(self.seq))

    def pause(self) -> None:
        self.playing = False

    @property
    def at_end(self) -> bool:
        return self.seq >= self.timeline.last_seq

    @property
    def clock(self) -> float:
        """Playing time, seconds; while it plays it moves on between events too."""
        here = self.timeline.clock_at(self.seq)
        if not self.playing or self.at_end or math.isinf(self._speed):
            return here
        passed = self._from + (self._monotonic() - self._since) * self._speed
        return min(max(here, passed), self.timeline.clock_at(self.seq + 1))

    def advance(self) -> Changes | None:
        """Moves to where playing has got by now; what ``go`` returns. At the end it stops."""
        if math.isinf(self._speed):
            target = self.seq + _AT_ONCE
        else:
            passed = self._from + (self._monotonic() - self._since) * self._speed
            target = max(self.seq, self.timeline.seq_at_clock(passed))
        changes = self._stand(target)
        if self.at_end:
            self.playing = False
        return changes

    def wait_s(self) -> float:
        """Seconds until the next event is due."""
        if math.isinf(self._speed) or self.at_end:
            return 0.0
        due = (self.timeline.clock_at(self.seq + 1) - self._from) / self._speed
        return max(0.0, due - (self._monotonic() - self._since))

    def _start_from(self, clock: float) -> None:
        self._since, self._from = self._monotonic(), clock
