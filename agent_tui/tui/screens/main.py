"""The main screen: where things stand and which widget is told what. It decides nothing about a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal

from agent_tui.tui.frames import HEAD_START_S, QuickScreen
from agent_tui.tui.keys import KEYS, display_key, keys_in_force
from agent_tui.tui.screens.around import figures_of, first_keys, head_of, hints
from agent_tui.tui.widgets.footer import HintsBar
from agent_tui.tui.widgets.header import HeaderBar
from agent_tui.tui.widgets.prompt import Prompt
from agent_tui.tui.widgets.readonly import ReadOnlyBar
from agent_tui.tui.widgets.status import Figures, FiguresBar, Level, NoticeBar, QueueStrip
from agent_tui.tui.widgets.tabs import TabStrip
from agent_tui.tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from agent_tui.events.types import Event
    from agent_tui.events.view import Approval, Changes, SessionView
    from agent_tui.tui.app import AgentApp
    from agent_tui.tui.screens.panes import Pane, Panes
    from agent_tui.tui.session_controller import SessionController
    from agent_tui.tui.session_set import Tab
    from agent_tui.tui.widgets.approval import ApprovalBar
    from agent_tui.tui.widgets.conversation import Conversation
    from agent_tui.tui.widgets.panel import SidePanel, messages

QUIT_WINDOW_S = 3.0
"""How long the second ctrl+c may take."""


class MainScreen(QuickScreen[None]):
    """Header, conversation, side panel, prompt.

    Attributes:
        asking: A question stands in the prompt's place.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it
    AUTO_FOCUS = "Prompt"
    BINDINGS: ClassVar[list[BindingType]] = [
        # Escape is not a priority key: what is open under the focus takes it first.
        Binding(key.keys, key.action, key.description, show=False, id=key.id, priority=key.id != "cancel")
        for key in KEYS
    ]

    def __init__(self) -> None:
        super().__init__()
        self._panes: Panes | None = None
        self._approval_bar: ApprovalBar | None = None
        self.asking = False
        self._read_only = False
        self._asked: list[str] | None = None
        self._quit_asked: float | None = None
        self._contexts: dict[str, int] = {}

    @property
    def shell(self) -> AgentApp:
        """The app, by its own type."""
        from agent_tui.tui.app import AgentApp

        return cast(AgentApp, self.app)

    @property
    def controller(self) -> SessionController:
        return self.shell.controller

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)

    @property
    def conversation(self) -> Conversation | None:
        """That of the session that is looked at; None until it is loaded."""
        return self._panes.front.conversation if self._panes and self._panes.front else None

    @property
    def panel(self) -> SidePanel | None:
        """That of the session that is looked at; None until it is loaded."""
        return self._panes.front.panel if self._panes and self._panes.front else None

    def compose(self) -> ComposeResult:
        settings = self.shell.settings
        yield HeaderBar(self._now)
        yield TabStrip()
        with Horizontal(id="body"):
            with Container(id="talk"):
                yield Welcome(settings.version)
            yield Container(id="side")
        yield NoticeBar()
        yield QueueStrip()
        yield ReadOnlyBar()
        with Horizontal(id="entry"):
            yield Prompt(**self.shell.prompt_options())
            yield FiguresBar()
        yield HintsBar()

    def on_mount(self) -> None:
        self.show_head()

    def _now(self) -> float:
        """The time by which a run is shown; a core elsewhere may have another clock than this machine."""
        if self.shell.sessions.remote and self.panel is not None:
            return self.panel.now()
        return self.shell.now()

    # Loading: everything that the first paint does not need

    async def load_parts(self) -> None:
        """Mounts conversation and panel; their modules are heavy and come after the first paint."""
        from agent_tui.tui.screens.panes import Panes

        self._panes = Panes(
            self.query_one("#talk"), self.query_one("#side"), self.shell.monotonic, self._pane_made
        )
        await self._panes.bring(self.controller).mounted

    def session_opened(self) -> None:
        """Shows the session's view from now on; the frames then say what changes in it."""
        if self._panes is not None:
            self._panes.bring(self.controller).show()
        self._show_session()

    async def load_facts(self) -> None:
        """Asks the core for what never changes during a session: tools and context windows."""
        if self._panes is not None:
            await self._load_tools(self.controller, self._panes.of(self.controller))
        models = await self.controller.models()
        self._contexts = {model.name: model.context_tokens for model in models if model.context_tokens}
        self.show_head()

    def _pane_made(self, controller: SessionController, pane: Pane) -> None:
        if self.shell.loaded:
            self.shell.sessions.run_soon(self._load_tools(controller, pane))

    async def _load_tools(self, controller: SessionController, pane: Pane) -> None:
        pane.panel.set_tools(await controller.tools())

    # Several sessions

    def session_switched(self, controller: SessionController) -> None:
        """Puts another session before the person: its widgets, its unsent prompt, its questions."""
        if self._panes is None:
            return
        if self._panes.front is not None:
            self._panes.front.draft = self.prompt.take_draft()
        pane = self._panes.bring(controller)
        self.prompt.put_draft(pane.draft)
        self.query_one(NoticeBar).clear()
        if self._approval_bar is not None:
            self._approval_bar.keep_only({})  # no question of one session is answered in another
        self._asked = None
        self._show_session()
        if controller.read_only:
            pane.conversation.focus()
        elif not self.asking:
            self.prompt.focus()

    def session_whole(self, controller: SessionController, events: Sequence[Event]) -> None:
        """A long session is known from its beginning now."""
        if self._panes is not None:
            self._panes.of(controller).whole(events)
            if controller is self.controller:
                self._show_session()

    def session_typed(self, controller: SessionController) -> bool:
        """Whether something unsent stands in the prompt of a session that is not looked at."""
        draft = self._panes.of(controller).draft if self._panes is not None else None
        return draft is not None and bool(draft.text.strip())

    def session_closed(self, controller: SessionController) -> None:
        if self._panes is not None:
            self._panes.drop(controller)

    def show_tabs(self, tabs: Sequence[Tab]) -> None:
        """Draws the switcher, which is there when there is something to switch to."""
        self.query_one(TabStrip).show(tabs)
        if self.shell.screen is not self:
            self.shell.screen.post_message(TabStrip.Changed())

    def on_tab_strip_chosen(self, message: TabStrip.Chosen) -> None:
        message.stop()
        self.shell.sessions.go_to(message.index)

    def _show_session(self) -> None:
        view = self.controller.view
        self._show_welcome(view is None or not view.blocks)
        self.show_head()

    # Shown and hidden not by classes: each change would work out every style of every widget anew, which
    # the first words of an answer would wait for.

    def _show_welcome(self, shown: bool) -> None:
        welcome = self.query_one(Welcome)
        if welcome.display != shown:
            welcome.display = shown

    def _show_entry(self) -> None:
        self.query_one("#entry").display = not (self.asking or self._read_only)
        self.query_one(ReadOnlyBar).display = self._read_only
        self.prompt.disabled = self._read_only  # out of sight, it must take no keys

    def _context_limit(self, view: SessionView) -> int | None:
        limit = self._contexts.get(view.model)
        if self.panel is not None:
            self.panel.set_context_limit(limit)
        return limit

    # Frames

    def show_frame(self, controller: SessionController, changes: Changes, batch: Sequence[Event]) -> None:
        """Draws what a batch of events changed; a session that is not looked at takes it in."""
        view = controller.view
        if view is None or not self.is_mounted or self._panes is None:
            return
        front = controller is self.controller
        if front:
            self.go_on_painting()
        if front and changes.blocks:
            self._show_welcome(not view.blocks)
        self._panes.of(controller).take(changes, batch)
        if front and changes.head:
            self.show_head()

    def show_head(self) -> None:
        """Draws everything around the conversation."""
        view = self.controller.view
        keymap = self.shell.keymap
        read_only = self.controller.read_only
        self.query_one(HeaderBar).show(head_of(self.shell, self.controller))
        reason = self._approval_bar is not None and self._approval_bar.reasoning
        self.query_one(HintsBar).show(hints(keymap, view, read_only=read_only, reason=reason))
        if view is None:
            self.query_one(Welcome).show(first_keys(keymap))
            return
        # What a session has cost is not known before the whole session is.
        whole = self.controller.whole
        self.query_one(FiguresBar).show(figures_of(view, self._context_limit(view)) if whole else Figures())
        hint = f"{display_key(keys_in_force(keymap)['edit_queued'])} to edit"
        self.query_one(QueueStrip).show(view.queue, view.steers, hint)
        self._show_approvals({} if read_only else view.approvals)
        self._show_read_only(read_only)

    def _show_read_only(self, read_only: bool) -> None:
        """A session that another process writes has no prompt; one that has become ours has."""
        if read_only != self._read_only:
            self._read_only = read_only
            self._show_entry()
            if not read_only:
                self.prompt.focus()
            elif self.conversation is not None:
                self.conversation.focus()

    # Approvals stand in the prompt's place

    def _show_approvals(self, approvals: dict[str, Approval]) -> None:
        if list(approvals) == self._asked:
            return
        self._asked = list(approvals)
        self.call_later(self._ask)
        asking = bool(approvals)
        if asking != self.asking:
            self.asking = asking
            self._show_entry()
            if asking:
                self.remove_class("-panel-full")
            else:
                self.prompt.focus()

    async def _ask(self) -> None:
        """Hands the open questions to the bar, which is made for the first of them."""
        from agent_tui.tui.widgets.approval import ApprovalBar

        if self._approval_bar is None:
            if not self._asked:
                return
            self._approval_bar = ApprovalBar()
            await self.mount(self._approval_bar, before=self.query_one(HintsBar))
        view = self.controller.view
        if view is not None and self._approval_bar.is_attached:  # the screen may be closing
            self._approval_bar.keep_only(view.approvals)
            if view.approvals:
                self._approval_bar.focus()

    def on_approval_bar_answered(self, message: ApprovalBar.Answered) -> None:
        message.stop()
        self.controller.answer(message.call_id, message.decision, message.feedback)

    def on_approval_bar_reason_toggled(self, message: ApprovalBar.ReasonToggled) -> None:
        message.stop()
        self.show_head()

    # Several sessions: actions

    def action_sessions(self) -> None:
        self.shell.run_command_line("/sessions")

    def action_new_session(self) -> None:
        self.shell.run_command_line("/new")

    def action_turn(self, by: int) -> None:
        if not self.shell.sessions.turn(by):
            raise SkipAction

    # Notices

    def notice(self, level: Level, text: str) -> None:
        """Shows a sentence above the prompt."""
        self.query_one(NoticeBar).add(level, text)

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

    @property
    def panel_shown(self) -> bool:
        if self.has_class("-narrow"):
            return self.has_class("-panel-full")
        return not self.has_class("-panel-off")

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
        self._scrollable().action_page(direction)

    def action_top(self) -> None:
        self._scrollable().action_top()

    def action_end(self) -> None:
        self._scrollable().follow_end()

    def _scrollable(self) -> Conversation:
        """The conversation, if these keys are for it: another part that has the focus keeps them."""
        if self.conversation is None or self.focused not in (None, self.prompt):
            raise SkipAction
        return self.conversation

    def action_copy_answer(self) -> None:
        self.shell.copy_answer()

    # The terminal

    def on_key(self, event: events.Key) -> None:
        """A key that nobody took: text begins the next prompt, wherever the focus was."""
        if event.key in self.active_bindings:
            return  # what has the focus has this key for itself
        if event.is_printable and event.character and not (self.asking or self._read_only):
            self.prompt.focus()
            self.prompt.insert(event.character)
            event.stop()
