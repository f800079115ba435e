"""The comparison: what differs is shown, what is the same opens, and keys go from one to the next."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from textual.pilot import Pilot

from agent_tui.tui.app import AgentApp
from agent_tui.tui.screens.compare import CompareScreen
from agent_tui.tui.widgets.comparison import ComparisonView
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import Play
from tests.tui.screens.conftest import Picture

LONG = [f"line {number}" for number in range(1, 31)]


async def reads(play: Play) -> None:
    """A run whose tool gives something else the second time."""
    play.step()
    play.llm("I read it.", channel="thought", done=False)
    play.llm()
    call = play.tool_start("read_file", {"path": "notes.txt"})
    middle = "alpha \x1b[31m漢字" if play.input == "read it" else "beta [bold]漢字"
    play.tool_end(call, "\n".join([*LONG[:15], middle, *LONG[15:]]), summary="31 lines")
    play.step()
    play.llm(f"It says {middle[:5].strip()}.")
    play.final()


async def two_runs(pilot: Pilot[Any], app: AgentApp) -> str:
    for number, prompt in enumerate(("read it", "read it again"), 1):
        await send(pilot, prompt)
        await until(pilot, partial(finished, app, number))
    assert app.controller.info is not None
    return app.controller.info.id


def finished(app: AgentApp, count: int) -> bool:
    view = app.controller.view
    return view is not None and [view.spans[run].state for run in view.runs] == ["ok"] * count


async def opened(pilot: Pilot[Any], app: AgentApp, line: str) -> ComparisonView:
    app.run_command_line(line)
    await until(pilot, lambda: isinstance(app.screen, CompareScreen))
    await until(pilot, lambda: app.screen.query(ComparisonView))
    view = app.screen.query_one(ComparisonView)
    await until(pilot, lambda: view.count and view.shown)
    await pilot.pause()
    return view


@pytest.mark.parametrize("size", [(120, 32), (60, 16)], ids=["wide", "narrow"])
def test_picture(picture: Picture, size: tuple[int, int]) -> None:
    async def compare(pilot: Pilot[Any], app: AgentApp) -> None:
        session = await two_runs(pilot, app)
        await opened(pilot, app, f"/diff {session}:1 {session}:2")

    picture(reads, then=compare, size=size)


async def test_keys_go_from_difference_to_difference_and_open_what_is_the_same() -> None:
    app, _ = make_shell(reads)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        session = await two_runs(pilot, app)
        view = await opened(pilot, app, f"/diff {session}:1 {session}:2")
        assert view.cursor is not None
        first = view.cursor
        assert "read it again" in screen_text(app)
        await pilot.press("n")
        assert view.cursor > first
        await pilot.press("n", "p", "p", "p")
        assert view.cursor == first
        before = view.count
        row = next(i for i in range(view.count) if "lines the same" in view.pieces(i, 90)[1][0])
        view.move_cursor(row)
        await pilot.press("enter")
        assert view.count == before + 13
        assert view.cursor == row
        await pilot.press("enter")
        assert view.count == before
        await pilot.press("escape")
        assert not isinstance(app.screen, CompareScreen)


async def test_one_session_is_put_beside_this_one() -> None:
    app, _ = make_shell(reads)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        session = await two_runs(pilot, app)
        await opened(pilot, app, f"/diff {session}")
        assert "the same, times and ids aside" in screen_text(app)
        assert "\x1b" not in screen_text(app)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/diff nosuch", "there is no session"),
        ("/diff a b c", "/diff takes two sessions"),
        ("/diff SESSION:9", "there is no run 9"),
        ("/diff SESSION:1 SESSION", "one side is a run"),
    ],
)
async def test_what_is_wrong_becomes_a_notice(line: str, words: str) -> None:
    app, _ = make_shell(reads)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        session = await two_runs(pilot, app)
        app.run_command_line(line.replace("SESSION", session))
        await until(pilot, lambda: words in screen_text(app))
        assert not isinstance(app.screen, CompareScreen)
