"""The look of every state of the screen."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from agent_tui.tui.app import AgentApp
from tests.fakes.shell import screen_text, send, until
from tests.tui.screens.conftest import Picture
from tests.tui.screens.scenes import asking, streaming, talk, tool_running

PROMPT = "why does test_calc fail?"


def ended(app: AgentApp) -> bool:
    view = app.controller.view
    over = view is not None and bool(view.runs) and view.status == "idle"
    return over and "ready" in screen_text(app) and "running" not in screen_text(app)


def shows(text: str) -> Any:
    return lambda app: text in screen_text(app)


def test_welcome(picture: Picture) -> None:
    picture(notices=("no key found: using the offline demo model",))


def test_streaming(picture: Picture) -> None:
    picture(streaming, prompt=PROMPT, until_state=shows("87.2"))


def test_tool_running(picture: Picture) -> None:
    picture(tool_running, prompt=PROMPT, until_state=shows("test_calc.py ....F"))


def test_approval(picture: Picture) -> None:
    async def shown(pilot: Pilot[Any], app: AgentApp) -> None:
        await until(pilot, lambda: "rm -rf" in screen_text(app) and "once" in screen_text(app))

    picture(asking, prompt=PROMPT, then=shown)


def test_answered(picture: Picture) -> None:
    picture(talk, prompt=PROMPT, until_state=ended)


def test_cancelled(picture: Picture) -> None:
    async def escape(pilot: Pilot[Any], app: AgentApp) -> None:
        await pilot.press("escape")
        await until(pilot, lambda: "cancelled in" in screen_text(app) and ended(app))

    picture(streaming, prompt=PROMPT, until_state=shows("87.2"), then=escape)


def test_queue(picture: Picture) -> None:
    async def queue(pilot: Pilot[Any], app: AgentApp) -> None:
        await send(pilot, "then fix it")
        await send(pilot, "and commit")
        await until(pilot, lambda: app.controller.view is not None and len(app.controller.view.queue) == 2)

    picture(streaming, prompt=PROMPT, until_state=shows("87.2"), then=queue)


@pytest.mark.parametrize("key", ["f2", "f3", "f4", "f5"], ids=["trace", "events", "tools", "usage"])
def test_panel(picture: Picture, key: str) -> None:
    async def open_tab(pilot: Pilot[Any], app: AgentApp) -> None:
        await pilot.press(key)

    picture(talk, prompt=PROMPT, until_state=ended, then=open_tab)


def test_panel_closed(picture: Picture) -> None:
    async def close(pilot: Pilot[Any], app: AgentApp) -> None:
        await pilot.press("ctrl+t")

    picture(talk, prompt=PROMPT, until_state=ended, then=close)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)], ids=["80x24", "60x16"])
def test_narrow(picture: Picture, size: tuple[int, int]) -> None:
    picture(talk, prompt=PROMPT, until_state=ended, size=size)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)], ids=["80x24", "60x16"])
def test_narrow_panel(picture: Picture, size: tuple[int, int]) -> None:
    async def open_panel(pilot: Pilot[Any], app: AgentApp) -> None:
        await pilot.press("ctrl+t")

    picture(talk, prompt=PROMPT, until_state=ended, size=size, then=open_panel)


def test_narrow_approval(picture: Picture) -> None:
    picture(asking, prompt=PROMPT, until_state=shows("once"), size=(60, 16))


def test_help(picture: Picture) -> None:
    async def open_help(pilot: Pilot[Any], app: AgentApp) -> None:
        await pilot.press("f1")
        await until(pilot, lambda: len(app.screen_stack) == 2)

    picture(then=open_help, size=(120, 60))


def test_palette(picture: Picture) -> None:
    async def open_palette(pilot: Pilot[Any], app: AgentApp) -> None:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Start afresh" in screen_text(app))

    picture(then=open_palette, size=(120, 40))


def test_theme_picker(picture: Picture) -> None:
    async def open_picker(pilot: Pilot[Any], app: AgentApp) -> None:
        app.run_command_line("/theme")
        await until(pilot, lambda: "daylight" in screen_text(app))

    picture(then=open_picker)


def test_model_picker(picture: Picture) -> None:
    async def open_picker(pilot: Pilot[Any], app: AgentApp) -> None:
        app.run_command_line("/model")
        await until(pilot, lambda: "no key" in screen_text(app))

    picture(then=open_picker)


@pytest.mark.parametrize("theme", ["ember", "forest", "dusk", "paper", "daylight", "contrast", "terminal"])
def test_theme(picture: Picture, theme: str) -> None:
    picture(talk, prompt=PROMPT, until_state=ended, theme=theme)
