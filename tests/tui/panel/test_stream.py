from __future__ import annotations

import json

from agent_tui.events import types as ev
from agent_tui.tui.widgets.panel.store import EventStore
from agent_tui.tui.widgets.panel.summary import summary_of
from tests.tui.panel.app import PanelApp, painted
from tests.tui.panel.story import HOSTILE, Story, short_run, working_session


async def test_one_line_per_event_with_deltas_together() -> None:
    app = PanelApp(working_session(), tab="events")
    async with app.run_test(size=(80, 70)) as pilot:
        screen = await painted(pilot)
        assert "   5 03:04:05.200 llm_delta" in screen
        assert "×8  40 chars  word" in screen
        await pilot.press("d")
        screen = await painted(pilot)
    assert "×" not in screen
    assert screen.count("llm_delta") > 40


async def test_new_events_are_followed_until_the_reader_scrolls_up() -> None:
    story = working_session()
    app = PanelApp(story, tab="events")
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        events = app.panel._events.list
        since = len(story.events)
        story.end("cancelled")
        app.frame(since)
        events._due()
        assert "cancelled, 3 steps" in await painted(pilot)
        await pilot.press("pageup", "pageup")
        before = [line[:74].rstrip() for line in (await painted(pilot)).split("\n")]
        since = len(story.events)
        short_run(story)
        app.frame(since)
        events._due()
        assert [line[:74].rstrip() for line in (await painted(pilot)).split("\n")] == before
        await pilot.press("end")
        assert "completed, 1 step" in await painted(pilot)


async def test_the_filter_takes_types_and_text() -> None:
    app = PanelApp(working_session(), tab="events")
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.pause()
        await pilot.press("slash", "p", "y", "t", "enter")
        screen = await painted(pilot)
        assert "shell pytest -x" in screen
        assert "llm_start" not in screen
        app.panel._events.filter.value = "llm_start"
        screen = await painted(pilot)
        assert screen.count("llm_start ") == 5
        await pilot.press("escape")
        assert "tool_start" in await painted(pilot)


async def test_enter_shows_the_whole_event_and_escape_closes_it() -> None:
    app = PanelApp(working_session(), tab="events")
    async with app.run_test(size=(80, 60)) as pilot:
        await pilot.pause()
        await pilot.press("home", "enter")
        screen = await painted(pilot)
        assert '"session_id": "session1"' in screen
        await pilot.press("escape")
        assert '"session_id"' not in await painted(pilot)


async def test_a_row_of_deltas_opens_as_all_of_them() -> None:
    app = PanelApp(working_session(), tab="events")
    async with app.run_test(size=(80, 60)) as pilot:
        await pilot.pause()
        await pilot.press("home", *["down"] * 4, "enter")
        screen = await painted(pilot)
    assert "llm_delta  8 events" in screen


async def test_events_that_begin_again_replace_what_was_there() -> None:
    story = working_session()
    app = PanelApp(story, tab="events")
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.pause()
        app.panel.set_events(story.events[:3])
        screen = await painted(pilot)
        assert "react_step_start" in screen
        assert "tool_start" not in screen
        app.panel.add_events(story.events[:2])
        assert "react_step_start" not in await painted(pilot)


def test_the_store_is_bounded_and_finds_events_by_number() -> None:
    story = Story()
    for _ in range(40):
        short_run(story)
    store = EventStore(kept=100, slack=10)
    for event in story.events:
        store.add([event])
    assert len(store.events) <= 110
    assert store.dropped + len(store.events) == len(story.events)
    last = story.events[-1].seq
    assert [event.seq for event in store.between(last - 2, last)] == [last - 2, last - 1, last]
    assert store.between(1, 5) == []


async def test_lines_whose_events_are_gone_are_dropped() -> None:
    story = Story()
    app = PanelApp(story, tab="events")
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        app.panel._store._kept, app.panel._store._slack = 50, 10
        for _ in range(20):
            since = len(story.events)
            short_run(story)
            app.frame(since)
            app.panel._events.list._due()
        await pilot.pause()
        rows = app.panel._events.list.rows
        assert rows[0].last >= app.panel._store.first_seq
        assert len(rows) <= 61


def test_every_kind_of_event_has_a_safe_summary() -> None:
    story = working_session(finished=True)
    tool = story.tool("shell", {"command": HOSTILE})
    story.output(tool, HOSTILE)
    story.tool_failed(tool, HOSTILE)
    story.add(ev.Final, answer=ev.AgentAnswer(answer=HOSTILE))
    for event in story.events:
        words = summary_of(event)
        assert "\n" not in words
        assert "\x1b" not in words
        json.dumps(words)
