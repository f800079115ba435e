"""Slash commands, the palette and what they do to the session."""

from __future__ import annotations

import pytest

from agent_tui.tui.commands import COMMANDS, parse
from agent_tui.tui.slash import _ACTIONS
from tests.fakes.shell import make_shell, ready, screen_text, send, until


def test_every_command_does_something() -> None:
    assert {command.name for command in COMMANDS} == set(_ACTIONS)


@pytest.mark.parametrize(
    ("line", "name", "argument"),
    [("/theme paper", "theme", "paper"), ("/exit", "quit", ""), ("/TOOL calc {}", "tool", "calc {}")],
)
def test_lines_are_read(line: str, name: str, argument: str) -> None:
    parsed = parse(line)
    assert parsed.command is not None
    assert (parsed.command.name, parsed.argument) == (name, argument)


def test_unknown_names_get_near_ones() -> None:
    assert "/theme" in parse("/themee").problem
    assert "/help" in parse("/zzzz").problem
    assert "needs more" in parse("/title").problem


async def test_commands_reach_the_session() -> None:
    app, core = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        app.run_command_line("/title my work")
        await until(pilot, lambda: "my work" in screen_text(app))
        app.run_command_line("/model openai:local")
        await until(pilot, lambda: "the next run uses openai:local" in screen_text(app))
        app.run_command_line('/tool calc {"expression": "1"}')
        await until(pilot, lambda: any(call[0] == "tool" for call in core.calls))
        app.run_command_line("/trust")
        await until(pilot, lambda: core.trusted)
        await pilot.pause()
        assert "tools are loaded" not in screen_text(app), "the session says what came of it"
        app.run_command_line("/clear")
        await until(pilot, lambda: "history cleared" in screen_text(app))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/nonsense", "there is no command /nonsense"),
        ("/tool calc {oops", "not JSON"),
        ("/tool calc [1]", "JSON object"),
        ("/tool nothere {}", "there is no tool nothere"),
        ("/model gemini:gemini-2.5-flash", "cannot be used"),
        ("/theme nothere", "there is no theme nothere"),
        ("/copy", "no answer to copy"),
        ("/cancel", "nothing is running"),
        ("/unqueue", "nothing is queued"),
    ],
)
async def test_what_cannot_be_done_is_said(line: str, said: str) -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        app.run_command_line(line)
        await until(pilot, lambda: said in screen_text(app))


async def test_the_palette_finds_commands_themes_and_models() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press(*"paper")
        await until(pilot, lambda: "theme paper" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_slash_line_typed_in_the_prompt_runs() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "/help ")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
