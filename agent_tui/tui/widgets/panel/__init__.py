"""The side panel: trace, events, tools and usage of a session. It is not the conversation.

A screen gives it view state and events, and listens to its messages::

    panel.show(view)            # bind another view: on load, and on every jump of a replay
    panel.update(changes)       # after each folded batch
    panel.add_events(events)    # the same batch, raw
    panel.set_tools(tools)
    panel.pick(span_id)         # the conversation picked this span
    panel.activate("usage")

Messages: ``SidePanel.SpanPicked(span_id)``, ``SidePanel.CopyRequested(text, what)``,
``SidePanel.ToolChosen(name)``.
"""

from textual.widget import Widget

from agent_tui.tui.widgets.panel.document import DocumentView
from agent_tui.tui.widgets.panel.lines import LineView
from agent_tui.tui.widgets.panel.panel import SidePanel, TabName
from agent_tui.tui.widgets.panel.registry import ToolList
from agent_tui.tui.widgets.panel.stream import EventList, EventsTab
from agent_tui.tui.widgets.panel.trace import TraceView
from agent_tui.tui.widgets.panel.tracetab import TraceTab

PARTS: tuple[tuple[str, type[Widget]], ...] = (
    ("Side panel", SidePanel),
    ("Side panel: lists", LineView),
    ("Side panel: trace", TraceView),
    ("Side panel: trace and details", TraceTab),
    ("Side panel: details", DocumentView),
    ("Side panel: events", EventList),
    ("Side panel: event", EventsTab),
    ("Side panel: tools", ToolList),
)
"""Every widget here that has keys of its own, with a heading for it."""

__all__ = ["PARTS", "SidePanel", "TabName"]
