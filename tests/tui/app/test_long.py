"""A long session: its end first, the rest behind, and nobody notices the change."""

from __future__ import annotations

import asyncio

from agent_tui.events.fold import Fold
from agent_tui.events.view import AnswerBlock, PromptBlock, SessionView
from agent_tui.tui.session_controller import LONG
from agent_tui.tui.tail import fold_tail, read_tail
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import FakeRuntime

RUNS = LONG // 6


def long_session(core: FakeRuntime) -> None:
    info = core.keep("long", "a long one", [f"prompt {number}" for number in range(RUNS)])
    assert info.last_seq > LONG


def texts(view: SessionView) -> list[str]:
    return [str(block.text) for block in view.blocks if isinstance(block, PromptBlock | AnswerBlock)]


async def test_the_tail_begins_with_a_run_and_tells_the_same() -> None:
    core = FakeRuntime()
    long_session(core)
    info = core.stored["long"]
    tail = await read_tail(core, info)
    view = fold_tail(info, tail).view
    whole = Fold().apply_all(await core.events("long", 0, 100_000)).view
    assert tail[0].type == "run_start"
    assert len(tail) < 700
    assert texts(view) == texts(whole)[-len(texts(view)) :]
    assert (view.title, view.model, view.seq) == ("a long one", "demo", whole.seq)


async def test_one_run_longer_than_the_window_is_read_from_its_beginning() -> None:
    core = FakeRuntime()
    info = core.keep("s", "one run", ["only"])
    tail = await read_tail(core, info, wanted=3)
    assert [event.seq for event in tail] == list(range(1, info.last_seq + 1))
    part = await read_tail(core, info, wanted=3, whole_run=False)
    assert [event.seq for event in part] == [info.last_seq - 2, info.last_seq - 1, info.last_seq]


class Gated(FakeRuntime):
    """Reads no event from before the tail until the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def events(self, session_id: str, after: int = 0, limit: int = 2000):  # type: ignore[no-untyped-def]
        if after < self.logs[session_id].last_seq - 1_000:
            await self.gate.wait()
        return await super().events(session_id, after, limit)


async def test_the_end_is_there_before_the_beginning_and_can_be_worked_with() -> None:
    core = Gated()
    long_session(core)
    app, _ = make_shell(runtime=core)
    app._session = "long"
    async with app.run_test(size=(120, 32)) as pilot:
        await until(pilot, lambda: f"You said: prompt {RUNS - 1}" in screen_text(app))
        assert not app.controller.whole
        await ready(pilot)
        await send(pilot, "meanwhile")
        await until(pilot, lambda: screen_text(app).count("meanwhile") >= 2)
        await until(pilot, lambda: not app.controller.running)
        core.gate.set()
        await until(pilot, lambda: app.controller.whole)
        view = app.controller.view
        assert view is not None
        assert len(view.runs) == RUNS + 1
        await until(pilot, lambda: "meanwhile" in screen_text(app))
        await send(pilot, "and then")
        await until(pilot, lambda: len(view.runs) == RUNS + 2)


async def test_the_reader_s_place_stays_when_the_rest_is_known() -> None:
    core = Gated()
    long_session(core)
    app, _ = make_shell(runtime=core)
    app._session = "long"
    async with app.run_test(size=(120, 32)) as pilot:
        await until(pilot, lambda: f"You said: prompt {RUNS - 1}" in screen_text(app))
        await ready(pilot)
        await pilot.press("pageup", "pageup")
        await pilot.pause()
        conversation = app.main.conversation
        assert conversation is not None
        before = screen_text(app).splitlines()[2]
        assert not conversation.following
        core.gate.set()
        await until(pilot, lambda: app.controller.whole)
        await pilot.pause()
        assert screen_text(app).splitlines()[2][:60] == before[:60]
        await pilot.press("ctrl+home")
        await until(pilot, lambda: "❯ prompt 0 " in screen_text(app))


async def test_either_end_is_gone_to_whatever_has_the_focus() -> None:
    core = FakeRuntime()
    long_session(core)
    app, _ = make_shell(runtime=core)
    app._session = "long"
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: app.controller.whole)
        conversation = app.main.conversation
        assert conversation is not None
        seen = set()
        for _ in range(4):
            seen.add(type(app.main.focused))
            await pilot.press("ctrl+home")
            await until(pilot, lambda: "❯ prompt 0 " in screen_text(app))
            await pilot.press("ctrl+end")
            await until(pilot, lambda: conversation.following)
            await pilot.press("f6")
        assert len(seen) == 4
