"""A terminal may be made as small as it can be at any moment; nothing fails of it."""

from __future__ import annotations

import pytest

from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import Play

SIZES = [(8, 4), (5, 3), (4, 3), (3, 2), (2, 2), (1, 1), (1, 12), (40, 1)]


async def asking(play: Play) -> None:
    play.step()
    await play.ask("shell", {"command": "make\n" * 30})


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_prompt_fits(size: tuple[int, int]) -> None:
    app, _ = make_shell()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.resize_terminal(*size)
        screen_text(app)
        await pilot.press("/")
        screen_text(app)
        await pilot.resize_terminal(60, 16)
        await until(pilot, lambda: "/model" in screen_text(app))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_question_fits(size: tuple[int, int]) -> None:
    app, _ = make_shell(asking)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await send(pilot, "please")
        await until(pilot, lambda: "this session" in screen_text(app))
        await pilot.resize_terminal(*size)
        screen_text(app)
        await pilot.resize_terminal(60, 16)
        await until(pilot, lambda: "this session" in screen_text(app))


@pytest.mark.parametrize("key", ["f1", "ctrl+p", "ctrl+o", "f7", "f3", "f5"])
@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_what_is_open_fits(size: tuple[int, int], key: str) -> None:
    app, _ = make_shell()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await send(pilot, "hello")
        await pilot.press(key)
        await pilot.pause()
        await pilot.resize_terminal(*size)
        screen_text(app)
