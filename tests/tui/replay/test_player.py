"""Playing by the recorded time, at any speed, and moving by hand."""

from __future__ import annotations

import math

import pytest

from agent_tui.events.fold import Fold
from agent_tui.events.timeline import Timeline
from agent_tui.tui.player import Player
from tests.fakes.clock import FakeClock
from tests.fakes.recorded import recorded

EVENTS = recorded(600)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def player(clock: FakeClock) -> Player:
    return Player(Timeline(EVENTS, stride=50), clock.monotonic)


def matches(player: Player) -> bool:
    return player.view == Fold().apply_all(EVENTS[: player.seq]).view


def test_a_step_changes_the_view_and_a_jump_replaces_it(player: Player) -> None:
    assert player.go(20) is not None
    view = player.view
    changes = player.go(21)
    assert changes is not None and player.view is view and matches(player)
    assert player.go(20) is None and player.view is not view and matches(player)
    assert view.seq == 21  # the other view is as it was
    player.go(10_000)
    assert player.seq == 600 and player.at_end and matches(player)
    player.go(-3)
    assert player.seq == 1


def test_it_plays_with_the_recorded_timing(player: Player, clock: FakeClock) -> None:
    start, step = 4, 6  # llm_start, and the second of the deltas, 10 ms after the first
    player.go(start)
    player.play()
    assert player.wait_s() == pytest.approx(0.21)
    clock.advance(0.205)
    player.advance()
    assert player.seq == start
    assert player.clock == pytest.approx(player.timeline.clock_at(start) + 0.205)
    clock.advance(0.016)
    player.advance()
    assert player.seq == step and matches(player)


@pytest.mark.parametrize(("speed", "seconds"), [(0.5, 2.0), (1.0, 1.0), (4.0, 0.25)])
def test_a_speed_is_so_many_times_the_recorded_one(
    player: Player, clock: FakeClock, speed: float, seconds: float
) -> None:
    player.go(2)
    player.set_speed(speed)
    player.play()
    clock.advance(seconds)
    player.advance()
    assert player.timeline.clock_at(player.seq) <= player.timeline.clock_at(2) + 1.0 + 1e-6
    assert player.timeline.clock_at(player.seq + 1) > player.timeline.clock_at(2) + 1.0 - 1e-6


def test_the_speed_can_change_while_it_plays(player: Player, clock: FakeClock) -> None:
    player.go(1)
    player.play()
    clock.advance(0.5)
    before = player.clock
    player.set_speed(4.0)
    assert player.clock == pytest.approx(before)
    clock.advance(0.1)
    assert player.clock == pytest.approx(before + 0.4)


def test_at_the_highest_speed_nothing_waits_and_the_end_stops_it(player: Player) -> None:
    player.go(1)
    player.set_speed(math.inf)
    player.play()
    frames = 0
    while player.playing:
        assert player.wait_s() == 0.0
        player.advance()
        frames += 1
    assert (frames, player.seq) == (3, 600)
    assert matches(player)


def test_speeds_go_up_and_down_and_stop_at_either_end(player: Player) -> None:
    seen = []
    for by in (1, 1, 1, -1, -1, -1, -1):
        player.faster(by)
        seen.append(player.speed)
    assert seen == [4.0, math.inf, math.inf, 4.0, 1.0, 0.5, 0.5]
    player.set_speed(3.0)
    player.faster(1)
    assert player.speed == 4.0


def test_marks_are_gone_to_both_ways_and_the_ends_come_after_them(player: Player) -> None:
    player.go(1)
    seqs = []
    for _ in range(3):
        player.go(player.beside("run", 1))
        seqs.append(player.seq)
    assert [EVENTS[seq - 1].type for seq in seqs] == ["run_start"] * 3
    assert player.beside("run", -1) == seqs[1]
    player.go(2)
    assert player.beside("run", -1) == 1
    player.go(599)
    assert player.beside("cancel", 1) == 600
