"""From the first key to the end of a run, through the real widgets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from textual.events import Key

from agent_tui.errors import AgentTuiError
from agent_tui.events.types import Event, SteerApplied
from agent_tui.tui.app import AgentApp
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import FakeRuntime, Play
from tests.fakes.still import type_keys


async def hang(play: Play) -> None:
    play.step()
    play.llm(done=False)
    await asyncio.Event().wait()


async def stream_and_hang(play: Play) -> None:
    play.step()
    play.llm("some of the answer", done=False)
    await asyncio.Event().wait()


async def test_a_prompt_is_sent_and_its_answer_shown() -> None:
    app, core = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "hello")
        await until(pilot, lambda: app.controller.view and len(app.controller.view.blocks) == 2)
        await until(pilot, lambda: screen_text(app).count("hello") >= 3)
        assert core.calls == [("submit", "hello")]


async def test_nothing_is_begun_in_a_session_that_cannot_be_read() -> None:
    app, core = make_shell()

    async def damaged(session_id: str, after: int = 0) -> AsyncIterator[Sequence[Event]]:
        raise AgentTuiError("not an event", hint="the line is damaged")
        yield ()

    core.follow = damaged  # type: ignore[method-assign]
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "not an event" in screen_text(app))
        await send(pilot, "hello")
        await until(pilot, lambda: "nothing can be done in this session: not an event" in screen_text(app))
        assert core.calls == []


async def test_what_is_typed_before_the_core_is_there_is_sent_in_order() -> None:
    gate = asyncio.Event()
    app, core = make_shell(hang)
    opened = app.sessions._open_runtime

    async def slow() -> FakeRuntime:
        await gate.wait()
        return await opened()  # type: ignore[return-value]

    app.sessions._open_runtime = slow
    async with app.run_test() as pilot:
        await send(pilot, "one")
        await send(pilot, "two")
        assert app.controller.held == 2
        gate.set()
        await until(pilot, lambda: len(core.calls) == 2)
        assert core.calls == [("submit", "one"), ("submit", "two")]


async def test_the_first_prompt_of_the_command_line_is_sent() -> None:
    app, core = make_shell(prompt="from outside")
    async with app.run_test() as pilot:
        await until(pilot, lambda: core.calls)
        assert core.calls == [("submit", "from outside")]


async def test_escape_cancels_and_keeps_what_was_streamed() -> None:
    app, core = make_shell(stream_and_hang)
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: "some of the answer" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "cancelled in" in screen_text(app))
        assert ("cancel", "user") in core.calls
        assert "some of the answer" in screen_text(app)
        assert app.main.prompt.text == ""


async def test_escape_is_heeded_when_it_comes_and_not_when_its_turn_comes() -> None:
    app, core = make_shell(stream_and_hang)
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: "some of the answer" in screen_text(app))
        app.post_message(Key("escape", None))
        assert app.message_queue_size == 0
        await until(pilot, lambda: not app.controller.running)
        assert ("cancel", "user") in core.calls


async def test_escape_waits_for_the_keys_that_came_before_it() -> None:
    app, _ = make_shell(stream_and_hang)
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: "some of the answer" in screen_text(app))
        app.post_message(Key("slash", "/"))
        app.post_message(Key("escape", None))
        assert app.message_queue_size == 2
        await until(pilot, lambda: not app.controller.running)
        assert app.main.prompt.text == "/"


async def test_escape_gives_the_prompt_back_if_nothing_was_said() -> None:
    app, _ = make_shell(hang)
    async with app.run_test() as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.controller.running)
        await pilot.press("escape")
        await until(pilot, lambda: app.main.prompt.text == "go")


async def test_what_a_run_ended_without_hearing_is_given_back() -> None:
    heard = asyncio.Event()

    async def hears_the_first(play: Play) -> None:
        play.step()
        play.llm("some of the answer", done=False)
        await heard.wait()
        play.emit(SteerApplied, text="be brief")
        await asyncio.Event().wait()

    app, core = make_shell(hears_the_first)
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.controller.running)
        for text in ("be brief", "in French", "and polite"):
            await type_keys(pilot, [*text])
            await pilot.press("ctrl+s")
        await until(pilot, lambda: len([call for call in core.calls if call[0] == "steer"]) == 3)
        heard.set()
        view = app.controller.view
        await until(pilot, lambda: view is not None and view.steers == ["in French", "and polite"])
        await pilot.press("escape")
        await until(pilot, lambda: app.main.prompt.text == "in French\nand polite")


async def test_escape_without_a_run_destroys_nothing() -> None:
    app, core = make_shell()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("a", "b", "escape", "escape")
        assert app.main.prompt.text == "ab"
        assert core.calls == []


async def test_typing_while_it_runs_queues_and_a_cancel_does_not_fire_it() -> None:
    app, core = make_shell(stream_and_hang)
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.controller.running)
        await send(pilot, "next")
        await until(pilot, lambda: "queued" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not app.controller.running)
        assert [call for call in core.calls if call[0] == "submit"] == [
            ("submit", "go"),
            ("submit", "next"),
        ]
        await pilot.press("alt+up")
        await until(pilot, lambda: app.main.prompt.text == "next")
        await until(pilot, lambda: "queued" not in screen_text(app))


async def test_ctrl_s_steers_the_run() -> None:
    app, core = make_shell(hang)
    async with app.run_test() as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.controller.running)
        await pilot.press("l", "e", "f", "t", "ctrl+s")
        await until(pilot, lambda: ("steer", "left") in core.calls)


async def test_nothing_ticks_when_nothing_runs() -> None:
    app, _ = make_shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "hello")
        await until(pilot, lambda: app.controller.view and app.controller.view.runs)
        await until(pilot, lambda: not app.controller.running)
        await until(pilot, lambda: not ticking(app))


def ticking(app: AgentApp) -> list[str]:
    """Timers that would wake the process up, again and again, if nobody stopped them."""
    return [
        f"{node!r} {timer.name}"
        for node in (app, *app.screen.walk_children(with_self=True))
        for timer in node._timers
        if timer._repeat is None and timer._active.is_set() and timer._task and not timer._task.done()
    ]
