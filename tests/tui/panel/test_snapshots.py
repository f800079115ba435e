"""What the panel looks like. After a wanted change: ``pytest --snapshot-update``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tui.panel.app import PanelApp
from tests.tui.panel.story import HOSTILE, Story, working_session


def picked(story: Story, span_id: str) -> PanelApp:
    app = PanelApp(story)
    app.first_pick = span_id
    return app


@pytest.mark.parametrize(
    ("width", "height"), [(60, 40), (30, 36), (120, 30)], ids=["usual", "narrow", "wide"]
)
def test_trace(snap_compare: Any, width: int, height: int) -> None:
    app = picked(working_session(), "tool_call_10")
    assert snap_compare(app, terminal_size=(width, height))


def test_trace_of_hostile_output(snap_compare: Any) -> None:
    story = Story()
    story.run(HOSTILE)
    story.step()
    tool = story.tool("shell", {"command": HOSTILE})
    story.wait(0.5)
    story.tool_end(tool, HOSTILE, HOSTILE, failed=True)
    story.end("failed")
    assert snap_compare(picked(story, tool["span_id"]), terminal_size=(60, 40))


def test_trace_in_sixteen_colours(snap_compare: Any) -> None:
    app = picked(working_session(), "tool_call_10")
    app.theme = "ansi-dark"
    assert snap_compare(app, terminal_size=(60, 40))


def test_trace_without_colour(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(picked(working_session(), "tool_call_10"), terminal_size=(60, 40))


@pytest.mark.parametrize("tab", ["events", "tools", "usage"])
def test_tab(snap_compare: Any, tab: str) -> None:
    assert snap_compare(PanelApp(working_session(finished=True), tab=tab), terminal_size=(70, 40))
