"""What is replayed, and the way its events come: in slices that keep no key waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from agent_tui.events.types import Event

SLICE = 250
"""Events taken in at once while the past is read."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is replayed.

    Attributes:
        session_id: Whose events they are.
        batches: The events from the first on; it may go on for as long as the session lives.
        whole: How many there are at first; None if ``batches`` ends by itself.
        at: Where to begin; None is the last event there is at first, or the first with ``speed``.
        speed: Plays at once, so many times faster than recorded; None waits to be told.
        home: What Esc leads back to, in a few words.
    """

    session_id: str
    batches: AsyncIterator[Sequence[Event]]
    whole: int | None = None
    at: int | None = None
    speed: float | None = None
    home: str = "back"

    async def slices(self) -> AsyncIterator[Sequence[Event]]:
        """The events, a few at a time, with a pause for everybody else after each few."""
        async for batch in self.batches:
            for start in range(0, len(batch), SLICE):
                yield batch[start : start + SLICE]
                await asyncio.sleep(0)
