from __future__ import annotations

import pytest

from agent_tui.tui.widgets.panel import SidePanel
from agent_tui.tui.widgets.panel.stats import percentile, stats_of
from agent_tui.tui.widgets.panel.usage import usage_lines
from tests.tui.panel.app import PanelApp, painted
from tests.tui.panel.story import Story, short_run, working_session


async def test_tools_say_risk_policy_and_source() -> None:
    app = PanelApp(Story(), tab="tools")
    async with app.run_test(size=(90, 40)) as pilot:
        screen = await painted(pilot)
        assert "calc    low    ✓ runs" in screen
        assert "weather medium ⊘ never tools/weather.py" in screen
        assert '"expression": {' in screen
        await pilot.press("down", "down")
        screen = await painted(pilot)
        assert "Asks the [weather] service␛[2J." in screen
        await pilot.press("enter")
        await pilot.pause()
    (told,) = app.told
    assert isinstance(told, SidePanel.ToolChosen)
    assert told.name == "weather"


async def test_usage_adds_up() -> None:
    app = PanelApp(working_session(finished=True), tab="usage")
    async with app.run_test(size=(70, 40)) as pilot:
        screen = await painted(pilot)
    for expected in (
        "4,524",
        "5 model calls",
        "1 retry (400ms)",
        "1 cached",
        "1 failed",
        "2 runs, newest first",
    ):
        assert expected in screen


def test_the_runs_are_told_whole_in_the_narrowest_panel() -> None:
    story = working_session(finished=True)
    lines = usage_lines(story.view, stats_of(story.view), 37, None)
    texts = ["".join(text for text, _ in line) for line in lines]
    table = texts[next(at for at, text in enumerate(texts) if "newest first" in text) + 1 :]
    assert table[0].endswith("time")
    assert {len(text) for text in table} == {36}


async def test_the_context_is_shown_against_its_limit() -> None:
    app = PanelApp(working_session(finished=True), tab="usage")
    async with app.run_test(size=(70, 40)) as pilot:
        await pilot.pause()
        app.panel.set_context_limit(10_000)
        assert "18% of 10,000" in await painted(pilot)


def test_the_going_run_counts_with_what_it_has_used_so_far() -> None:
    stats = stats_of(working_session().view)
    assert stats.usage.input_tokens == 120 + 1204 + 1500
    assert stats.runs[-1].took_ms is None


def test_tools_are_summed_by_name() -> None:
    story = Story()
    short_run(story)
    short_run(story)
    (name, calc), *rest = stats_of(story.view).tools.items()
    assert (name, calc.calls, calc.errors, rest) == ("calc", 2, 0, [])
    assert calc.mean_ms == pytest.approx(4)


def test_percentiles() -> None:
    samples = [float(number) for number in range(1, 101)]
    assert (percentile(samples, 0.5), percentile(samples, 0.95)) == (50, 95)
    assert percentile([7.0], 0.95) == 7
    assert percentile([], 0.5) is None


async def test_keys_turn_the_tabs_and_so_does_a_click() -> None:
    app = PanelApp(Story())
    async with app.run_test(size=(60, 30)) as pilot:
        await pilot.pause()
        for key, tab in (("2", "events"), ("right_square_bracket", "tools"), ("4", "usage")):
            await pilot.press(key)
            assert app.panel.active == tab
        await pilot.press("right_square_bracket")
        assert app.panel.active == "trace"
        await pilot.click("TabBar", offset=(9, 0))
        assert app.panel.active == "events"
