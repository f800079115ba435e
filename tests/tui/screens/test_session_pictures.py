"""The look of the session picker, the switcher, and a session that another process writes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.pilot import Pilot

from agent_tui.tui.app import AgentApp
from agent_tui.tui.screens.sessions import SessionsScreen
from tests.fakes.shell import screen_text, send, until
from tests.fakes.stage import FakeRuntime, Play
from tests.tui.screens.conftest import Picture

SIZES = [(120, 32), (60, 16)]
NAMES = ["wide", "narrow"]


def library() -> FakeRuntime:
    core = FakeRuntime()
    core.keep(
        "a", "fix the failing test", ["why does test_calc fail?"],
        updated="2026-01-02T02:03:00Z", tokens=1_204, cost_usd=0.0004,
    )  # fmt: skip
    core.keep(
        "b", "書く: the docs of [everything] 🚀 and much more than one line has room for",
        ["write the docs", "and the examples"],
        updated="2026-01-01T03:04:00Z", tokens=84_000, cost_usd=0.12,
    )  # fmt: skip
    core.keep("c", "an old experiment", ["try it"], updated="2025-11-01T03:04:00Z")
    core.keep(
        "d",
        "somewhere else",
        ["hello"],
        cwd="/home/x/projects/other",
        updated="2025-12-30T03:04:00Z",
    )
    return core


async def picker(pilot: Pilot[Any], app: AgentApp) -> None:
    await pilot.press("ctrl+o")
    await until(
        pilot, lambda: isinstance(app.screen, SessionsScreen) and len(app.screen.listing.items) >= 3
    )


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_picker(picture: Picture, size: tuple[int, int]) -> None:
    async def then(pilot: Pilot[Any], app: AgentApp) -> None:
        await picker(pilot, app)
        await pilot.press("ctrl+t", "down")
        await until(pilot, lambda: "You said: and the examples" in screen_text(app) or size[0] < 90)
        await until(pilot, lambda: "somewhere else" in screen_text(app))

    picture(runtime=library(), then=then, size=size)


def test_picker_search(picture: Picture) -> None:
    async def then(pilot: Pilot[Any], app: AgentApp) -> None:
        await picker(pilot, app)
        await pilot.press(*"examp")
        await until(pilot, lambda: "1 found" in screen_text(app))
        await until(pilot, lambda: "You said: and the examples" in screen_text(app))

    picture(runtime=library(), then=then)


def test_picker_deleted(picture: Picture) -> None:
    async def then(pilot: Pilot[Any], app: AgentApp) -> None:
        await picker(pilot, app)
        await pilot.press("down", "ctrl+x")
        await until(pilot, lambda: "can be undone" in screen_text(app))

    picture(runtime=library(), then=then, size=(80, 24))


async def by_name(play: Play) -> None:
    """A run that ends, asks or goes on, as its prompt says."""
    play.step()
    match play.input:
        case "ask":
            await play.ask("shell", {"command": "make"})
        case "go on":
            play.llm("still at it", done=False)
            await asyncio.Event().wait()
        case _:
            await play.runtime.go.wait()  # type: ignore[attr-defined]
            play.llm("all done")
            play.final()


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_switcher(picture: Picture, size: tuple[int, int]) -> None:
    core = FakeRuntime(by_name)
    core.go = asyncio.Event()  # type: ignore[attr-defined]

    async def then(pilot: Pilot[Any], app: AgentApp) -> None:
        for prompt in ("go on", "ask", "end"):
            await send(pilot, prompt)
            await until(pilot, lambda: app.controller.view and app.controller.view.runs)
            app.run_command_line("/new")
            await until(pilot, lambda: app.controller.unused)
            await pilot.pause()
        core.go.set()  # type: ignore[attr-defined]
        await until(pilot, lambda: app.sessions.tabs[2].attention == "done")

    picture(runtime=core, then=then, size=size)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_read_only(picture: Picture, size: tuple[int, int]) -> None:
    core = library()
    core.locked.add("a")

    async def then(pilot: Pilot[Any], app: AgentApp) -> None:
        app.sessions.run_soon(app.sessions.open("a"))
        await until(pilot, lambda: "read-only" in screen_text(app) and "You said" in screen_text(app))
        await until(pilot, lambda: len(app.sessions.tabs) == 1)

    picture(runtime=core, then=then, size=size)
