"""Several sessions open at once: switched, watched, closed."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.pilot import Pilot

from agent_tui.tui.app import AgentApp
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import FakeRuntime, Play, echo


async def wait_for_word(play: Play) -> None:
    """Runs until the test sets ``play.runtime.go``."""
    play.step()
    play.llm(f"working on {play.input}", done=False)
    await play.runtime.go.wait()  # type: ignore[attr-defined]
    play.llm(" and done")
    play.final()


async def ask(play: Play) -> None:
    play.step()
    await play.ask("shell", {"command": "make"})
    play.final()


def shell(script: Any = wait_for_word) -> tuple[AgentApp, FakeRuntime]:
    app, core = make_shell(script)
    core.go = asyncio.Event()  # type: ignore[attr-defined]
    return app, core


async def two(pilot: Pilot[Any], app: AgentApp) -> None:
    """Two sessions; the first one runs."""
    await ready(pilot)
    await send(pilot, "first")
    await until(pilot, lambda: app.controller.running)
    app.run_command_line("/new")
    await until(pilot, lambda: len(app.sessions.tabs) == 2 and app.sessions.tabs[1].active)


async def test_a_new_session_leaves_the_other_one_running() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await two(pilot, app)
        assert [tab.attention for tab in app.sessions.tabs] == ["running", "idle"]
        await until(pilot, lambda: "working on first" not in screen_text(app))
        core.go.set()  # type: ignore[attr-defined]
        await until(pilot, lambda: app.sessions.tabs[0].attention == "done")
        await until(pilot, lambda: "1 ✓ first" in screen_text(app))
        await pilot.press("alt+left")
        await until(pilot, lambda: "working on first and done" in screen_text(app))
        assert app.sessions.tabs[0].attention == "idle"


async def test_a_hidden_session_draws_nothing() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await two(pilot, app)
        hidden = app.main._panes.of(app.sessions.controllers[0]).conversation  # type: ignore[union-attr]
        before = hidden._strips
        core.go.set()  # type: ignore[attr-defined]
        await until(pilot, lambda: app.sessions.tabs[0].attention == "done")
        assert hidden._strips is before


async def test_a_question_shows_on_the_tab_and_is_asked_when_it_is_looked_at() -> None:
    app, _ = shell(ask)
    async with app.run_test(size=(120, 32)) as pilot:
        await two(pilot, app)
        await until(pilot, lambda: "1 ◆ first" in screen_text(app))
        assert "run shell?" not in screen_text(app)
        await pilot.press("x", "alt+right")
        await until(pilot, lambda: "run shell?" in screen_text(app))
        await pilot.press("alt+right")
        await until(pilot, lambda: "run shell?" not in screen_text(app))
        assert app.main.prompt.text == "x"


async def test_what_is_typed_stays_with_its_session() -> None:
    app, _ = shell(echo)
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "one")
        await until(pilot, lambda: app.controller.view and app.controller.view.runs)
        await pilot.press("a", "b", "left")
        app.run_command_line("/new")
        await until(pilot, lambda: len(app.sessions.controllers) == 2)
        assert app.main.prompt.text == ""
        await pilot.press("c", "alt+left")
        assert app.main.prompt.text == "ab"
        await pilot.press("x", "alt+right")
        assert app.main.prompt.text == "c"
        await pilot.press("alt+left")
        assert app.main.prompt.text == "axb"


async def test_an_unused_session_is_not_kept_open() -> None:
    app, core = shell(echo)
    core.keep("stored", "the stored one", ["hello"])
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        app.sessions.run_soon(app.sessions.open("stored"))
        await until(pilot, lambda: "You said: hello" in screen_text(app))
        await until(pilot, lambda: len(app.sessions.controllers) == 1)
        assert len(app.main.query("Conversation")) <= 2


async def test_an_unused_session_is_kept_for_what_was_typed_there() -> None:
    app, core = shell(echo)
    core.keep("stored", "the stored one", ["hello"])
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await pilot.press("a", "b")
        app.sessions.run_soon(app.sessions.open("stored"))
        await until(pilot, lambda: "You said: hello" in screen_text(app))
        assert app.main.prompt.text == ""
        await pilot.press("alt+left")
        assert app.main.prompt.text == "ab"


async def test_close_asks_while_a_run_is_going() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "first")
        await until(pilot, lambda: app.controller.running)
        await send(pilot, "/close")
        await until(pilot, lambda: "stop the run and close" in screen_text(app))
        assert ("cancel", "close") not in core.calls
        await pilot.press("down", "enter")
        await until(pilot, lambda: ("cancel", "close") in core.calls)
        await until(pilot, lambda: not app.controller.running and len(app.sessions.controllers) == 1)
        assert app.controller.unused


async def test_leaving_cancels_every_run() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await two(pilot, app)
        await send(pilot, "second")
        await until(pilot, lambda: app.controller.running)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: core.closed)
        assert core.calls.count(("cancel", "quit")) == 2


async def test_a_prompt_given_back_waits_in_its_own_session() -> None:
    async def silent(play: Play) -> None:
        play.step()
        await asyncio.Event().wait()

    app, _ = shell(silent)
    async with app.run_test(size=(120, 32)) as pilot:
        await two(pilot, app)
        first = app.sessions.controllers[0]
        first.cancel()
        await until(pilot, lambda: not first.running)
        assert app.main.prompt.text == ""
        await pilot.press("alt+left")
        await until(pilot, lambda: app.main.prompt.text == "first")


async def test_keys_of_another_process_s_session_do_nothing() -> None:
    app, core = shell(echo)
    core.keep("theirs", "theirs", ["hello"])
    core.locked.add("theirs")
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        app.sessions.run_soon(app.sessions.open("theirs"))
        await until(pilot, lambda: "You said: hello" in screen_text(app))
        app.controller.submit("mine")
        await until(pilot, lambda: "another agent-tui" in screen_text(app))
        assert ("submit", "mine") not in core.calls
