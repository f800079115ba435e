"""The main screen's parts, and what each of them is told of a session. It decides nothing about a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from agent_tui.tui.frames import QuickScreen
from agent_tui.tui.keys import display_key, keys_in_force
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
    from agent_tui.tui.widgets.panel import SidePanel


class MainParts(QuickScreen[None]):
    """Header, conversation, side panel, prompt.

    Attributes:
        asking: A question stands in the prompt's place.
        read_only: Another process writes the session; there is no prompt.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it
    AUTO_FOCUS = "Prompt"

    def __init__(self) -> None:
        super().__init__()
        self._panes: Panes | None = None
        self._approval_bar: ApprovalBar | None = None
        self.asking = False
        self.read_only = False
        self._asked: list[str] | None = None
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

    @property
    def panel_shown(self) -> bool:
        if self.has_class("-narrow"):
            return self.has_class("-panel-full")
        return not self.has_class("-panel-off")

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
        self.query_one("#entry").display = not (self.asking or self.read_only)
        self.query_one(ReadOnlyBar).display = self.read_only
        self.prompt.disabled = self.read_only  # out of sight, it must take no keys

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
        if read_only != self.read_only:
            self.read_only = read_only
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

    def ask_again(self) -> None:
        """Puts the questions back that still stand, after an answer that did not get there."""
        if self.is_mounted:
            self.call_later(self._ask)

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

    # Notices

    def notice(self, level: Level, text: str) -> None:
        """Shows a sentence above the prompt."""
        self.query_one(NoticeBar).add(level, text)
