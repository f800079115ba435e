"""The side panel itself: its tabs, and the way of view state and events to the tab that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual.widget import Widget

from agent_tui.events.types import Event
from agent_tui.events.view import Changes, SessionView
from agent_tui.runtime.runtime import ToolInfo
from agent_tui.tui.widgets.panel import messages

TabName = Literal["trace", "events", "tools", "usage"]


class SidePanel(Widget):
    """Everything about a session that is not the conversation."""

    SpanPicked = messages.SpanPicked
    CopyRequested = messages.CopyRequested
    ToolChosen = messages.ToolChosen

    def show(self, view: SessionView, *, live: bool = True) -> None:
        """Shows another view. ``live``: time goes on by itself; false for a replay."""

    def update(self, changes: Changes) -> None:
        """Takes in what a batch of events changed in the view that is shown."""

    def add_events(self, events: Sequence[Event]) -> None:
        """Adds to the raw stream."""

    def set_tools(self, tools: Sequence[ToolInfo]) -> None:
        """Shows these tools."""

    def pick(self, span_id: str) -> None:
        """Selects a span, without a ``SpanPicked`` in return."""

    def activate(self, tab: TabName) -> None:
        """Brings a tab to the front."""
