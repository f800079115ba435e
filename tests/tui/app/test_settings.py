"""Keys, themes and NO_COLOR as a person sets them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_tui.tui.keys import KEYS, check_keymap, display_key
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.tui.screens.scenes import streaming

KNOWN = {key.id: key.keys for key in KEYS}


def test_default_keys_do_not_clash() -> None:
    assert check_keymap({}, KNOWN) == ({}, [])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"cancle": "f9"}, "did you mean cancel"),
        ({"cancel": "not a key"}, "is not a key"),
        ({"cancel": ""}, "is not a key"),
        ({"help": "f2"}, "f2 is given to help and trace"),
    ],
)
def test_what_is_wrong_with_a_keymap_is_said(wanted: dict[str, str], said: str) -> None:
    _, problems = check_keymap(wanted, KNOWN)
    assert len(problems) == 1
    assert said in problems[0]


def test_a_clash_says_where_it_was_made() -> None:
    _, (problem,) = check_keymap({"help": "f2"}, KNOWN, {"help": "user file /c:3"})
    assert problem.startswith("user file /c:3: [keys] f2 is given to help and trace")


def test_keys_are_shown_as_people_write_them() -> None:
    assert [display_key(keys) for keys in ("escape,f9", "ctrl+t", "pageup", "ctrl+slash")] == [
        "esc",
        "ctrl+t",
        "pgup",
        "ctrl+/",
    ]


async def test_a_remapped_key_works_and_is_shown() -> None:
    app, core = make_shell(streaming, keys={"cancel": "f9", "help": "f12"})
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "f12 help" in screen_text(app))
        await send(pilot, "go")
        await until(pilot, lambda: "f9 cancel" in screen_text(app))
        await pilot.press("f9")
        await until(pilot, lambda: ("cancel", "user") in core.calls)


async def test_a_wrong_keymap_is_one_notice() -> None:
    app, _ = make_shell(keys={"nonsense": "f9", "prompt.newline": "alt+n"})
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "nonsense: no such action" in screen_text(app))
        assert "prompt.newline" not in screen_text(app)


async def test_an_unknown_theme_is_said_and_the_default_used() -> None:
    app, _ = make_shell(theme="nowhere")
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "there is no theme nowhere" in screen_text(app))
        assert app.theme == "midnight"


async def test_a_broken_theme_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('primary = "#nope"')
    app, _ = make_shell(theme="mine", themes_dirs=(tmp_path,))
    async with app.run_test(size=(200, 32)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "is not a colour" in screen_text(app))


async def test_a_changed_theme_file_is_drawn_anew(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('primary = "#010203"\nbackground = "#000000"')
    app, core = make_shell(theme="mine", themes_dirs=(tmp_path,))
    async with app.run_test() as pilot:
        await ready(pilot)
        path.write_text('primary = "#010203"\nbackground = "#123456"')
        os.utime(path, ns=(1, 1))
        core.clock.advance(5)  # type: ignore[attr-defined]
        await pilot.press("x")
        await until(pilot, lambda: app.main.background_colors[1].hex == "#123456")


async def test_the_picker_previews_and_escape_puts_the_old_theme_back() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        app.run_command_line("/theme")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press(*"paper")
        await until(pilot, lambda: app.theme == "paper")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "midnight")


async def test_no_color_leaves_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app, _ = make_shell()
    async with app.run_test() as pilot:
        await ready(pilot)
        for strip in app.screen._compositor.render_strips():
            for segment in strip.apply_filter(app._filters[-1], app.main.background_colors[1]):
                colour = segment.style.color if segment.style else None
                if colour is not None and colour.triplet is not None:
                    assert max(colour.triplet) - min(colour.triplet) <= 1
