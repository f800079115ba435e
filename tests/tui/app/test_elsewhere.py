"""A core elsewhere: leaving stops nothing there, its absence is shown, and others may answer first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from agent_tui.errors import AgentTuiError, ConfigError, ConflictError
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.runtime.runtime import HISTORY_CHANGED, RemoteRuntime, Submitted
from agent_tui.tui.widgets.approval import ApprovalBar
from tests.fakes.clock import FakeClock
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import FakeRuntime, Play, Script, echo


class Away(AgentTuiError):
    retryable = True


class Elsewhere(FakeRuntime):
    """A core that can be out of reach, and forget what it said last."""

    def __init__(self, script: Script = echo) -> None:
        super().__init__(script)
        self.tell: Callable[[bool], None] = lambda _: None
        self.away = False
        self.forgot = asyncio.Event()
        self.shut: AgentTuiError | None = None

    def watch_connection(self, tell: Callable[[bool], None]) -> None:
        self.tell = tell

    async def submit(self, session_id: str, text: str, *, queue: bool = True) -> Submitted:
        if self.away:
            raise Away("nobody there")
        return await super().submit(session_id, text, queue=queue)

    async def run_shell(self, session_id: str, command: str) -> Submitted:
        if self.away:
            raise Away("nobody there")
        return await super().run_shell(session_id, command)

    async def follow(self, session_id: str, after: int = 0) -> AsyncIterator[Sequence[ev.Event]]:
        async for batch in super().follow(session_id, after):
            yield batch
            if self.shut is not None:
                raise self.shut
            if self.forgot.is_set():
                self.forgot.clear()
                raise ConflictError("another history", code=HISTORY_CHANGED)

    async def aclose(self, *, grace_s: float = 0.0) -> None:
        self.closed = True


async def hang(play: Play) -> None:
    play.step()
    play.llm("x", done=False)
    await asyncio.Event().wait()


async def ask(play: Play) -> None:
    play.step()
    await play.ask("write_file", {"path": "a"})
    play.final()


async def test_leaving_and_closing_stop_nothing_there() -> None:
    core = Elsewhere(hang)
    assert isinstance(core, RemoteRuntime)
    app, _ = make_shell(runtime=core)
    async with app.run_test() as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.controller.running)
        await send(pilot, "/close")
        await until(pilot, lambda: not app.controller.running)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: core.closed)
    assert {name for name, *_ in core.calls} & {"cancel", "close"} == set()
    await FakeRuntime.aclose(core)


async def test_a_lost_connection_is_shown_and_nothing_typed_is_lost() -> None:
    core = Elsewhere()
    app, _ = make_shell(runtime=core)
    async with app.run_test() as pilot:
        await ready(pilot)
        core.away = True
        core.tell(False)
        await until(pilot, lambda: "no connection" in screen_text(app) and "is lost" in screen_text(app))
        await send(pilot, "hello")
        await until(pilot, lambda: "nobody there" in screen_text(app))
        assert app.main.prompt.text == "hello"
        core.away = False
        core.tell(True)
        await until(pilot, lambda: "connected again" in screen_text(app))
        await until(pilot, lambda: "no connection" not in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: screen_text(app).count("hello") >= 2)


async def test_another_history_is_begun_anew() -> None:
    core = Elsewhere()
    app, _ = make_shell(runtime=core)
    async with app.run_test() as pilot:
        await ready(pilot)
        await send(pilot, "forgotten")
        # In the prompt, in the question and in the answer; then it is over.
        await until(pilot, lambda: screen_text(app).count("forgotten") >= 2)
        await until(pilot, lambda: not app.controller.running)
        assert app.controller.info is not None
        session, old = app.controller.info.id, core.logs[app.controller.info.id]
        log = core.logs[session] = SessionLog(session, clock=core.clock)
        log.append(ev.SessionStart, cwd="/work", model="demo", version="0.1.0")
        core.forgot.set()
        old.append(ev.Notice, level="info", text="wakes the follower")
        await until(pilot, lambda: "in a crash" in screen_text(app))
        await until(pilot, lambda: "forgotten" not in screen_text(app))
        await send(pilot, "remembered")
        await until(pilot, lambda: screen_text(app).count("remembered") >= 2)


async def test_a_core_with_another_clock_shows_how_long_its_run_has_taken() -> None:
    core = Elsewhere(hang)
    core.clock = FakeClock()
    core.clock.advance(-7200)
    app, _ = make_shell(runtime=core)
    app._time = FakeClock()  # two hours ahead of the core's
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.controller.running)
        await until(pilot, lambda: "● running 0." in screen_text(app).partition("\n")[0])


async def test_who_answered_elsewhere_is_said() -> None:
    core = Elsewhere(ask)
    app, _ = make_shell(runtime=core)
    async with app.run_test() as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.main.asking)
        assert app.controller.info is not None
        view = app.controller.view
        assert view is not None
        (call,) = view.approvals
        await core.answer(app.controller.info.id, call, "deny", by="ben@desk")
        await until(pilot, lambda: "denied by ben@desk" in screen_text(app))
        assert not app.main.asking


@pytest.mark.parametrize("told", ["before", "after"])
async def test_who_was_sooner_is_said_to_who_answered_too(told: str) -> None:
    core = Elsewhere(ask)
    app, _ = make_shell(runtime=core)
    real, seen = core.answer, asyncio.Event()

    async def too_late(session_id: str, call_id: str, decision: ev.Decision, **more: Any) -> bool:
        await real(session_id, call_id, "deny", by="ben@desk")
        if told == "before":  # the event is on this screen before the refusal is
            await asyncio.wait_for(seen.wait(), 10)
        return await real(session_id, call_id, decision, **more)

    core.answer = too_late  # type: ignore[method-assign]
    async with app.run_test() as pilot:
        await ready(pilot)
        await send(pilot, "go")
        await until(pilot, lambda: app.main.asking)
        assert app.controller.view is not None
        (call,) = app.controller.view.approvals
        app.controller.answer(call, "allow", None)
        if told == "before":
            await until(
                pilot, lambda: app.controller.view is not None and not app.controller.view.approvals
            )
            seen.set()
        await until(pilot, lambda: "denied by ben@desk" in screen_text(app))


async def test_a_question_whose_answer_did_not_get_there_is_asked_again() -> None:
    core = Elsewhere(ask)
    app, _ = make_shell(runtime=core)
    real = core.answer

    async def answer(*what: Any, **more: Any) -> bool:
        if core.away:
            raise Away("nobody there")
        return await real(*what, **more)

    core.answer = answer  # type: ignore[method-assign]
    async with app.run_test() as pilot:
        await ready(pilot)
        await send(pilot, "go")
        for there in (False, True):
            await until(pilot, lambda: app.query(ApprovalBar) and app.query_one(ApprovalBar).current)
            core.away = not there
            app.query_one(ApprovalBar)._armed = True  # as if it had been looked at for a moment
            await pilot.press("y")
            if not there:
                await until(pilot, lambda: "nobody there" in screen_text(app))
                await until(pilot, lambda: "y once" in screen_text(app))
        await until(pilot, lambda: not app.main.asking and not app.controller.running)
    assert [call[2] for call in core.calls if call[0] == "answer"] == ["allow"]


@pytest.mark.parametrize("typed", ["what is left?", "!ls"])
async def test_a_session_that_is_cut_off_says_so_and_what_is_typed_stays(typed: str) -> None:
    core = Elsewhere()
    app, _ = make_shell(runtime=core)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await send(pilot, "first")
        await until(pilot, lambda: app.controller.view is not None and app.controller.view.runs)
        await until(pilot, lambda: not app.controller.running)
        core.away = True
        await send(pilot, typed)
        await until(pilot, lambda: app.main.prompt.text == typed)
        core.away, core.shut = False, ConfigError("another token is wanted")
        assert app.controller.info is not None
        core.logs[app.controller.info.id].append(ev.Notice, level="info", text="wakes the follower")
        await until(pilot, lambda: "cut off" in screen_text(app).partition("\n")[0])
        await pilot.press("enter")
        await until(pilot, lambda: "nothing can be done in this session" in screen_text(app))
        await until(pilot, lambda: app.main.prompt.text == typed)
