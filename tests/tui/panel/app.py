"""A screen with nothing but the side panel, noting what the panel tells it."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from agent_tui.runtime.runtime import ToolInfo
from agent_tui.tui.widgets.panel import SidePanel
from tests.tui.panel.story import Story

TOOLS = [
    ToolInfo(
        name="calc",
        description="Evaluates an arithmetic expression.",
        risk="low",
        decision="allow",
        source="builtin",
        timeout_s=5.0,
        schema={"type": "object", "properties": {"expression": {"type": "string"}}},
    ),
    ToolInfo("shell", "Runs a command.", "high", "ask", "builtin", 30.0),
    ToolInfo("weather", "Asks the [weather] service\x1b[2J.", "medium", "deny", "tools/weather.py", None),
]


class PanelApp(App[None]):
    CSS = "SidePanel { width: 1fr; height: 1fr; }"

    def __init__(self, story: Story, *, live: bool = False, tab: str = "trace") -> None:
        super().__init__()
        self.story = story
        self.live = live
        self.tab = tab
        self.told: list[Message] = []
        self.first_pick: str | None = None

    @property
    def panel(self) -> SidePanel:
        return self.query_one(SidePanel)

    def compose(self) -> ComposeResult:
        yield SidePanel(monotonic=self.story.clock.monotonic)

    def on_mount(self) -> None:
        self.panel.set_tools(TOOLS)
        self.panel.add_events(self.story.events)
        self.panel.show(self.story.view, live=self.live)
        self.story.fold.take_changes()
        self.panel.activate(self.tab)
        self.panel.focus_tab()
        if self.first_pick is not None:
            self.panel.pick(self.first_pick)

    def on_side_panel_span_picked(self, message: SidePanel.SpanPicked) -> None:
        self.told.append(message)

    def on_side_panel_copy_requested(self, message: SidePanel.CopyRequested) -> None:
        self.told.append(message)

    def on_side_panel_tool_chosen(self, message: SidePanel.ToolChosen) -> None:
        self.told.append(message)

    def frame(self, since: int) -> None:
        """Gives the panel what the story has added after its first ``since`` events."""
        self.panel.add_events(self.story.events[since:])
        self.panel.update(self.story.fold.take_changes())

    def text(self) -> str:
        """Everything on the screen."""
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())


async def painted(pilot: Pilot[None]) -> str:
    """The screen once everything that was asked for so far is on it."""
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, PanelApp)
    return app.text()
