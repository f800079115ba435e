"""The session picker: every stored session, found by its words, looked into before it is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from agent_tui.errors import AgentTuiError
from agent_tui.safetext import visible
from agent_tui.tui.keys import display_key
from agent_tui.tui.tail import fold_tail, read_tail
from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.widgets.session_list import Item, SessionList
from agent_tui.tui.widgets.tabs import TabStrip

if TYPE_CHECKING:
    from agent_tui.runtime.runtime import SessionInfo
    from agent_tui.tui.app import AgentApp

LISTED = 5_000
"""Most sessions that are listed; a search finds those beyond."""
FOUND = 200
"""Most sessions that a search shows."""
TYPING_S = 0.12
"""How long a search waits for the next letter."""
LOOKING_S = 0.06
"""How long a preview waits for the cursor to stay."""
PREVIEW = 300
"""Events of a session that its preview is made of."""
WIDE = 90
"""From this many columns on, list and preview stand side by side."""

_HINTS = (
    ("open", "enter", "open"),
    ("new", "ctrl+n", "new"),
    ("folders", "ctrl+t", ""),
    ("preview", "ctrl+l", "look"),
    ("rename", "ctrl+r", "rename"),
    ("delete", "ctrl+x", ""),
    ("fork", "ctrl+f", "fork"),
    ("close", "escape", "close"),
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the person wants of the shell: a session opened, forked, or a new one."""

    what: Literal["open", "fork", "new"]
    session_id: str = ""


class SessionsScreen(ModalScreen[Chosen | None]):
    """Lists sessions, and renames and deletes them. What is chosen is for the shell to open."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="sessions.up"),
        Binding("down", "move(1)", "Down", show=False, id="sessions.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="sessions.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="sessions.page_down"),
        Binding("escape,ctrl+c,ctrl+o", "leave", "Close", show=False, id="sessions.close"),
        *(
            # Before the input, which has uses of its own for some of these.
            Binding(keys, action, words, show=False, id=f"sessions.{action}", priority=True)
            for keys, action, words in (
                ("ctrl+n", "new", "Begin a new session"),
                ("ctrl+t", "folders", "This folder, or all"),
                ("ctrl+l", "preview", "Show or hide the preview"),
                ("ctrl+r", "rename", "Rename"),
                ("ctrl+x", "delete", "Delete, or undo that"),
                ("ctrl+f", "fork", "Fork: go on from a copy"),
            )
        ),
    ]
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

    def __init__(self) -> None:
        super().__init__()
        self._all = False
        self._query = ""
        self._infos: list[SessionInfo] = []
        self._loaded = False
        self._previewed: tuple[str, int] | None = None

    @property
    def shell(self) -> AgentApp:
        """The app, by its own type."""
        return cast("AgentApp", self.app)

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
            with Container():
                preview = Conversation()
                preview.can_focus = False
                yield preview
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

    def _list_soon(self, delay_s: float, keep: str | None = None) -> None:
        self.run_worker(self._read_list(delay_s, keep), group="list", exclusive=True)

    async def _read_list(self, delay_s: float, keep: str | None) -> None:
        await asyncio.sleep(delay_s)
        await self.shell.sessions.ready()
        query = self._query.strip()
        try:
            self._infos = [
                *await self.shell.sessions.runtime.sessions(
                    cwd=None if self._all else self.shell.settings.cwd,
                    query=query,
                    limit=FOUND if query else LISTED,
                )
            ]
        except AgentTuiError as error:
            self._say(str(error))
            return
        self._loaded = True
        self._show_list(keep)

    def _show_list(self, keep: str | None = None) -> None:
        self.listing.show(self._items(), keep=keep)
        self._draw_head()

    def _items(self) -> list[Item]:
        sessions = self.shell.sessions
        infos = [info for info in self._infos if info.id not in sessions.deleted]
        if not self._query.strip():
            cwd = str(self.shell.settings.cwd)
            infos += [info for info in sessions.deleted.values() if self._all or info.cwd == cwd]
            infos.sort(key=lambda info: info.updated, reverse=True)
        return [self._item(info) for info in infos]

    def _item(self, info: SessionInfo) -> Item:
        sessions = self.shell.sessions
        opened = sessions.find(info.id)
        return Item(
            info,
            attention=opened.attention if opened is not None else None,
            here=opened is not None and opened is sessions.active,
            deleted=info.id in sessions.deleted,
            elsewhere=self._all,
        )

    def on_tab_strip_changed(self, message: TabStrip.Changed) -> None:
        """What the open sessions do has changed."""
        message.stop()
        current = self.listing.current
        self._show_list(current.info.id if current else None)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "search":
            self._query = event.value
            self._list_soon(TYPING_S)

    def on_session_list_moved(self, message: SessionList.Moved) -> None:
        message.stop()
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
            self.run_worker(self._read_preview(), group="preview", exclusive=True)

    async def _read_preview(self) -> None:
        item = self.listing.current
        key = (item.info.id, item.info.last_seq) if item is not None and not item.deleted else None
        if key == self._previewed:
            return
        preview = self.query_one(Conversation)  # now: while it waits, the screen may close
        await asyncio.sleep(LOOKING_S)
        if item is None or key is None:
            from agent_tui.events.view import SessionView

            preview.show(SessionView())
        else:
            try:
                tail = await read_tail(
                    self.shell.sessions.runtime, item.info, wanted=PREVIEW, whole_run=False
                )
            except AgentTuiError as error:
                self._say(str(error))
                return
            preview.show(fold_tail(item.info, tail).view)
        self._previewed = key

    # What it says

    def _draw_head(self) -> None:
        where = "all folders" if self._all else f"this folder: {self.shell.settings.cwd}"
        if not self._loaded:
            how_many = "…"
        elif self._query.strip():
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
            "folders": "this folder" if self._all else "all folders",
            "delete": "undo delete" if item is not None and item.deleted else "delete",
        }
        width, lines = self.size.width - 2, [Content()]
        for name, default, word in _HINTS:
            if name == "preview" and self.has_class("-wide"):
                continue
            key = display_key(self.shell.keymap.get(f"sessions.{name}", default))
            hint = Content.assemble((key, "bold $foreground"), " ", (word or words[name], "$text-muted"))
            joined = Content.assemble(lines[-1], "  ", hint) if lines[-1] else hint
            if joined.cell_length <= width:
                lines[-1] = joined
            elif len(lines) < 2:
                lines.append(hint)
        self.query_one("#hints", Static).update(Content("\n").join(lines))

    def _say(self, text: str) -> None:
        said = self.query_one("#said", Static)
        said.update(Content.assemble(("! ", "bold $warning"), (visible(text), "$foreground")))
        said.display = bool(text)

    # Actions

    def action_move(self, by: int) -> None:
        self.listing.move(by)

    def action_page(self, direction: int) -> None:
        if self.has_class("-narrow") and self.has_class("-preview"):
            self.query_one(Conversation).action_page(direction)
        else:
            self.listing.page(direction)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "name":
            self._rename(event.value)
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
        self._all = not self._all
        self._list_soon(0.0, current.info.id if current else None)

    def action_preview(self) -> None:
        self.toggle_class("-no-preview" if self.has_class("-wide") else "-preview")
        self._preview_soon()

    def action_leave(self) -> None:
        if self.has_class("-naming"):
            self._end_naming()
        elif self.has_class("-narrow") and self.has_class("-preview"):
            self.remove_class("-preview")
        else:
            self.dismiss(None)

    # Renaming

    def action_rename(self) -> None:
        item = self.listing.current
        if item is None or item.deleted:
            return
        self.add_class("-naming")
        name = self.query_one("#name", Input)
        name.value = visible(item.info.title, newlines=False)
        name.cursor_position = len(name.value)
        name.focus()

    def _end_naming(self) -> None:
        self.remove_class("-naming")
        self.query_one("#search", Input).focus()

    def _rename(self, title: str) -> None:
        item, title = self.listing.current, " ".join(title.split())
        self._end_naming()
        if item is None or not title or title == item.info.title:
            return
        info = item.info

        async def rename() -> None:
            await self.shell.sessions.runtime.set_title(info.id, title)
            renamed = replace(info, title=title)
            self._infos = [renamed if known.id == info.id else known for known in self._infos]
            self._show_list(info.id)

        self._do(rename())

    # Deleting

    def action_delete(self) -> None:
        item = self.listing.current
        if item is None or self.has_class("-naming"):
            return
        sessions = self.shell.sessions
        opened = sessions.find(item.info.id)
        if opened is not None and opened.running:
            self._say("a run is going in it: stop that first")
        else:
            self._do(self._undelete(item.info) if item.deleted else self._delete(item.info))

    async def _delete(self, info: SessionInfo) -> None:
        await self.shell.sessions.delete(info, self.shell.settings.cwd)
        self._show_list(info.id)

    async def _undelete(self, info: SessionInfo) -> None:
        await self.shell.sessions.restore(info.id)
        self._infos = [info, *(known for known in self._infos if known.id != info.id)]
        self._show_list(info.id)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except AgentTuiError as error:
                self._say(str(error))

        self.query_one("#said", Static).display = False
        self.run_worker(run(), group="change")


def pick_session(app: AgentApp) -> None:
    """Shows the picker, and does what the person chose."""

    def chosen(choice: Chosen | None) -> None:
        match choice:
            case Chosen("open", session_id):
                app.sessions.run_soon(app.sessions.open(session_id))
            case Chosen("fork", session_id):
                app.sessions.run_soon(app.sessions.fork(session_id))
            case Chosen("new"):
                app.sessions.run_soon(app.sessions.new(app.settings.cwd))
            case _:
                pass

    app.push_screen(SessionsScreen(), chosen)
