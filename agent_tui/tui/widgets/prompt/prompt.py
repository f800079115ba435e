"""The prompt widget: what its keys do, and the messages it posts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from agent_tui.tui.widgets.prompt.area import PromptArea
from agent_tui.tui.widgets.prompt.completion import (
    Candidate,
    CommandHint,
    Word,
    command_candidates,
    file_candidates,
    word_at,
)
from agent_tui.tui.widgets.prompt.editor import EditorError, edit
from agent_tui.tui.widgets.prompt.files import FileIndex
from agent_tui.tui.widgets.prompt.history import History, HistoryFile
from agent_tui.tui.widgets.prompt.pastes import Pastes
from agent_tui.tui.widgets.prompt.popup import Popup
from agent_tui.tui.widgets.prompt.search import Search
from agent_tui.tui.working import work_anew, work_on

_COMMAND = re.compile(r"/([A-Za-z?][\w-]*)(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Draft:
    """A prompt that was not sent: its text as shown, what its placeholders stand for, the cursor."""

    text: str
    pastes: Pastes
    cursor: tuple[int, int]


class Prompt(PromptArea):
    """Multi-line input with history, completion, search, pastes of any size and an editor.

    ``text`` is what is shown, with placeholders for long pastes; ``expanded`` is the whole.

    Args:
        commands: The slash commands to complete.
        cwd: The folder whose files ``@`` completes; None is the current one.
        history_file: Where prompts are remembered; None keeps them in memory.
        placeholder: What an empty prompt says.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Send", show=False, id="prompt.submit"),
        Binding(
            "shift+enter,alt+enter,ctrl+j", "newline", "Begin a new line", show=False, id="prompt.newline"
        ),
        Binding("ctrl+s", "steer", "Tell the running model now", show=False, id="prompt.steer"),
        Binding("ctrl+r", "search", "Search the prompts of before", show=False, id="prompt.search"),
        Binding("ctrl+g", "edit", "Write in your own editor", show=False, id="prompt.editor"),
        Binding("tab", "complete", "Complete", show=False, id="prompt.complete"),
        Binding("ctrl+underscore,super+z", "undo", "Undo", show=False, id="prompt.undo"),
        Binding("ctrl+c", "copy_or_clear", "Copy, else clear", show=False, id="prompt.copy"),
    ]

    class Submitted(Message):
        """The person sent ``text``, with all pastes in it."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Steered(Submitted):
        """The person wants the running model told ``text``."""

    class Trouble(Message):
        """Something went wrong that the person should know of."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class ShellEntered(Message):
        """The person wants ``command`` run by the shell."""

        def __init__(self, command: str) -> None:
            self.command = command
            super().__init__()

    class CommandEntered(Message):
        """The person entered ``/name argument``; ``line`` is the whole of it."""

        def __init__(self, name: str, argument: str) -> None:
            self.name = name
            self.argument = argument
            super().__init__()

        @property
        def line(self) -> str:
            return f"/{self.name} {self.argument}".rstrip()

    def __init__(
        self,
        commands: Sequence[CommandHint] = (),
        cwd: Path | None = None,
        history_file: Path | None = None,
        *,
        placeholder: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        self._past = History()
        self._search = Search(self._past)
        self._popup = Popup(lambda: self._choose(submit=False))
        self._word: Word | None = None
        self._recalled: str | None = None
        self._actions: dict[str, str] = {}
        self._actions_of: object = None
        super().__init__(placeholder=placeholder, id=id)
        self._commands = commands
        self._files = FileIndex(cwd or Path.cwd())
        self._history_file = HistoryFile(history_file) if history_file else None

    # What others may ask

    @property
    def popup_open(self) -> bool:
        """Whether something is open that takes the Esc first."""
        return self._popup.open or self._search.active

    def close_popup(self) -> bool:
        """Closes completion or search; a search puts back what stood there. Says whether any was open."""
        if self._search.active:
            self.text = self._search.cancel()
        was_open = self._popup.open
        self._popup.close()
        self._word = None
        return was_open

    def clear_input(self) -> bool:
        """Empties the prompt. Says whether there was anything."""
        had = bool(self.text)
        self.close_popup()
        if had:
            self._past.stop()
            self._recalled = None
            self.clear()  # an edit, so that undo brings the text back
        return had

    def restore(self, text: str) -> None:
        """Puts a prompt back, before what has been typed since."""
        typed = self.text
        if not typed.strip():
            self.text = text
        elif self.expanded != text:
            self.insert(self.pastes.shorten(text) + "\n", (0, 0))
            self.move_cursor(self.document.end)

    def take_draft(self) -> Draft:
        """What stands in the prompt, which is empty afterwards."""
        self.close_popup()
        draft = Draft(self.text, self.pastes, self.cursor_location)
        self.put_draft(None)
        return draft

    def put_draft(self, draft: Draft | None) -> None:
        """Puts a draft in the place of what stands here; None is an empty one."""
        self.close_popup()
        self._past.stop()
        self.pastes = draft.pastes if draft is not None else Pastes()
        self.text = draft.text if draft is not None else ""
        self._recalled = self.text or None  # it is no new word to complete
        if draft is not None:
            self.move_cursor(draft.cursor)

    # Sending

    def action_submit(self) -> None:
        if self._ends_in_backslash():
            row, column = self.cursor_location
            self.replace("\n", (row, column - 1), (row, column), maintain_selection_offset=False)
            return
        text = self._take()
        if text.startswith("!") and text[1:].strip():
            self._send(self.ShellEntered(text[1:].strip()))
        elif match := _COMMAND.fullmatch(text.rstrip()):
            self._send(self.CommandEntered(match[1], (match[2] or "").strip()))
        elif text.strip() and text.strip() != "!":
            self._send(self.Submitted(text))

    def _send(self, message: Message) -> None:
        # Straight to the screen: it is on its way before the emptied prompt is painted.
        self.screen.post_message(message)

    def action_steer(self) -> None:
        text = self._take()
        if text.strip():
            self._send(self.Steered(text))

    def _ends_in_backslash(self) -> bool:
        row, column = self.cursor_location
        return self.selection.is_empty and column > 0 and self.document[row][:column].endswith("\\")

    def _take(self) -> str:
        """The whole text; the prompt is empty afterwards, and history knows it."""
        text = self.expanded
        self.close_popup()
        if not text.strip():
            return text
        self.text = ""
        self.pastes.forget()
        self._recalled = None
        self._past.add(text)
        if self._history_file is not None:
            work_on(self, "history", self._store, self._history_file, text)
        return text

    # Keys

    async def on_key(self, event: events.Key) -> None:
        if (self._search.active and self._search_key(event)) or (
            self._popup.open and self._popup_key(event.key)
        ):
            event.stop()
            event.prevent_default()
        elif not event.is_printable:
            await self._act_now(event)

    async def _act_now(self, event: events.Key) -> None:
        """Does what a key is bound to here before the next key is looked at.

        Textual does so when the key has gone up to the app. What was read together with it would be in
        the prompt by then: keys over a slow line, or lines pasted by a terminal that does not say so.
        """
        action = self._own_actions().get(event.key)
        if action is not None and await self.app.run_action(action, self):
            event.stop()
            event.prevent_default()
        elif event.key == "enter":
            event.prevent_default()  # it begins a new line only where it is bound to that

    def _own_actions(self) -> dict[str, str]:
        """By key, what is bound to it here."""
        keymap = self.app._keymap
        if self._actions_of is not keymap:
            self._actions_of = keymap
            bound = self.screen.active_bindings.items()
            self._actions = {key: active.binding.action for key, active in bound if active.node is self}
        return self._actions

    def action_newline(self) -> None:
        self._replace_via_keyboard("\n", *self.selection)

    def action_copy_or_clear(self) -> None:
        if self.selected_text:
            self.action_copy()
        elif not self.clear_input():
            raise SkipAction

    # History

    async def on_mount(self) -> None:
        await self.screen.mount(self._popup)
        if self._history_file is not None:
            work_on(self, "history", self._load, self._history_file)

    def on_unmount(self) -> None:
        if self._popup.is_attached:
            self._popup.remove()

    async def _load(self, file: HistoryFile) -> None:
        try:
            self._past.loaded(await asyncio.to_thread(file.load))
        except OSError as error:
            self._say(f"prompts of before cannot be read: {error}")

    async def _store(self, file: HistoryFile, text: str) -> None:
        try:
            await asyncio.to_thread(file.append, text)
        except OSError as error:
            self._say(f"this prompt will not be remembered: {error}")
            self._history_file = None

    def action_cursor_up(self, select: bool = False) -> None:
        if select or not self.navigator.is_first_wrapped_line(self.cursor_location):
            super().action_cursor_up(select)
        else:
            self._recall(self._past.older(self.expanded))

    def action_cursor_down(self, select: bool = False) -> None:
        if select or not self.navigator.is_last_wrapped_line(self.cursor_location):
            super().action_cursor_down(select)
        else:
            self._recall(self._past.newer())

    def _recall(self, text: str | None) -> None:
        if text is not None:
            self.text = text
            self._recalled = self.text

    # Search

    def action_search(self) -> None:
        if self._search.active:
            self._search.older()
        else:
            self._popup.close()
            self._search.begin(self.expanded)
        self._show_search()

    def _search_key(self, event: events.Key) -> bool:
        """Whether the search took the key. Any other key ends it with what was found."""
        if event.key == "escape":
            self.close_popup()
            return True
        if event.key in ("up", "down"):
            self._search.older() if event.key == "up" else self._search.newer()
        elif event.key == "backspace":
            self._search.shorten()
        elif event.is_printable and event.character is not None:
            self._search.extend(event.character)
        elif event.key in self._keys_of("search"):
            return False
        else:
            self._search.accept()
            self._popup.close()
            return event.key in ("enter", "tab")
        self._show_search()
        return True

    def _keys_of(self, action: str) -> list[str]:
        return [
            key for key, active in self.screen.active_bindings.items() if active.binding.action == action
        ]

    def _show_search(self) -> None:
        self.text = self._search.shown
        self._popup.tell(self._search.title, self.region)

    # Completion

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.set_class(self.is_shell, "-shell")
        if self._recalled is not None and self.text != self._recalled:
            self._past.stop()
            self._recalled = None
        if self._search.active or not self.has_focus or self._recalled is not None:
            return
        self._offer()

    def on_blur(self) -> None:
        if self._search.active:
            self._search.accept()
        self._popup.close()

    def action_complete(self) -> None:
        self._offer()
        if self._word is None:
            raise SkipAction

    def _offer(self) -> None:
        row, column = self.cursor_location
        self._word = word_at(self.document[row][:column], row == 0)
        match self._word:
            case None:
                self._popup.close()
            case Word("command", query):
                self._show(command_candidates(query, self._commands))
            case word:
                work_anew(self, "files", self._offer_files, word)

    async def _offer_files(self, word: Word) -> None:
        def find() -> list[Candidate]:
            return file_candidates(word.text, self._files.paths())

        candidates = await asyncio.to_thread(find)
        if self._word == word and self.has_focus:
            self._show(candidates)

    def _show(self, candidates: Sequence[Candidate]) -> None:
        if candidates:
            self._popup.offer(candidates, self.region)
        else:
            self._popup.close()

    def _popup_key(self, key: str) -> bool:
        match key:
            case "escape":
                self.close_popup()
            case "up" | "down":
                self._popup.move(-1 if key == "up" else 1)
            case "tab" | "enter":
                return self._choose(submit=key == "enter")
            case _:
                return False
        return True

    def _choose(self, submit: bool) -> bool:
        row, column = self.cursor_location
        if word_at(self.document[row][:column], row == 0) != self._word:
            self._popup.close()  # it is for less than what has been typed since, all at once
            self._offer()
        choice, word = self._popup.choice, self._word
        if choice is None or word is None or not self._popup.open:
            return False
        self._popup.close()
        self.replace(choice.insert, (row, word.start), (row, column), maintain_selection_offset=False)
        self.move_cursor((row, word.start + len(choice.insert)))
        if submit and choice.final:
            self.action_submit()
        return True

    # The person's own editor

    def action_edit(self) -> None:
        self.close_popup()
        work_anew(self, "editor", self._edit_outside)

    async def _edit_outside(self) -> None:
        try:
            self.text = await edit(self.app, self.expanded)
        except EditorError as error:
            self._say(str(error))

    def on_resize(self) -> None:
        if self._popup.open:
            self.call_after_refresh(self._popup.follow, self)

    def _say(self, text: str) -> None:
        self.post_message(self.Trouble(text))
