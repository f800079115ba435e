"""The timeline: the same views as the fold gives, and the way between places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_tui.errors import StorageError
from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.log import SessionLog
from agent_tui.events.timeline import PERSON_S, Timeline
from tests.events.strategies import event_lists
from tests.fakes.clock import FakeClock
from tests.fakes.stories import LLM, RUN, begin, end_run, end_stream, start_run, stream

SHORT = 4
"""Short lists of events cross many checkpoints and pages."""


@given(event_lists)
def test_every_view_is_the_fold_of_that_prefix(events: list[ev.Event]) -> None:
    timeline = Timeline(events, stride=SHORT)
    for seq in [*range(len(events), 0, -1), *range(1, len(events) + 1)]:
        assert timeline.view_at(seq) == Fold().apply_all(events[:seq]).view


@given(event_lists, st.data())
def test_playing_on_from_anywhere_ends_the_same(events: list[ev.Event], data: st.DataObject) -> None:
    timeline = Timeline(events, stride=SHORT)
    seq = data.draw(st.integers(0, len(events)))
    fold = timeline.fold_at(seq)
    assert not fold.changes
    fold.apply_all(timeline.events(seq + 1, len(events)))
    assert fold.view == Fold().apply_all(events).view
    assert timeline.view_at(seq) == Fold().apply_all(events[: max(seq, 1)]).view


@given(event_lists, st.integers(0, 40))
def test_growing_is_the_same_as_being_whole(events: list[ev.Event], at: int) -> None:
    timeline = Timeline(events[:at], stride=SHORT)
    timeline.view_at(at)
    timeline.extend(events)  # what it has already is left out
    assert timeline.last_seq == len(events)
    assert list(timeline.events(1, len(events))) == events
    assert timeline.view_at(len(events)) == Fold().apply_all(events).view


@given(event_lists)
def test_marks_are_found_both_ways(events: list[ev.Event]) -> None:
    timeline = Timeline(events, stride=SHORT)
    marks = timeline.marks()
    assert [mark.seq for mark in marks] == sorted(mark.seq for mark in marks)
    for kind in ("run", "step", "tool", "error", "cancel"):
        seqs = [mark.seq for mark in marks if mark.kind == kind]
        for seq in range(len(events) + 2):
            assert timeline.next(kind, seq) == min((at for at in seqs if at > seq), default=None)
            assert timeline.previous(kind, seq) == max((at for at in seqs if at < seq), default=None)


def two_runs() -> tuple[SessionLog, FakeClock, Timeline]:
    clock, timeline = FakeClock(), Timeline(stride=SHORT)
    log = SessionLog("s", clock=clock)
    log.observe(lambda event: timeline.extend([event]))
    begin(log)
    for text in ("first", "second"):
        clock.advance(3600)
        start_run(log, f"{text}\nand more")
        clock.advance(2)
        stream(log, "a", "b")
        clock.advance(0.5)
        end_stream(log)
        end_run(log)
    return log, clock, timeline


def test_marks_tell_where_and_what() -> None:
    log, _, timeline = two_runs()
    assert [(mark.seq, mark.kind, mark.label) for mark in timeline.marks()] == [
        (2, "run", "first"),
        (8, "run", "second"),
    ]
    error = ev.ErrorInfo(code="x", message="it broke")
    log.append(ev.LlmError, **LLM, error=error)
    log.append(ev.CancelCalled, **RUN, by="user")
    assert [mark.kind for mark in timeline.marks()[2:]] == ["error", "cancel"]
    near = timeline.mark_near(9)
    assert near is not None and near.seq == 8
    assert timeline.mark_near(1) is None


def test_playing_time_is_the_recorded_one_without_the_waits_for_a_person() -> None:
    _, _, timeline = two_runs()
    assert timeline.clock_at(2) == PERSON_S  # an hour, until somebody asked
    assert timeline.clock_at(3) == PERSON_S + 2
    assert timeline.length == 2 * (PERSON_S + 2.5)
    assert timeline.time_at(8) - timeline.time_at(1) == 7202.5
    assert timeline.seq_at_clock(PERSON_S + 1.9) == 2
    assert timeline.seq_at_clock(PERSON_S + 2) == 5
    assert timeline.seq_at_clock(-1) == 1
    assert timeline.seq_at_clock(99) == timeline.last_seq


def test_a_missing_event_is_told() -> None:
    log, _, _ = two_runs()
    events = [log.append(ev.Notice, level="info", text=str(number)) for number in range(2)]
    with pytest.raises(StorageError, match="event 1 of the session is missing"):
        Timeline(events, stride=SHORT)


def test_an_empty_timeline_has_an_empty_view() -> None:
    timeline = Timeline()
    assert timeline.view_at(1) == Fold().view
    assert (timeline.time_at(1), timeline.length, timeline.seq_at_clock(5)) == (0.0, 0.0, 0)
