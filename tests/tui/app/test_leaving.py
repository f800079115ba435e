"""Ctrl+C, Ctrl+D and quitting: nothing is lost, nothing is left running."""

from __future__ import annotations

import asyncio

from agent_tui.errors import ConfigError
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import Play


async def hang(play: Play) -> None:
    play.step()
    play.llm("x", done=False)
    await asyncio.Event().wait()


async def test_ctrl_c_clears_then_asks_then_quits() -> None:
    app, core = make_shell()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("a", "ctrl+c")
        assert app.main.prompt.text == ""
        await pilot.press("ctrl+c")
        assert "again to quit" in screen_text(app)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: core.closed)
    assert app.return_value == 0


async def test_a_late_second_ctrl_c_asks_again() -> None:
    app, core = make_shell()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("ctrl+c")
        core.clock.advance(10)  # type: ignore[attr-defined]
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert not app.closing


async def test_ctrl_d_quits_only_when_the_input_is_empty() -> None:
    app, core = make_shell()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("a", "ctrl+d")
        assert not app.closing
        await pilot.press("backspace", "ctrl+d")
        await until(pilot, lambda: core.closed)


async def test_quitting_cancels_the_run_and_waits_for_its_end() -> None:
    app, core = make_shell(hang)
    async with app.run_test() as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.controller.running)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: core.closed)
    assert ("cancel", "quit") in core.calls
    last = (await core.logs["session1"].read_lines(0, 100))[-1]
    assert b'"run_done"' in last
    assert b'"cancelled"' in last


async def test_a_session_that_cannot_open_ends_with_its_error() -> None:
    app, _ = make_shell(model="nonsense")
    async with app.run_test():
        async with asyncio.timeout(20):
            while app.failure is None:
                await asyncio.sleep(0.002)
    assert isinstance(app.failure, ConfigError)
