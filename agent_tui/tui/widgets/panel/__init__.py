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

from agent_tui.tui.widgets.panel.panel import SidePanel, TabName

__all__ = ["SidePanel", "TabName"]
