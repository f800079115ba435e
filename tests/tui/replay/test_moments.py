"""The conversation at one moment after the other: what stays drawn is what would be drawn anew."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_tui.events import types as ev
from agent_tui.events.timeline import Timeline
from agent_tui.tui.widgets.conversation.transcript import Transcript
from tests.events.strategies import event_lists
from tests.fakes.recorded import recorded
from tests.tui.conversation.test_transcript import column, look


@pytest.fixture(scope="module")
def session() -> Timeline:
    return Timeline(recorded(700), stride=50)


def check(timeline: Timeline, way: list[tuple[int, int]]) -> None:
    """Shows one moment after the other with one transcript; each has to look like a fresh one."""
    transcript = Transcript(timeline.view_at(1), look())
    for seq, looked_at in way:
        transcript.rebind(timeline.view_at(seq))
        if transcript.view.blocks:
            transcript.rows(looked_at % len(transcript), 0, 20)  # draws some of it, not all
        fresh = Transcript(transcript.view, look())
        if looked_at % 3 == 0:
            assert column(transcript) == column(fresh)
            assert transcript.total == fresh.total


places = st.lists(st.tuples(st.integers(1, 700), st.integers(0, 60)), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(places)
def test_any_way_through_a_session(session: Timeline, way: list[tuple[int, int]]) -> None:
    check(session, way)


@settings(max_examples=60, deadline=None)
@given(event_lists, places)
def test_any_way_through_any_events(events: list[ev.Event], way: list[tuple[int, int]]) -> None:
    check(Timeline(events, stride=4), [(seq % (len(events) + 1), at) for seq, at in way])
