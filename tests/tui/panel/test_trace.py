from __future__ import annotations

from agent_tui.events import types as ev
from agent_tui.tui.widgets.panel import SidePanel
from tests.tui.panel.app import PanelApp, painted
from tests.tui.panel.story import Story, short_run, usage, working_session


async def test_the_newest_run_is_open_and_its_newest_span_described() -> None:
    app = PanelApp(working_session())
    async with app.run_test(size=(60, 40)) as pilot:
        screen = await painted(pilot)
    assert "▸ run 1 what is 2+2?" in screen
    assert "▾ run 2 why does test_calc fail?" in screen
    assert "── llm gemini-2.5-flash" in screen
    assert "http_503" in screen
    assert "cached" in screen
    assert not app.told


async def test_a_new_run_closes_the_one_before_while_following() -> None:
    story = Story()
    short_run(story, "first")
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        since = len(story.events)
        short_run(story, "second")
        app.frame(since)
        screen = await painted(pilot)
    assert "▸ run 1 first" in screen
    assert "▾ run 2 second" in screen


async def test_a_reader_who_moved_is_left_alone() -> None:
    story = Story()
    short_run(story, "first")
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        await pilot.press("up")
        since = len(story.events)
        short_run(story, "second")
        app.frame(since)
        screen = await painted(pilot)
        assert "▾ run 1 first" in screen
        assert "▌      llm" in screen
        await pilot.press("end")
        screen = await painted(pilot)
    assert "▌      calc" in screen


async def test_moving_tells_the_conversation_and_picking_does_not() -> None:
    story = working_session()
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        app.panel.pick("tool_call_4")
        screen = await painted(pilot)
        assert "── calc" in screen
        assert not app.told
        await pilot.press("up")
        await pilot.pause()
    (told,) = app.told
    assert isinstance(told, SidePanel.SpanPicked)
    assert told.span_id == "llm_3"


async def test_an_unknown_span_changes_nothing() -> None:
    app = PanelApp(working_session())
    async with app.run_test(size=(60, 40)) as pilot:
        before = await painted(pilot)
        app.panel.pick("nobody")
        assert await painted(pilot) == before


async def test_arrows_close_and_open_and_so_does_a_click() -> None:
    app = PanelApp(working_session())
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        await pilot.press("left", "left")
        screen = await painted(pilot)
        assert "▸ step 3" in screen
        await pilot.press("right")
        assert "▾ step 3" in await painted(pilot)
        await pilot.click("#trace-tree", offset=(1, 0))
        screen = await painted(pilot)
    assert "▾ run 1" in screen
    assert "calc 2+2" in screen


async def test_running_bars_grow_only_while_something_runs() -> None:
    story = working_session()
    app = PanelApp(story, live=True)
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        tree = app.panel._trace.tree_view
        assert tree._timer is not None
        app.panel.activate("tools")
        await pilot.pause()
        assert tree._timer is None
        app.panel.activate("trace")
        await pilot.pause()
        assert tree._timer is not None
        since = len(story.events)
        story.end("cancelled")
        app.frame(since)
        assert tree._timer is None
        assert "⊘" in await painted(pilot)


async def test_a_hidden_panel_does_nothing_and_catches_up() -> None:
    story = Story()
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        app.panel.display = False
        await pilot.pause()
        since = len(story.events)
        short_run(story, "unseen")
        app.frame(since)
        assert app.panel._trace.tree_view.count == 0
        assert app.panel._events.list.rows == []
        app.panel.display = True
        assert "run 1 unseen" in await painted(pilot)


async def test_a_thousand_runs_draw_only_what_is_seen() -> None:
    story = Story()
    for number in range(1000):
        short_run(story, f"question {number}")
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        screen = await painted(pilot)
        assert "question 999" in screen
        tree = app.panel._trace.tree_view
        assert tree.count == 1003
        drawn = 0
        pieces = tree.pieces

        def counting(row: int, width: int):
            nonlocal drawn
            drawn += 1
            return pieces(row, width)

        tree.pieces = counting
        await pilot.press("home")
        screen = await painted(pilot)
    assert "▌▸ run 1 question 0" in screen
    assert drawn < 200


async def test_a_circle_in_a_damaged_journal_is_drawn_once() -> None:
    story = Story()
    story.run()
    story.step()
    where = story.llm()
    story.view.spans[where["span_id"]].children.append(story.step_id)
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        assert (await painted(pilot)).count("step 1") == 1


async def test_waiting_for_an_approval_says_so_without_colour() -> None:
    story = Story()
    story.run()
    story.step()
    where = story.llm()
    story.llm_done(where, usage(1, 1))
    story.tool("shell", {"command": "rm -r x"}, "high", ask=True)
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        screen = await painted(pilot)
    assert "asks ⏸" in screen
    assert "waits for an answer" in screen


async def test_a_replay_stands_still_at_its_event() -> None:
    story = Story()
    story.run()
    story.step()
    where = story.llm()
    story.wait(1.0)
    story.tokens(where, "a", "b", every=0.5)
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        before = await painted(pilot)
        story.wait(60)
        app.panel.show(story.view, live=False)
        assert await painted(pilot) == before
    assert "1.5s ●" in before
    assert isinstance(story.events[-1], ev.LlmDelta)
