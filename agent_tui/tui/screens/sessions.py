"""The session picker: every stored session, found by its words, looked into before it is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from agent_tui.errors import AgentTuiError
from agent_tui.safetext import visible
from agent_tui.tui.frames import QuickScreen
from agent_tui.tui.picking import Chosen
from agent_tui.tui.screens.sessions_keys import BINDINGS, hints
from agent_tui.tui.screens.sessions_listed import Listed
from agent_tui.tui.widgets.session_list import Item, SessionList
from agent_tui.tui.widgets.session_preview import SessionPreview
from agent_tui.tui.widgets.tabs import TabStrip
from agent_tui.tui.working import work_anew, work_on

if TYPE_CHECKING:
    from agent_tui.runtime.runtime import SessionInfo
    from agent_tui.tui.app import AgentApp

TYPING_S = 0.12
"""How long a search waits for the next letter."""
WIDE = 90
"""From this many columns on, list and preview stand side by side."""


class SessionsScreen(ModalScreen[Chosen | None], QuickScreen[Chosen | None]):
    """Lists sessions, and renames and deletes them. What is chosen is for the shell to open."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]
    AUTO_FOCUS = "#search"
    DEFAULT_CSS = """
    SessionsScreen {
        background: $background; layout: vertical;
        & Input { border: none; height: 1; padding: 0 1; background: $panel; }
        & Input:focus { border: none; }
        & > .head { height: 1; padding: 0 1; background: $panel; }
        & > #name { display: none; background: $surface; }
        & > #hints { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }
        & > #said { height: auto; max-height: 3; padding: 0 1; display: none; }
        & > Horizontal { height: 1fr; }
        & SessionList { width: 2fr; }
        & Container { width: 3fr; border-left: solid $border-blurred; display: none; }
        &.-wide Container { display: block; }
        &.-wide.-no-preview Container { display: none; }
        &.-narrow.-preview Container { display: block; border-left: none; }
        &.-narrow.-preview SessionList { display: none; }
        &.-naming > #name { display: block; }
    }
    """

    def __init__(self, shell: AgentApp) -> None:
        super().__init__()
        self._listed = Listed(shell)
        self._named: SessionInfo | None = None  # the one whose name is being written

    @property
    def shell(self) -> AgentApp:
        """The app, by its own type."""
        return cast("AgentApp", self.app)

    @property
    def loaded(self) -> bool:
        """Whether the sessions have been read."""
        return self._listed.loaded

    @property
    def listing(self) -> SessionList:
        return self.query_one(SessionList)

    def compose(self) -> ComposeResult:
        yield Static(classes="head", markup=False)
        search = Input(placeholder="type to search prompts, answers and what tools said", id="search")
        search.cursor_blink = False
        yield search
        with Horizontal():
            yield SessionList(self.shell.now, str(Path.home()))
            yield SessionPreview(lambda: self.shell.sessions.runtime)
        yield Static(id="said", markup=False)
        name = Input(placeholder="a name for this session", id="name", select_on_focus=False)
        name.cursor_blink = False
        yield name
        yield Static(id="hints", markup=False)

    def on_mount(self) -> None:
        self._draw_head()
        self._list_soon(0.0)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        self._draw_head()
        self._preview_soon()

    # The list

    def _list_soon(self, delay_s: float, keep: str | None = None, *, then_open: bool = False) -> None:
        work_anew(self, "list", self._read_list, delay_s, keep, then_open)

    async def _read_list(self, delay_s: float, keep: str | None, then_open: bool) -> None:
        await asyncio.sleep(delay_s)
        try:
            await self._listed.read()
        except AgentTuiError as error:
            self._say(str(error))
            return
        self._show_list(self._named.id if self._named is not None else keep)
        if then_open and self.listing.current is not None:
            self._open(self.listing.current)

    def _show_list(self, keep: str | None = None) -> None:
        self.listing.show(self._listed.items(), keep=keep)
        self._draw_head()

    def on_tab_strip_changed(self, message: TabStrip.Changed) -> None:
        """What the open sessions do has changed."""
        message.stop()
        current = self.listing.current
        self._show_list(current.info.id if current else None)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "search":
            self._listed.query = event.value
            self._list_soon(TYPING_S)

    def on_session_list_moved(self, message: SessionList.Moved) -> None:
        message.stop()
        if self._named is not None and (message.item is None or message.item.info.id != self._named.id):
            self._end_naming()  # what is marked and what gets the name must never differ
        self._draw_hints()
        self._preview_soon()

    def on_session_list_picked(self, message: SessionList.Picked) -> None:
        message.stop()
        self._open(message.item)

    # The preview

    @property
    def _preview_shown(self) -> bool:
        return not self.has_class("-no-preview") if self.has_class("-wide") else self.has_class("-preview")

    def _preview_soon(self) -> None:
        if self._preview_shown:
            self.query_one(SessionPreview).show_soon(self.listing.current)

    def on_session_preview_failed(self, message: SessionPreview.Failed) -> None:
        message.stop()
        self._say(message.text)

    # What it says

    def _draw_head(self) -> None:
        where = "all folders" if self._listed.everywhere else f"this folder: {self.shell.settings.cwd}"
        if not self._listed.loaded:
            how_many = "…"
        elif self._listed.searching:
            how_many = f"{len(self.listing.items)} found"
        else:
            how_many = f"{len(self.listing.items)}"
        self.query_one(".head", Static).update(
            Content.assemble(
                ("sessions", "bold $primary"), "  ", (how_many, "$foreground"), "   ",
                (visible(where, newlines=False), "$text-muted"),
            )
        )  # fmt: skip
        self._draw_hints()

    def _draw_hints(self) -> None:
        item = self.listing.current
        words = {
            "folders": "this folder" if self._listed.everywhere else "all folders",
            "delete": "undo delete" if item is not None and item.deleted else "delete",
        }
        if not self.has_class("-wide"):
            words["preview"] = "look"
        line = hints(self.shell.keymap, words, self.size.width - 2)
        self.query_one("#hints", Static).update(line)

    def _say(self, text: str) -> None:
        said = self.query_one("#said", Static)
        said.update(Content.assemble(("! ", "bold $warning"), (visible(text), "$foreground")))
        said.display = bool(text)

    # Actions

    def action_move(self, by: int) -> None:
        if self._named is None:
            self.listing.move(by)

    def action_page(self, direction: int) -> None:
        if self._named is not None:
            return
        if self.has_class("-narrow") and self.has_class("-preview"):
            self.query_one(SessionPreview).page(direction)
        else:
            self.listing.page(direction)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "name":
            self._rename(event.value)
        elif self._listed.behind:  # Enter came with the words: they say which one is meant
            self._list_soon(0.0, then_open=True)
        elif self.listing.current is not None:
            self._open(self.listing.current)

    def _open(self, item: Item) -> None:
        if item.deleted:
            self._say("it is deleted; undo that first")
        else:
            self.dismiss(Chosen("open", item.info.id))

    def action_new(self) -> None:
        self.dismiss(Chosen("new"))

    def action_fork(self) -> None:
        item = self.listing.current
        if item is not None and not item.deleted:
            self.dismiss(Chosen("fork", item.info.id))

    def action_folders(self) -> None:
        current = self.listing.current
        self._listed.everywhere = not self._listed.everywhere
        self._list_soon(0.0, current.info.id if current else None)

    def action_preview(self) -> None:
        self.toggle_class("-no-preview" if self.has_class("-wide") else "-preview")
        self._preview_soon()

    def action_leave(self) -> None:
        if self._named is not None:
            self._end_naming()
        elif self.has_class("-narrow") and self.has_class("-preview"):
            self.remove_class("-preview")
        else:
            self.dismiss(None)

    # Renaming

    def action_rename(self) -> None:
        item = self.listing.current
        if item is None or item.deleted or self._named is not None:
            return
        self._named = item.info
        self.add_class("-naming")
        name = self.query_one("#name", Input)
        name.value = visible(item.info.title, newlines=False)
        name.cursor_position = len(name.value)
        name.focus()

    def _end_naming(self) -> None:
        self._named = None
        self.remove_class("-naming")
        self.query_one("#search", Input).focus()

    def _rename(self, title: str) -> None:
        info, title = self._named, " ".join(title.split())
        self._end_naming()
        if info is None or not title or title == info.title:
            return

        async def rename() -> None:
            await self._listed.rename(info, title)
            self._show_list(info.id)

        self._do(rename)

    # Deleting

    def action_delete(self) -> None:
        item = self.listing.current
        if item is None or self._named is not None:
            return
        sessions = self.shell.sessions
        opened = sessions.find(item.info.id)
        if opened is not None and opened.running:
            self._say("a run is going in it: stop that first")
        else:
            self._do(partial(self._undelete if item.deleted else self._delete, item.info))

    async def _delete(self, info: SessionInfo) -> None:
        await self._listed.delete(info)
        self._show_list(info.id)

    async def _undelete(self, info: SessionInfo) -> None:
        await self._listed.put_back(info)
        self._show_list(info.id)

    def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            try:
                await work()
            except AgentTuiError as error:
                self._say(str(error))

        self.query_one("#said", Static).display = False
        work_on(self, "change", run)
