"""The main screen: what a person does there, and whom it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType

from agent_tui.tui.frames import HEAD_START_S
from agent_tui.tui.keys import KEYS, display_key, keys_in_force
from agent_tui.tui.screens.main_parts import MainParts
from agent_tui.tui.widgets.prompt import Prompt
from agent_tui.tui.widgets.status import NoticeBar, QueueStrip
from agent_tui.tui.widgets.tabs import TabStrip

if TYPE_CHECKING:
    from agent_tui.tui.widgets.approval import ApprovalBar
    from agent_tui.tui.widgets.conversation import Conversation
    from agent_tui.tui.widgets.panel import messages

QUIT_WINDOW_S = 3.0
"""How long the second ctrl+c may take."""


class MainScreen(MainParts):
    """Keys, clicks and what is typed, over the parts of the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Escape is not a priority key: what is open under the focus takes it first.
        Binding(key.keys, key.action, key.description, show=False, id=key.id, priority=key.id != "cancel")
        for key in KEYS
    ]

    def __init__(self) -> None:
        super().__init__()
        self._quit_asked: float | None = None

    # What the prompt says

    def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        message.stop()
        self.controller.submit(message.text)
        self._acted()

    def on_prompt_steered(self, message: Prompt.Steered) -> None:
        message.stop()
        self.controller.steer(message.text)
        self._acted()

    def on_prompt_shell_entered(self, message: Prompt.ShellEntered) -> None:
        message.stop()
        self.controller.shell(message.command)
        self._acted()

    def on_prompt_command_entered(self, message: Prompt.CommandEntered) -> None:
        message.stop()
        self._look_at_the_end()  # before the command, which may have something to say
        self.shell.run_command_line(message.line)

    def on_prompt_trouble(self, message: Prompt.Trouble) -> None:
        message.stop()
        self.notice("warning", message.text)

    def _acted(self) -> None:
        """Something new was sent, and is on its way before anything is drawn for it."""
        self.hold_painting(HEAD_START_S)
        self.call_later(self._look_at_the_end)

    def _look_at_the_end(self) -> None:
        """What was said before is read, and the end is what matters."""
        self.query_one(NoticeBar).clear()
        self.remove_class("-panel-full")
        if self.conversation is not None:
            self.conversation.follow_end()

    def on_queue_strip_take_back(self, message: QueueStrip.TakeBack) -> None:
        message.stop()
        self.controller.take_back(message.prompt_id, self.shell.give_back)

    # Approvals, which stand in the prompt's place

    def on_approval_bar_answered(self, message: ApprovalBar.Answered) -> None:
        message.stop()
        self.controller.answer(message.call_id, message.decision, message.feedback, failed=self.ask_again)

    def on_approval_bar_reason_toggled(self, message: ApprovalBar.ReasonToggled) -> None:
        message.stop()
        self.show_head()

    # Several sessions

    def on_tab_strip_chosen(self, message: TabStrip.Chosen) -> None:
        message.stop()
        self.shell.sessions.go_to(message.index)

    def action_sessions(self) -> None:
        self.shell.run_command_line("/sessions")

    def action_new_session(self) -> None:
        self.shell.run_command_line("/new")

    def action_turn(self, by: int) -> None:
        if not self.shell.sessions.turn(by):
            raise SkipAction

    # Conversation and panel point at each other

    def on_conversation_span_picked(self, message: Conversation.SpanPicked) -> None:
        message.stop()
        if self.panel is not None:
            self.panel.pick(message.span_id)

    def on_conversation_copied(self, message: Conversation.Copied) -> None:
        message.stop()
        self.shell.copy(message.text, "message")

    def on_side_panel_span_picked(self, message: messages.SpanPicked) -> None:
        message.stop()
        if self.conversation is not None:
            self.conversation.scroll_to_span(message.span_id)

    def on_side_panel_copy_requested(self, message: messages.CopyRequested) -> None:
        message.stop()
        self.shell.copy(message.text, message.what)

    def on_side_panel_tool_chosen(self, message: messages.ToolChosen) -> None:
        message.stop()
        self.prompt.restore(f"/tool {message.name} {{}}")
        self.prompt.focus()

    # Actions

    def cancel_at_once(self) -> bool:
        """Stops the run, unless something is open, or being typed, that takes the key first."""
        prompt = self.prompt
        taken = self.asking or prompt.popup_open or prompt.message_queue_size
        if taken or self.focused not in (None, prompt, self.conversation):
            return False
        return self.controller.cancel()

    def action_cancel(self) -> None:
        if self.controller.cancel():
            return
        if self.has_class("-panel-full"):
            self.remove_class("-panel-full")
        else:
            self.query_one(NoticeBar).clear()
        self.prompt.focus()

    def action_copy_or_quit(self) -> None:
        selected = self.get_selected_text() or getattr(self.focused, "selected_text", "")
        if selected:
            self.shell.copy(selected, "selection")
            self.clear_selection()
        elif self.prompt.text and not self.asking:
            self.prompt.clear_input()
        elif self._quit_asked is not None and self.shell.monotonic() - self._quit_asked < QUIT_WINDOW_S:
            self.shell.leave()
        else:
            self._quit_asked = self.shell.monotonic()
            key = display_key(keys_in_force(self.shell.keymap)["copy_or_quit"])
            self.notice("info", f"press {key} again to quit")

    def action_quit_if_empty(self) -> None:
        if self.prompt.text or not self.prompt.has_focus:
            raise SkipAction
        self.shell.leave()

    def action_quit(self) -> None:
        self.shell.leave()

    def action_edit_queued(self) -> None:
        view = self.controller.view
        if view is None or not view.queue:
            raise SkipAction
        self.controller.take_back(view.queue[-1].prompt_id, self.shell.give_back)

    def action_drop_queued(self) -> None:
        view = self.controller.view
        if view is None or not view.queue:
            raise SkipAction
        self.controller.take_back(view.queue[-1].prompt_id)

    def action_palette(self) -> None:
        from agent_tui.tui.screens.palette import Palette

        self.shell.push_screen(Palette(id="--command-palette"))

    def action_replay(self) -> None:
        self.shell.replay()

    def action_help(self) -> None:
        self.shell.show_help()

    def action_panel(self) -> None:
        self.toggle_class("-panel-full" if self.has_class("-narrow") else "-panel-off")
        if not self.panel_shown:
            self.prompt.focus()

    def action_tab(self, name: str) -> None:
        if self.panel is None:
            return
        self.set_class(self.has_class("-narrow"), "-panel-full")
        self.remove_class("-panel-off")
        self.panel.activate(name)  # type: ignore[arg-type]
        self.panel.focus_tab()

    def action_events_if_empty(self) -> None:
        if self.prompt.text:
            raise SkipAction  # in a text, this key goes to the end of the line
        self.action_tab("events")

    def action_page(self, direction: int) -> None:
        if self.conversation is None or self.focused not in (None, self.prompt):
            raise SkipAction  # another part that has the focus goes through its own pages
        self.conversation.action_page(direction)

    def action_top(self) -> None:
        if self.conversation is not None:
            self.conversation.action_top()

    def action_end(self) -> None:
        if self.conversation is not None:
            self.conversation.follow_end()

    def action_copy_answer(self) -> None:
        self.shell.copy_answer()

    # The terminal

    def on_key(self, event: events.Key) -> None:
        """A key that nobody took: text begins the next prompt, wherever the focus was."""
        if event.key in self.active_bindings:
            return  # what has the focus has this key for itself
        if event.is_printable and event.character and not (self.asking or self.read_only):
            self.set_focus(self.prompt)  # now: keys that came along with this one are text as well
            self.prompt.insert(event.character)
            event.stop()

    async def on_paste(self, event: events.Paste) -> None:
        """A paste that nobody took is text for the next prompt as well."""
        if not (self.asking or self.read_only):
            self.set_focus(self.prompt)
            await self.prompt.on_paste(event)
