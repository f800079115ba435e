"""When a screen is painted: at the next chance, not too often, and not while more urgent things go on."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from agent_tui.tui.frames import FRAME_S, FrameTimer, QuickScreen
from tests.fakes.leap import leap, turns


class Canvas:
    """Counts its paints. It stands for a screen and for the app of that screen."""

    def __init__(self) -> None:
        self.app = self
        self._exit = False
        self.paints = 0
        self.fails = False
        self.seen: list[Exception] = []

    def _on_timer_update(self) -> None:
        self.paints += 1
        if self.fails:
            raise ValueError("no paint")

    def _handle_exception(self, error: Exception) -> None:
        self.seen.append(error)


@pytest.fixture
async def canvas() -> Canvas:
    return Canvas()


@pytest.fixture
async def timer(canvas: Canvas) -> FrameTimer:
    stands_for_a_screen: Any = canvas
    return FrameTimer(stands_for_a_screen)


async def test_what_is_to_be_painted_is_painted_once_at_the_next_chance(
    canvas: Canvas, timer: FrameTimer
) -> None:
    timer.resume()
    timer.resume()
    assert canvas.paints == 0
    await turns()
    assert canvas.paints == 1


async def test_a_paint_is_not_put_off_by_what_comes_before_it(canvas: Canvas, timer: FrameTimer) -> None:
    for _ in range(5):
        timer.resume()
        await turns(1)
    assert canvas.paints >= 1


async def test_the_next_paint_comes_a_frame_later(canvas: Canvas, timer: FrameTimer) -> None:
    timer.resume()
    await turns()
    leap(-60)  # however slow this machine is, too little time has passed
    timer.resume()
    await turns()
    assert canvas.paints == 1
    leap(60 + FRAME_S)
    await turns()
    assert canvas.paints == 2


async def test_a_pause_takes_it_back(canvas: Canvas, timer: FrameTimer) -> None:
    timer.resume()
    timer.pause()
    timer.pause()
    await turns()
    assert canvas.paints == 0


async def test_nothing_is_painted_while_painting_is_held(canvas: Canvas, timer: FrameTimer) -> None:
    timer.resume()
    timer.hold(60)
    timer.resume()
    await turns()
    assert canvas.paints == 0
    leap(60)
    await turns()
    assert canvas.paints == 1


async def test_what_comes_after_the_hold_takes_with_it_what_was_held(
    canvas: Canvas, timer: FrameTimer
) -> None:
    timer.hold(60)
    timer.resume()
    timer.end_hold()
    await turns()
    assert canvas.paints == 0
    timer.resume()
    await turns()
    assert canvas.paints == 1
    leap(60)
    await turns()
    assert canvas.paints == 1


async def test_a_paint_that_fails_ends_the_app_and_not_only_the_timer(
    canvas: Canvas, timer: FrameTimer
) -> None:
    canvas.fails = True
    timer.resume()
    await turns()
    assert [str(error) for error in canvas.seen] == ["no paint"]


async def test_an_app_that_is_leaving_is_not_painted(canvas: Canvas, timer: FrameTimer) -> None:
    canvas._exit = True
    timer.resume()
    await turns()
    assert canvas.paints == 0


async def test_a_real_screen_is_painted_so() -> None:
    class Words(QuickScreen[None]):
        def compose(self) -> ComposeResult:
            yield Static("before")

    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(Words())
        app.screen.query_one(Static).update("after")
        await pilot.pause()
        assert "after" in "".join(
            segment.text for strip in app.screen._compositor.render_strips() for segment in strip
        )
