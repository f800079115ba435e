"""The replay as a person uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from agent_tui.events import types as ev
from agent_tui.tui.app import AgentApp
from agent_tui.tui.screens.replay import ReplayScreen
from agent_tui.tui.screens.sessions import SessionsScreen
from agent_tui.tui.widgets.panel import SidePanel
from agent_tui.tui.widgets.scrubber import Scrubber
from agent_tui.tui.widgets.status import NoticeBar
from tests.fakes.recorded import recorded
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.tui.replay.conftest import replay_of, replay_screen, shown
from tests.tui.screens.scenes import asking, streaming

EVENTS = recorded(300)
RUNS = [event.seq for event in EVENTS if isinstance(event, ev.RunStart)]
STEPS = [event.seq for event in EVENTS if isinstance(event, ev.ReactStepStart)]
SIZE = (120, 32)


async def press(pilot: Pilot[int], *keys: str) -> int:
    """Presses keys; where the replay stands then."""
    await pilot.press(*keys)
    await pilot.pause()
    return replay_screen(pilot.app).player.seq  # type: ignore[arg-type]


async def click_as_a_terminal(pilot: Pilot[int], widget: Widget, offset: tuple[int, int]) -> None:
    """A click that names no widget: the pilot's own name one, those of a terminal do not."""
    x, y = widget.region.offset + offset
    for kind in (events.MouseDown, events.MouseUp):
        pilot.app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y))
    await pilot.pause()


async def test_keys_go_by_event_step_and_run_both_ways() -> None:
    app, _, _ = replay_of(EVENTS, at=1)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot)
        assert await press(pilot, "right", "right") == 3
        assert await press(pilot, "left") == 2
        assert await press(pilot, "shift+right") == STEPS[0]
        assert await press(pilot, "shift+right") == STEPS[1]
        assert await press(pilot, "shift+left") == STEPS[0]
        assert await press(pilot, "alt+right") == RUNS[1]
        assert await press(pilot, "alt+left") == RUNS[0]
        assert await press(pilot, "end") == 300
        assert await press(pilot, "home") == 1
        assert "event 1 of 300" in screen_text(app)


async def test_the_whole_screen_is_the_fold_at_that_event() -> None:
    app, _, _ = replay_of(EVENTS, at=RUNS[1] + 5)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        text = screen_text(app)
        assert "question 2" in text and "question 3" not in text
        assert "running" in text and "step 1/8" in text
        screen.action_last()
        await until(pilot, lambda: "question 3" in screen_text(app))
        screen.action_first()
        await until(pilot, lambda: "question" not in screen_text(app))
        assert "ready" in screen_text(app)


async def test_every_step_draws_what_a_jump_draws() -> None:
    stepped, _, _ = replay_of(EVENTS, at=1)
    async with stepped.run_test(size=SIZE) as pilot:
        await shown(pilot)
        await press(pilot, *["right"] * 30)
        walked = screen_text(stepped)
    jumped, _, _ = replay_of(EVENTS, at=31)
    async with jumped.run_test(size=SIZE) as pilot:
        await shown(pilot)
        assert screen_text(jumped) == walked


async def test_a_number_is_gone_to() -> None:
    app, _, _ = replay_of(EVENTS, at=1)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot)
        await pilot.press("g", "1", "2", "3")
        assert replay_screen(app).player.seq == 1
        assert await press(pilot, "enter") == 123
        assert await press(pilot, "g", "9", "escape") == 123
        assert await press(pilot, "right") == 124


async def test_a_number_that_no_event_has_is_refused() -> None:
    app, _, _ = replay_of(EVENTS, at=5)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot)
        await pilot.press("g")
        await until(pilot, lambda: "go to event 1 … 300" in screen_text(app))
        assert await press(pilot, "9", "9", "9", "9", "9", "enter") == 5
        await until(pilot, lambda: "events 1 to 300 only; go to event 99999" in screen_text(app))
        assert await press(pilot, "backspace", "backspace", "backspace", "enter") == 99


async def test_errors_are_found_and_their_absence_told() -> None:
    events = recorded(700)
    app, _, _ = replay_of(events, at=1)
    failed = [event.seq for event in events if isinstance(event, ev.ToolEnd) and event.failed]
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        assert await press(pilot, "e") == failed[0]
        await press(pilot, "end", "e")
        assert "no error after this" in " ".join(screen.query_one(NoticeBar).texts)
        assert await press(pilot, "E") == failed[-1]


async def test_a_click_on_the_bar_and_on_a_mark_goes_there() -> None:
    app, _, _ = replay_of(EVENTS, at=1)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        width = screen.query_one(Scrubber).content_size.width
        await pilot.click(Scrubber, offset=(1 + width // 2, 2))
        assert abs(screen.player.seq - 150) <= 2
        column = (RUNS[1] - 1) * (width - 1) // 299
        await pilot.click(Scrubber, offset=(1 + column, 1))
        assert screen.player.seq == RUNS[1]
        await pilot.click(Scrubber, offset=(1 + width // 2, 2), button=3)  # a terminal's own menu, or paste
        assert screen.player.seq == RUNS[1]


async def test_a_number_is_gone_to_before_its_line_closes_and_keys_behind_it_are_not_lost() -> None:
    app, _, _ = replay_of(EVENTS, at=1)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        hints = screen_text(app).splitlines()[-1]
        layouts: list[str] = []
        lay_out = screen._refresh_layout

        def laid_out(*args: Any, **kwargs: Any) -> None:
            layouts.append(screen_text(app))
            lay_out(*args, **kwargs)

        await pilot.press("g", "4", "1")
        screen._refresh_layout = laid_out  # type: ignore[method-assign]
        assert await press(pilot, "enter", "right") == 42
        await until(pilot, lambda: screen_text(app).splitlines()[-1] == hints)
        assert layouts and all("event 1 of" not in text for text in layouts)
        assert await press(pilot, "g", "5", "enter", "g", "6", "enter") == 6
        await pilot.press("g", "7", "enter", "g")
        await pilot.pause()
        await until(pilot, lambda: "go to event 1 … 300" in screen_text(app))


async def test_a_number_can_be_given_while_the_past_is_being_read() -> None:
    app, core, _ = replay_of(recorded(1_500))
    read, rest = core.events, asyncio.Event()

    async def slowly(session_id: str, after: int = 0, limit: int = 2000) -> Sequence[ev.Event]:
        if after:
            await rest.wait()
        return await read(session_id, after, limit)

    core.events = slowly  # type: ignore[method-assign]
    async with app.run_test(size=SIZE) as pilot:
        await until(
            pilot, lambda: isinstance(app.screen, ReplayScreen) and app.screen.timeline.last_seq > 0
        )
        await pilot.press("e", "E")
        await pilot.pause()
        assert not replay_screen(app).query_one(NoticeBar).texts
        await pilot.press("g", "0", "enter")
        await until(pilot, lambda: "no event has this number" in screen_text(app))
        await pilot.press("backspace", *"1234", "enter")
        rest.set()
        screen = await shown(pilot)
        assert (screen.player.seq, screen.player.playing) == (1_234, False)


async def test_a_number_that_came_while_it_was_asked_for_is_one() -> None:
    app, _ = make_shell(streaming)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await send(pilot, "what is 6*7")
        await until(pilot, lambda: "87.2" in screen_text(app))
        screen = await live(pilot, app)
        last = screen.timeline.last_seq
        await pilot.press("g")
        app.controller.set_title("another name")
        await until(pilot, lambda: screen.timeline.last_seq == last + 1)
        assert await press(pilot, *str(last + 1), "enter") == last + 1


async def test_a_jump_does_not_paint_the_whole_screen() -> None:
    app, _, _ = replay_of(EVENTS, at=1)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        painting, wholes = screen._compositor, [0]
        paint_whole = painting.render_full_update

        def counted(*args: Any, **kwargs: Any) -> Any:
            wholes[0] += 1
            return paint_whole(*args, **kwargs)

        painting.render_full_update = counted  # type: ignore[method-assign]
        assert await press(pilot, "g", "1", "5", "0", "enter") == 150
        await pilot.click(Scrubber, offset=(30, 1))
        await pilot.pause()
        assert screen.player.seq not in (1, 150)
        assert wholes == [0]
        screen.refresh()
        await pilot.pause()
        assert wholes == [1]


async def test_a_click_on_a_span_goes_to_its_end_then_its_beginning() -> None:
    app, _, _ = replay_of(EVENTS, at=300)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        run = screen.player.view.spans["run_1"]
        await click_as_a_terminal(pilot, screen.query_one("#trace-tree"), (6, 0))
        await until(pilot, lambda: screen.player.seq == run.last_seq)
        await click_as_a_terminal(pilot, screen.query_one("#trace-tree"), (6, 0))
        await until(pilot, lambda: screen.player.seq == run.first_seq)


async def test_it_plays_and_pauses() -> None:
    app, _, clock = replay_of(EVENTS)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        assert screen.player.playing  # a session that is asked for by name plays
        clock.advance(2)
        await until(pilot, lambda: screen.player.seq > RUNS[0])
        assert await press(pilot, "space") > RUNS[0]
        assert not screen.player.playing and "paused" in screen_text(app)
        await press(pilot, "plus", "plus", "space")
        await until(pilot, lambda: screen.player.at_end and not screen.player.playing)
        await until(pilot, lambda: "event 300 of 300" in screen_text(app))
        await press(pilot, "space")  # from the beginning again
        assert screen.player.seq < 300 or screen.player.at_end


async def test_a_fork_opens_the_new_session() -> None:
    app, core, _ = replay_of(EVENTS, at=42)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot)
        await pilot.press("f")
        await until(pilot, lambda: app.screen is app.main)
        assert core.forked == [42]
        await send(pilot, "go on")
        await until(pilot, lambda: "go on" in screen_text(app))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and app.screen.loaded)


async def test_a_fork_that_fails_says_so_and_stays() -> None:
    app, core, _ = replay_of(EVENTS, at=42)
    core.refuses = True
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "the disk is full" in " ".join(screen.query_one(NoticeBar).texts))
        assert app.screen is screen


async def test_leaving_a_stored_replay_leaves_the_program() -> None:
    app, _, _ = replay_of(EVENTS, at=42)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0


async def test_a_gap_in_the_journal_is_told_and_what_is_before_it_shown() -> None:
    app, _, _ = replay_of([*EVENTS[:50], *EVENTS[60:]], at=300)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        assert screen.player.seq == 50
        assert "event 51 of the session is missing" in " ".join(screen.query_one(NoticeBar).texts)


async def live(pilot: Pilot[int], app: AgentApp) -> ReplayScreen:
    await pilot.press("f7")
    return await shown(pilot)


async def test_an_open_session_goes_on_while_its_past_is_looked_at() -> None:
    app, _ = make_shell(streaming)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await send(pilot, "why")
        await until(pilot, lambda: "87.2" in screen_text(app))
        screen = await live(pilot, app)
        last = screen.timeline.last_seq
        assert screen.player.seq == last and "running" in screen_text(app)
        await press(pilot, "home")
        app.controller.set_title("another name")
        await until(pilot, lambda: screen.timeline.last_seq > last)
        assert screen.player.seq == 1
        await until(pilot, lambda: f"event 1 of {last + 1}" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert app.controller.running  # Esc left the replay and cancelled nothing


async def test_questions_of_the_past_cannot_be_answered_and_one_of_now_is_told() -> None:
    app, core = make_shell(asking)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        app.replay()
        screen = await shown(pilot)
        app.controller.submit("remove it")
        await until(pilot, lambda: "waits for your answer" in " ".join(screen.query_one(NoticeBar).texts))
        await press(pilot, "end")
        assert screen.player.view.approvals
        await press(pilot, "y")
        assert not [call for call in core.calls if call[0] == "answer"]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert app.controller.view is not None and app.controller.view.approvals


@pytest.mark.parametrize("tab", ["f3", "f5"])
async def test_the_panel_shows_no_more_than_that_moment(tab: str) -> None:
    app, _, _ = replay_of(EVENTS, at=30)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shown(pilot)
        await press(pilot, tab)
        store = screen.query_one(SidePanel)._store
        assert store.events[-1].seq == 30
        await press(pilot, "right")
        assert store.events[-1].seq == 31
        await press(pilot, "left", "left")
        assert store.events[-1].seq == 29


async def test_keys_can_be_changed() -> None:
    app, _, _ = replay_of(EVENTS, at=10, keys={"replay.next": "n"})
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot)
        assert await press(pilot, "n") == 11
        assert await press(pilot, "right") == 11
