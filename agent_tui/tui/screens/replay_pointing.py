"""A screen whose conversation and trace point at each other, and whose texts can be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events as textual_events

from agent_tui.tui.frames import QuickScreen
from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.widgets.panel import SidePanel, messages
from agent_tui.tui.widgets.panel.trace import TraceView

if TYPE_CHECKING:
    from agent_tui.tui.app import AgentApp


class PointingScreen(QuickScreen[bool]):
    """It holds a conversation and a side panel.

    Attributes:
        picked: The span that was picked last, in either of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.picked: str | None = None
        self._clicked_trace = False

    @property
    def shell(self) -> AgentApp:
        """The app, by its own type."""
        return cast("AgentApp", self.app)

    def action_span(self) -> None:
        """Goes to where the picked span is in time."""
        raise NotImplementedError

    # What is picked

    def on_conversation_span_picked(self, message: Conversation.SpanPicked) -> None:
        message.stop()
        self.picked = message.span_id
        self.query_one(SidePanel).pick(message.span_id)

    def on_side_panel_span_picked(self, message: messages.SpanPicked) -> None:
        message.stop()
        self.picked = message.span_id
        if self._clicked_trace:
            self.action_span()
        else:
            self.query_one(Conversation).scroll_to_span(message.span_id)

    def on_mouse_down(self, event: textual_events.MouseDown) -> None:
        under, _ = self.get_widget_at(event.screen_x, event.screen_y)  # the event of a terminal names none
        self._clicked_trace = isinstance(under, TraceView)

    def on_key(self, event: textual_events.Key) -> None:
        del event
        self._clicked_trace = False

    # What is copied

    def on_conversation_copied(self, message: Conversation.Copied) -> None:
        message.stop()
        self.shell.copy(message.text, "message")

    def on_side_panel_copy_requested(self, message: messages.CopyRequested) -> None:
        message.stop()
        self.shell.copy(message.text, message.what)

    def action_copy_or_leave(self) -> None:
        selected = self.get_selected_text()
        if selected:
            self.shell.copy(selected, "selection")
            self.clear_selection()
        else:
            self.dismiss(False)

    # The panel

    def action_panel(self) -> None:
        self.toggle_class("-panel-full" if self.has_class("-narrow") else "-panel-off")
        side = self.query_one(SidePanel)
        if side.has_focus_within:
            self.query_one(Conversation).focus()

    def action_tab(self, name: str) -> None:
        self.set_class(self.has_class("-narrow"), "-panel-full")
        self.remove_class("-panel-off")
        panel = self.query_one(SidePanel)
        panel.activate(name)  # type: ignore[arg-type]
        panel.focus_tab()
