"""A history that is read when it is first needed is the history of all events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings

from agent_tui.agent.history import History
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.runtime.recall import Recall
from tests.events.strategies import event_lists


class Stored:
    """A past that hands its events on two at a time."""

    def __init__(self, events: Sequence[ev.Event]) -> None:
        self.events = events

    async def read(self, session_id: str, after: int, limit: int) -> Sequence[bytes]:
        return [codec.encode(event) for event in self.events if event.seq > after][: min(limit, 2)]

    async def read_without_text(self, session_id: str, after: int, limit: int) -> Sequence[bytes]:
        kept = [event for event in self.events if event.type not in ("llm_delta", "tool_output")]
        return [codec.encode(event) for event in kept if event.seq > after][: min(limit, 2)]


@settings(max_examples=60, deadline=None)
@given(event_lists)
def test_it_equals_the_fold_of_every_event(events: Sequence[ev.Event]) -> None:
    everything = History().apply_all(events).messages()
    for split in {0, len(events) // 2, len(events)}:
        recalled = Recall(Stored(events[:split]), "s", split)
        for event in events[split:]:
            recalled.apply(event)
        history = asyncio.run(recalled.history())
        assert history.messages() == everything
