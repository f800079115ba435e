"""The end of a long session first: enough of its last events to paint the last screen.

Also over a server, whose snapshot tells the whole session: for a long one that is many times as much to
make, to send and to read as its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from agent_tui.events.fold import Fold
from agent_tui.events.types import RunDone, RunStart

if TYPE_CHECKING:
    from agent_tui.events.types import Event
    from agent_tui.runtime.runtime import SessionInfo

TAIL = 600
"""Events read at first; four times as many if no run began among them, and so on."""

TAIL_MOST = 20_000
"""Where looking back for the beginning of a run that has ended stops."""


class Source(Protocol):
    """Reads stored events; the façade is one."""

    async def events(self, session_id: str, after: int = 0, limit: int = 2000) -> Sequence[Event]: ...


async def read_tail(
    source: Source, info: SessionInfo, *, wanted: int = TAIL, whole_run: bool = True
) -> Sequence[Event]:
    """The last events of a session, from the beginning of a run on; all of them if there are few.

    Args:
        source: Where to read.
        info: The session, with the number of its events.
        wanted: How many to look at first.
        whole_run: Looks further back if no run began among them.
    """
    last = before = info.last_seq
    events: list[Event] = []
    while True:
        after = max(0, last - wanted)
        events = await _read(source, info.id, after, before) + events
        before = after
        if after == 0:
            return events
        begin = next((at for at, event in enumerate(events) if isinstance(event, RunStart)), None)
        if begin is not None:
            return events[begin:]
        if not whole_run:
            return events
        if wanted >= TAIL_MOST and events and isinstance(events[-1], RunDone):
            return events  # the end of one very long run: it is over, and its beginning comes later
        wanted *= 4


async def _read(source: Source, session_id: str, after: int, last: int) -> list[Event]:
    events: list[Event] = []
    while after < last:
        batch = await source.events(session_id, after, last - after)
        if not batch:
            break
        events.extend(batch)
        after = batch[-1].seq
    return events


def fold_tail(info: SessionInfo, events: Sequence[Event]) -> Fold:
    """What the last events of a session look like; what only earlier ones tell is taken from ``info``."""
    fold = Fold()
    view = fold.view
    view.session_id, view.cwd, view.model, view.title = info.id, info.cwd, info.model, info.title
    if events:
        view.seq = events[0].seq - 1
    fold.apply_all(events)
    view.title, view.model = info.title or view.title, info.model or view.model
    return fold
