"""Dialogs take the keys that close or quit, and what Textual's own widgets copy is told of."""

from __future__ import annotations

import pytest
from textual.events import MouseDown, MouseUp

from agent_tui.tui.screens.help import Page
from tests.fakes.shell import make_shell, ready, screen_text, send, until


@pytest.mark.parametrize("opener", ["ctrl+p", "f1"])
@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_dialog_closes_by_the_key_and_nothing_else_happens(opener: str, key: str) -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await pilot.press(opener)
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press(key)
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert "again to quit" not in screen_text(app)


async def test_quitting_works_over_a_dialog() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.closing)


async def test_what_is_cut_from_the_prompt_is_told_and_can_be_pasted() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        app.main.prompt.insert("some words")
        app.main.prompt.select_all()
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "the selection (10 characters)" in screen_text(app))
        await pilot.press("ctrl+v")
        assert app.main.prompt.text == "some words"


async def test_a_third_click_takes_no_more_than_the_second() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "hello")
        await until(pilot, lambda: " hello  " in screen_text(app))
        row = next(
            at for at, line in enumerate(screen_text(app).splitlines()) if line.startswith(" hello ")
        )
        for _ in range(3):
            for event in (MouseDown, MouseUp):
                app.post_message(event(None, 4, row, 0, 0, 1, False, False, False))
        await pilot.pause()
        assert app.main.get_selected_text() == "hello"


@pytest.mark.parametrize("width", [69, 90])
async def test_help_fits_its_width(width: int) -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        page = app.screen.query_one(Page)._page(width)
        assert max(line.cell_length for line in page.split("\n")) <= width


async def test_the_palette_is_whole_on_the_smallest_screen() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(60, 16)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "/help" in screen_text(app))
        await pilot.press("up")
        await until(pilot, lambda: "ctrl+…" in screen_text(app))
        assert "╰───" in screen_text(app)


@pytest.mark.parametrize("opener", ["ctrl+p", "f1"])
async def test_a_dialog_that_is_closed_twice_is_closed_once(opener: str) -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await pilot.press(opener)
        await until(pilot, lambda: len(app.screen_stack) == 2)
        dialog = app.screen
        dialog.dismiss()
        dialog.dismiss()
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("x")
        assert app.main.prompt.text == "x"


async def test_two_clicks_at_once_beside_the_palette_close_it() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        for _ in range(2):
            for event in (MouseDown, MouseUp):
                app.post_message(event(None, 1, 0, 0, 0, 1, False, False, False))
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("x")
        assert app.main.prompt.text == "x"
