"""Whatever comes to the screen is told so and painted, also if somebody asked for its place before."""

from __future__ import annotations

import gc

from textual.app import App
from textual.containers import Container
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from agent_tui.tui.layout import TellingCompositor


class Told(Static):
    """Counts what it is told."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.heard: list[str] = []

    def on_show(self) -> None:
        self.heard.append("show")

    def on_hide(self) -> None:
        self.heard.append("hide")

    def on_resize(self) -> None:
        self.heard.append("resize")


class Tellings(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self._compositor = TellingCompositor()

    def asked_for_places(self) -> None:
        """As when a widget that is not laid out yet is to be drawn, and a place is looked up."""
        self._compositor._full_map_invalidated = True
        assert self._compositor.full_map


def painted(screen: Screen[None]) -> str:
    return "\n".join(strip.text.rstrip() for strip in screen._compositor.render_strips())


async def test_a_change_is_told_though_places_were_asked_for_before_its_layout() -> None:
    app, screen, told = App[None](), Tellings(), Told("hello")
    async with app.run_test(size=(20, 4)) as pilot:
        await app.push_screen(screen)
        told.display = False
        await screen.mount(told)
        await pilot.pause()
        told.heard.clear()

        told.display = True
        screen.asked_for_places()
        await pilot.pause()
        assert told.heard == ["resize", "show"]
        assert "hello" in painted(screen)

        told.heard.clear()
        told.styles.width = 7
        screen.asked_for_places()
        await pilot.pause()
        assert told.heard == ["resize"]

        told.heard.clear()
        told.display = False
        screen.asked_for_places()
        await pilot.pause()
        assert told.heard == ["hide"]
        assert "hello" not in painted(screen)


class Counting(Container):
    """Counts how often it is asked for its lines."""

    asked = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked += 1
        return super().render_lines(crop)


async def test_what_is_covered_is_not_painted() -> None:
    app, screen = App[None](), Tellings()
    covering, aside = Static("one"), Static("beside")
    outer, half = Counting(covering), Counting(aside)
    covering.styles.height = "100%"
    aside.styles.width = 8
    async with app.run_test(size=(20, 6)) as pilot:
        await app.push_screen(screen)
        outer.styles.height = half.styles.height = 3
        await screen.mount(outer, half)
        await pilot.pause()
        assert painted(screen).split() == ["one", "beside"]
        outer.asked = half.asked = 0

        covering.update("two")
        await pilot.pause()
        assert painted(screen).split() == ["two", "beside"]
        assert outer.asked == 0, "its child covers it"
        assert half.asked == 1, "once, by the whole picture: it shows beside its child"


def strips_alive() -> int:
    return sum(isinstance(thing, Strip) for thing in gc.get_objects())


async def test_what_was_painted_goes_away_without_the_garbage_collector() -> None:
    app, screen, text = App[None](), Tellings(), Static("0")
    async with app.run_test(size=(20, 4)) as pilot:
        await app.push_screen(screen)
        await screen.mount(text)
        await pilot.pause()
        gc.collect()
        gc.disable()
        try:
            before = strips_alive()
            for number in range(1, 30):
                text.update(str(number))
                await pilot.pause()
            assert "29" in painted(screen)
            assert strips_alive() < before + 15, "not every picture there has been is still there"
        finally:
            gc.enable()
