from __future__ import annotations

import json

from agent_tui.events import types as ev
from agent_tui.tui.widgets.panel import SidePanel
from tests.tui.panel.app import PanelApp, painted
from tests.tui.panel.story import HOSTILE, Story, usage, working_session


def with_tool(result: object, **more: object) -> tuple[Story, str]:
    story = Story()
    story.run()
    story.step()
    tool = story.tool("shell", {"command": "make"}, "high")
    story.tool_end(tool, result, **more)  # type: ignore[arg-type]
    story.end()
    return story, tool["span_id"]


async def test_a_tool_shows_arguments_result_and_what_the_model_was_told() -> None:
    app = PanelApp(working_session())
    async with app.run_test(size=(60, 60)) as pilot:
        await pilot.pause()
        app.panel.pick("tool_call_10")
        screen = await painted(pilot)
    for expected in (
        "✗ failed 1.0s exit 1",
        '"command": "pytest -x',
        "▾ result",
        "▸ output",
        "▸ observation",
    ):
        assert expected in screen


async def test_a_broken_call_shows_its_error_and_the_wait() -> None:
    app = PanelApp(working_session())
    async with app.run_test(size=(60, 60)) as pilot:
        await pilot.pause()
        app.panel.pick("llm_7")
        screen = await painted(pilot)
    for expected in ("The model is overloaded.", "may pass if tried again", "after 400ms", "✗ error"):
        assert expected in screen


async def test_a_run_shows_its_input_and_sums() -> None:
    app = PanelApp(working_session(finished=True))
    async with app.run_test(size=(80, 60)) as pilot:
        await pilot.pause()
        app.panel.pick("run_5")
        screen = await painted(pilot)
    for expected in ("completed", "4 calls", "1 failed", "▾ input", "3/12"):
        assert expected in screen


async def test_hostile_text_is_shown_and_never_sent() -> None:
    story, span_id = with_tool(HOSTILE)
    app = PanelApp(story)
    async with app.run_test(size=(70, 50)) as pilot:
        await pilot.pause()
        app.panel.pick(span_id)
        screen = await painted(pilot)
        raw = [str(segment.text) for strip in app.screen._compositor.render_strips() for segment in strip]
    assert "[bold red]not markup[/]" in screen
    assert "␛[2J" in screen
    assert not any(character in text for text in raw for character in "\x1b\x07\x9b\r\n\t\u202e")


async def test_c_copies_what_the_cursor_is_in_as_it_was() -> None:
    story, span_id = with_tool(HOSTILE)
    app = PanelApp(story)
    async with app.run_test(size=(70, 50)) as pilot:
        await pilot.pause()
        app.panel.pick(span_id)
        await pilot.press("c")
        app.panel._trace.detail.focus()
        await pilot.press("n", "n", "c", "y")
        await pilot.pause()
    main, section, everything = app.told
    assert isinstance(main, SidePanel.CopyRequested)
    assert isinstance(section, SidePanel.CopyRequested)
    assert isinstance(everything, SidePanel.CopyRequested)
    assert (main.text, main.what) == (HOSTILE, "result")
    assert (section.text, section.what) == (HOSTILE, "result")
    assert "risk: high" in everything.text
    assert everything.what == "details"
    assert json.loads(everything.text.partition("args\n")[2].partition("\n\n")[0]) == {"command": "make"}


async def test_j_shows_the_events_of_the_span_as_they_are_on_the_wire() -> None:
    story, span_id = with_tool("done")
    app = PanelApp(story)
    async with app.run_test(size=(70, 50)) as pilot:
        await pilot.pause()
        app.panel.pick(span_id)
        await pilot.press("j")
        screen = await painted(pilot)
        assert "raw events  3 events" in screen
        await pilot.press("c", "j")
        assert "▾ result" in await painted(pilot)
    (copied,) = app.told
    assert isinstance(copied, SidePanel.CopyRequested)
    kinds = [json.loads(line)["type"] for line in copied.text.splitlines()]
    assert kinds == ["tool_start", "tool_end", "react_observation"]


async def test_sections_fold_and_stay_folded_from_span_to_span() -> None:
    app = PanelApp(working_session())
    async with app.run_test(size=(60, 60)) as pilot:
        await pilot.pause()
        app.panel.pick("tool_call_10")
        app.panel._trace.detail.focus()
        await pilot.press("n", "enter")
        assert "▸ args" in await painted(pilot)
        app.panel.pick("tool_call_9")
        assert "▸ args" in await painted(pilot)
        await pilot.click("#trace-detail", offset=(3, 3))
        assert "▾ args" in await painted(pilot)


async def test_a_megabyte_is_broken_into_rows_once_and_drawn_where_looked_at() -> None:
    line = "word " * 15 + "\n"
    story, span_id = with_tool(line * 13_000)
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        app.panel.pick(span_id)
        await pilot.pause()
        detail = app.panel._trace.detail
        bodies = dict(detail.layout_of._bodies)
        app.panel._trace._describe()
        assert all(detail.layout_of._bodies[key] is body for key, body in bodies.items())
        detail.focus()
        await pilot.press("end")
        screen = await painted(pilot)
    assert "more characters: c copies all of them" in " ".join(screen.split())


async def test_live_output_of_a_running_tool_grows() -> None:
    story = Story()
    story.run()
    story.step()
    tool = story.tool("shell", {"command": "make"})
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        since = len(story.events)
        story.output(tool, "compiling\n")
        app.frame(since)
        app.panel._trace._due()
        assert "compiling" in await painted(pilot)


async def test_feedback_and_the_one_who_answered_are_told() -> None:
    story = Story()
    story.run()
    story.step()
    where = story.tool("shell", {"command": "rm -r /"}, "high", ask=True)
    story.add(ev.ApprovalResult, **story._place(where), decision="deny", feedback="never that", by="user")
    story.end()
    app = PanelApp(story)
    async with app.run_test(size=(60, 40)) as pilot:
        await pilot.pause()
        app.panel.pick(where["span_id"])
        screen = await painted(pilot)
    for expected in ("⊘ denied", "denied by user", "never that"):
        assert expected in screen


async def test_every_row_fits_the_narrowest_panel() -> None:
    story = working_session()
    where = story.llm()
    story.llm_done(where, usage(10**9, 10**9))
    app = PanelApp(story)
    async with app.run_test(size=(28, 30)) as pilot:
        for span_id in story.view.spans:
            app.panel.pick(span_id)
            await pilot.pause()
            for strip in app.screen._compositor.render_strips():
                assert strip.cell_length == 28


async def test_texts_in_a_result_are_read_and_copied_as_text() -> None:
    story = Story()
    story.run()
    story.step()
    tool = story.tool("shell", {"command": "make"}, "high")
    story.output(tool, "one\n\ntwo\n")
    story.tool_end(tool, {"exit_code": 2, "stdout": "one\n\ntwo\n", "stderr": ""}, "exit 2", failed=True)
    story.end()
    app = PanelApp(story)
    async with app.run_test(size=(60, 50)) as pilot:
        await pilot.pause()
        app.panel.pick(tool["span_id"])
        screen = await painted(pilot)
        await pilot.press("c")
        await pilot.pause()
    assert "exit_code: 2" in screen
    assert "▾ stdout" in screen
    assert "output" not in screen
    assert screen.count("two") == 1
    (copied,) = app.told
    assert isinstance(copied, SidePanel.CopyRequested)
    assert (copied.text, copied.what) == ("one\n\ntwo\n", "stdout")
