"""Text is for the next prompt wherever the focus is, also when all of it comes at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.events import Key, Paste

from agent_tui.tui.screens.main import MainScreen
from tests.fakes.shell import make_shell, ready, send, until

TEXT = "what jumps, and [who] keeps Going?"


def conversation(screen: MainScreen) -> None:
    screen.set_focus(screen.conversation)


def trace(screen: MainScreen) -> None:
    assert screen.panel is not None
    screen.panel.focus_tab()


@pytest.mark.parametrize("focus", [conversation, trace])
async def test_keys_of_one_read_are_text_from_the_first_one_on(focus: Callable[[MainScreen], None]) -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "hello")
        focus(app.main)
        for character in TEXT:
            key = {" ": "space", ",": "comma"}.get(character, character)
            app.post_message(Key(key, character))
        await until(pilot, lambda: app.main.prompt.text == TEXT)
        await until(pilot, lambda: app.main.prompt.has_focus)


@pytest.mark.parametrize("focus", [conversation, trace])
async def test_a_paste_goes_into_the_prompt(focus: Callable[[MainScreen], None]) -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "hello")
        focus(app.main)
        app.post_message(Paste("two\nlines"))
        await until(pilot, lambda: app.main.prompt.text == "two\nlines")
        await until(pilot, lambda: app.main.prompt.has_focus)
