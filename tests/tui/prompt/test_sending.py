"""What is sent, and by which key."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", ("submitted", "hello")),
        ("/title my work", ("command", "title", "my work")),
        ("/nosuch", ("command", "nosuch", "")),
        ("/etc/passwd says", ("submitted", "/etc/passwd says")),
        ("!ls -la", ("shell", "ls -la")),
    ],
)
async def test_enter_sends(make_app: Any, text: str, said: tuple[str, ...]) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await app.type(pilot, text)
        await pilot.press("enter")
        assert app.said == [said]
        assert app.prompt.text == ""


@pytest.mark.parametrize("text", ["", "  ", "!"])
async def test_nothing_is_not_sent(make_app: Any, text: str) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await app.type(pilot, text)
        await pilot.press("enter")
        assert app.said == []


@pytest.mark.parametrize("key", ["shift+enter", "alt+enter", "ctrl+j"])
async def test_newline_keys(make_app: Any, key: str) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("a", key, "b", "enter")
        assert app.said == [("submitted", "a\nb")]


async def test_backslash_and_enter_is_a_newline(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("a", "backslash", "enter", "b", "enter")
        assert app.said == [("submitted", "a\nb")]


async def test_keys_that_come_at_once_are_taken_in_order(make_app: Any) -> None:
    """As over a slow line, or from a terminal that does not mark what is pasted."""
    app = make_app()
    async with app.run_test() as pilot:
        for key, character in (
            *(("a", "a"), ("enter", "\r"), ("b", "b"), ("left", None), ("c", "c"), ("enter", "\r")),
            *(("d", "d"), ("ctrl+j", "\n"), ("e", "e"), ("ctrl+s", None), ("f", "f")),
        ):
            app.post_message(events.Key(key, character))
        await pilot.pause()
        assert app.said == [("submitted", "a"), ("submitted", "cb"), ("steered", "d\ne")]
        assert app.prompt.text == "f"


async def test_steer(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("h", "i", "ctrl+s")
        assert app.said == [("steered", "hi")]


async def test_keys_can_be_remapped(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        app.set_keymap({"prompt.submit": "ctrl+o", "prompt.newline": "enter"})
        await pilot.press("a", "enter", "b", "ctrl+o")
        assert app.said == [("submitted", "a\nb")]


async def test_escape_goes_to_the_app_and_destroys_nothing(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("h", "i", "escape")
        assert (app.cancelled, app.prompt.text) == (1, "hi")


async def test_ctrl_c_clears_and_undo_brings_it_back(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("h", "i", "ctrl+c")
        assert app.prompt.text == ""
        await pilot.press("ctrl+z")
        assert app.prompt.text == "hi"


async def test_an_idle_prompt_has_no_timer(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert not app.prompt.blink_timer._active.is_set()


async def test_it_grows_and_stops_growing(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.prompt.size.height == 1
        await app.type(pilot, "1\n2\n3")
        assert app.prompt.size.height == 3
        app.prompt.text = "\n" * 9 + "x"
        app.prompt.insert("\n" * 9)
        await pilot.pause()
        assert app.prompt.size.height == 12


async def paste(pilot: Pilot[None], text: str) -> None:
    pilot.app.screen.focused.post_message(events.Paste(text))
    await pilot.pause()


async def test_a_long_paste_is_shown_short_and_sent_whole(make_app: Any) -> None:
    app = make_app()
    text = "some line\n" * 100_000
    async with app.run_test() as pilot:
        await app.type(pilot, "see ")
        await paste(pilot, text)
        assert app.prompt.text == "see [pasted 100,000 lines #1]"
        await paste(pilot, "x" * 5_000)
        assert app.prompt.text.endswith("[pasted 5,000 characters #2]")
        await pilot.press("backspace")
        assert app.prompt.text == "see [pasted 100,000 lines #1]"
        await pilot.press("enter")
        assert app.said == [("submitted", "see " + text)]


async def test_a_paste_never_submits_and_never_acts_on_the_terminal(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await paste(pilot, "one\r\n\x1b[31mtwo\x1b[0m\x07\u202e\r")
        assert app.said == []
        assert app.prompt.text == "one\ntwo␇\\u202e\n"


async def test_a_placeholder_inside_a_paste_is_only_text(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await paste(pilot, "[pasted 3,000 characters #2]" + "y" * 3_000)
        await paste(pilot, "x" * 3_000)
        assert app.prompt.expanded.count("x") == 3_000


async def test_restore_keeps_what_was_typed_since(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        app.prompt.restore("first")
        assert app.prompt.text == "first"
        app.prompt.restore("first")
        assert app.prompt.text == "first"
        await app.type(pilot, " more")
        app.prompt.restore("before")
        assert app.prompt.text == "before\nfirst more"


async def test_wide_characters_are_whole(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=(12, 10)) as pilot:
        await pilot.press(*"你好世界你好世界")
        await pilot.press("backspace", "enter")
        assert app.said == [("submitted", "你好世界你好世")]
