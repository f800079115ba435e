"""The look of the replay. After a wanted change: ``pytest --snapshot-update``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from agent_tui.tui.screens.replay import ReplayScreen
from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.widgets.scrubber import Scrubber
from tests.fakes.recorded import recorded
from tests.tui.replay.conftest import replay_of, shown

EVENTS = recorded(1150)
"""Ten runs: every second of five ends in an error, and the last is cancelled."""
Then = Callable[[Pilot[Any], ReplayScreen], Awaitable[None]]


@pytest.fixture
def picture(snap_compare: Callable[..., bool]) -> Callable[..., None]:
    def take(
        *keys: str, at: int, size: tuple[int, int] = (110, 26), then: Then | None = None, **settings: Any
    ) -> None:
        app, _, _ = replay_of(EVENTS, at=at, **settings)

        async def before(pilot: Pilot[Any]) -> None:
            screen = await shown(pilot)
            if keys:
                await pilot.press(*keys)
            if then is not None:
                await then(pilot, screen)
            # What the scroll bar guesses of rows never drawn depends on the way there, and it follows late.
            talk = screen.query_one(Conversation)
            talk.show(screen.player.view)
            talk.bar.move()
            await pilot.pause()
            screen.refresh()
            await pilot.pause()

        assert snap_compare(app, terminal_size=size, run_before=before)

    return take


def test_start(picture: Callable[..., None]) -> None:
    picture(at=1)


def test_middle_of_a_run(picture: Callable[..., None]) -> None:
    picture(at=575)


def test_at_an_error(picture: Callable[..., None]) -> None:
    picture("e", at=1)


def test_end(picture: Callable[..., None]) -> None:
    picture("end", at=1)


def test_playing(picture: Callable[..., None]) -> None:
    async def play(pilot: Pilot[Any], screen: ReplayScreen) -> None:
        await pilot.press("plus", "space")  # the clock stands still, so it stays where it is
        screen.playing.stop()  # nor is the time drawn again and again
        assert screen.player.playing

    picture(at=300, then=play)


def test_asking_for_a_number(picture: Callable[..., None]) -> None:
    picture("g", "5", "7", "5", at=300)


def test_reading(snap_compare: Callable[..., bool]) -> None:
    app, _, _ = replay_of(EVENTS, at=1)

    async def before(pilot: Pilot[Any]) -> None:
        screen = await shown(pilot)
        screen.ready = False
        screen._show_position()
        await pilot.pause()

    assert snap_compare(app, terminal_size=(110, 26), run_before=before)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)], ids=["80x24", "60x16"])
def test_narrow(picture: Callable[..., None], size: tuple[int, int]) -> None:
    picture(at=575, size=size)


def test_events_of_that_moment(picture: Callable[..., None]) -> None:
    picture("f3", at=575)


@pytest.mark.parametrize("theme", ["daylight", "contrast", "terminal"])
def test_theme(picture: Callable[..., None], theme: str) -> None:
    picture(at=575, theme=theme)


def test_dragging_moves_without_a_jump_back(picture: Callable[..., None]) -> None:
    async def drag(pilot: Pilot[Any], screen: ReplayScreen) -> None:
        await pilot.mouse_down(Scrubber, offset=(20, 2))
        await pilot.hover(Scrubber, offset=(60, 2))
        await pilot.mouse_up(Scrubber, offset=(60, 2))

    picture(at=1, then=drag)
