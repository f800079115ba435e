"""A session's events as a line in time: the view at any of them, and the places worth going to.

Checkpoints of the fold stand at even distances and share what did not change between them, so a view
is never more than one stretch of folding away. It follows nothing and plays nothing.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from agent_tui.errors import StorageError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.fold import Checkpoint, Fold
from agent_tui.events.view import SessionView

MarkKind = Literal["run", "step", "tool", "error", "cancel"]

STRIDE = 250

PERSON_S = 1.0
"""Most that a pause counts in playing time while the session waited for a person."""

_PAGES_KEPT = 12


@dataclass(frozen=True, slots=True)
class Mark:
    """A place worth going to. ``time`` is seconds since the epoch; ``label`` is foreign text."""

    seq: int
    kind: MarkKind
    time: float
    label: str


class Timeline:
    """The events of one session, from its first on.

    Events are kept encoded, a fifth of the room of their objects, and decoded by pages when looked at.

    Args:
        events: Those to begin with; more come by ``extend``.
        stride: Events between checkpoints: what a jump has to fold at most.
    """

    def __init__(self, events: Iterable[ev.Event] = (), *, stride: int = STRIDE) -> None:
        self._stride = stride
        self._page_size = max(1, stride // 4)
        self._lines: list[bytes] = []
        self._times = array("d")
        self._clock = array("d")
        self._marks: list[Mark] = []
        self._seqs: dict[MarkKind, list[int]] = {kind: [] for kind in get_args(MarkKind)}
        self._fold = Fold()
        self._checkpoints: list[Checkpoint] = [self._fold.checkpoint()]
        self._pages: OrderedDict[int, list[ev.Event]] = OrderedDict()
        self.extend(events)

    # Growing

    def extend(self, events: Iterable[ev.Event]) -> None:
        """Adds the events that follow; those that it has already are left out.

        Costs some microseconds for each, so a long past is best added in batches.

        Raises:
            StorageError: An event is missing between these and the last one.
        """
        for event in events:
            if event.seq == self.last_seq + 1:
                self._add(event)
            elif event.seq > self.last_seq:
                raise StorageError(
                    f"event {self.last_seq + 1} of the session is missing",
                    hint="its journal is damaged; what comes after cannot be replayed",
                )

    def _add(self, event: ev.Event) -> None:
        time = datetime.fromisoformat(event.ts).timestamp()
        if self._times:
            pause = max(0.0, time - self._times[-1])
            if self._fold.view.status in ("idle", "waiting"):
                pause = min(pause, PERSON_S)
            self._clock.append(self._clock[-1] + pause)
        else:
            self._clock.append(0.0)
        self._times.append(time)
        self._lines.append(codec.encode(event))
        self._fold.apply(event)
        found = mark_of(event)
        if found is not None:
            kind, label = found
            self._marks.append(Mark(event.seq, kind, time, label))
            self._seqs[kind].append(event.seq)
        if event.seq % self._stride == 0:
            self._checkpoints.append(self._fold.checkpoint())
        page = (event.seq - 1) // self._page_size
        if page in self._pages:
            del self._pages[page]

    # Looking

    @property
    def last_seq(self) -> int:
        """``seq`` of the newest event, 0 if there is none."""
        return len(self._lines)

    def fold_at(self, seq: int) -> Fold:
        """A fold as it was after event ``seq``, for the caller to go on with; its changes are empty."""
        seq = self.within(seq)
        checkpoint = self._checkpoints[seq // self._stride]
        fold = Fold.resume(checkpoint).apply_all(self.events(checkpoint.seq + 1, seq))
        fold.take_changes()
        return fold

    def view_at(self, seq: int) -> SessionView:
        """The session as it was after event ``seq``; 0 is before the first. It is read, never written."""
        return self.fold_at(seq).view

    def events(self, first: int, last: int) -> Sequence[ev.Event]:
        """The events with ``first <= seq <= last``."""
        first, last = max(first, 1), min(last, self.last_seq)
        found: list[ev.Event] = []
        while first <= last:
            page, at = divmod(first - 1, self._page_size)
            part = self._page(page)[at : at + last - first + 1]
            found += part
            first += len(part)
        return found

    def _page(self, number: int) -> list[ev.Event]:
        page = self._pages.get(number)
        if page is None:
            start = number * self._page_size
            page = [codec.decode(line) for line in self._lines[start : start + self._page_size]]
            self._pages[number] = page
            if len(self._pages) > _PAGES_KEPT:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(number)
        return page

    def within(self, seq: int) -> int:
        """The nearest ``seq`` that there is, 1 at least if there is any."""
        return min(max(seq, 1), self.last_seq)

    # Time

    def time_at(self, seq: int) -> float:
        """When event ``seq`` was, seconds since the epoch; 0.0 if there are no events."""
        return self._times[self.within(seq) - 1] if self._times else 0.0

    def clock_at(self, seq: int) -> float:
        """Playing time of event ``seq``, seconds from the first one.

        It is the recorded time, except that a pause in which the session waited for a person, for a
        prompt or an approval, counts no more than ``PERSON_S``.
        """
        return self._clock[self.within(seq) - 1] if self._clock else 0.0

    def seq_at_clock(self, clock: float) -> int:
        """The last event that has happened at a playing time; the first one if none has."""
        return self.within(bisect_right(self._clock, clock))

    @property
    def length(self) -> float:
        """Playing time of the whole, seconds."""
        return self._clock[-1] if self._clock else 0.0

    # Places

    def marks(self) -> Sequence[Mark]:
        """Every place worth going to, in order."""
        return self._marks

    def mark_near(self, seq: int) -> Mark | None:
        """The last mark at or before ``seq``."""
        at = bisect_right(self._marks, seq, key=_seq_of)
        return self._marks[at - 1] if at else None

    def next(self, kind: MarkKind, seq: int) -> int | None:
        """``seq`` of the first mark of a kind after ``seq``."""
        seqs = self._seqs[kind]
        at = bisect_right(seqs, seq)
        return seqs[at] if at < len(seqs) else None

    def previous(self, kind: MarkKind, seq: int) -> int | None:
        """``seq`` of the last mark of a kind before ``seq``."""
        seqs = self._seqs[kind]
        at = bisect_left(seqs, seq)
        return seqs[at - 1] if at else None


def _seq_of(mark: Mark) -> int:
    return mark.seq


def mark_of(event: ev.Event) -> tuple[MarkKind, str] | None:
    """Whether an event is a place worth going to: of what kind, and a few words about it."""
    match event:
        case ev.RunStart():
            return "run", event.input.strip().partition("\n")[0]
        case ev.ReactStepStart():
            return "step", f"step {event.step}"
        case ev.ToolStart():
            return "tool", event.tool_name
        case ev.ToolFailed() | ev.LlmError() | ev.RunError():
            return "error", event.error.message
        case ev.ToolEnd() if event.failed:
            return "error", event.summary or "failed"
        case ev.CancelCalled():
            return "cancel", f"cancelled by {event.by}"
        case ev.RunDone() if event.status == "interrupted":
            return "cancel", "interrupted"
        case _:
            return None
