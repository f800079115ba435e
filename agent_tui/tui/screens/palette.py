"""What the command palette can find: actions, slash commands, themes, models and tools."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from agent_tui.errors import AgentTuiError
from agent_tui.safetext import visible
from agent_tui.tui.commands import COMMANDS
from agent_tui.tui.frames import ClosesOnce
from agent_tui.tui.keys import KEYS, display_key, keys_in_force

if TYPE_CHECKING:
    from agent_tui.tui.app import AgentApp

_NOT_LISTED = frozenset(
    {
        "cancel",
        "copy_or_quit",
        "quit_if_empty",
        "quit",
        "palette",
        "events_if_empty",
        "page_up",
        "page_down",
    }
)


_HELP_AT = 14
_KEY_AT = 44
"""The columns where what stands behind a name begins: a short one, and a sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the palette. ``shown``: also listed before anything is typed."""

    text: str
    help: str
    run: Callable[[], object]
    shown: bool = True


class Palette(CommandPalette, ClosesOnce[None]):
    """Textual's palette, a line for each command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "escape", "Close", show=False, priority=True),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012 - as Textual declares it
    DEFAULT_CSS = """
    Palette.-low > Vertical { margin-top: 0; }
    Palette > Vertical { width: 84; max-width: 96%; background: $surface; }
    Palette > Vertical:dark { background: $surface; }
    Palette #--input { border: round $border; border-bottom: none; }
    Palette #--input SearchIcon { display: none; }
    Palette CommandInput { padding: 0 1; }
    Palette CommandList {
        border: round $border; border-top: none;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """


def _row(name: Content, help_text: str) -> Content:
    column = _HELP_AT if name.cell_length + 2 <= _HELP_AT else _KEY_AT
    gap = " " * max(2, column - name.cell_length)
    return Content.assemble(name, gap, (help_text, "$text-muted"))


class ShellCommands(Provider):
    """Everything the shell can do, by name."""

    @property
    def _shell(self) -> AgentApp:
        return cast("AgentApp", self.app)

    async def discover(self) -> Hits:
        async for entry in self._entries():
            if entry.shown:
                yield DiscoveryHit(_row(Content(entry.text), entry.help), entry.run, text=entry.text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        async for entry in self._entries():
            # The name may be spelt in part; in a sentence that would find anything.
            score = matcher.match(entry.text) or (query.lower() in entry.help.lower()) / 10
            if score > 0:
                row = _row(matcher.highlight(entry.text), entry.help)
                yield Hit(score, row, entry.run, text=entry.text)

    async def _entries(self) -> AsyncIterator[Entry]:
        for entry in self._commands():
            yield entry
        for entry in self._actions():
            yield entry
        for entry in self._sessions():
            yield entry
        for entry in self._themes():
            yield entry
        async for entry in self._from_core():
            yield entry

    def _actions(self) -> Iterator[Entry]:
        force = keys_in_force(self._shell.keymap)
        for key in KEYS:
            if key.id not in _NOT_LISTED:
                keys = display_key(force[key.id])
                yield Entry(key.description, keys, partial(self._shell.main.run_action, key.action))

    def _commands(self) -> Iterator[Entry]:
        for command in COMMANDS:
            line = f"/{command.name} "
            run = (
                partial(self._shell.give_back, line)
                if command.needs_argument
                else partial(self._shell.run_command_line, line)
            )
            yield Entry(f"/{command.name}", command.description, run)

    def _sessions(self) -> Iterator[Entry]:
        sessions = self._shell.sessions
        for index, tab in enumerate(sessions.tabs):
            if not tab.active:
                title = visible(tab.title, newlines=False)
                yield Entry(f"session {index + 1} {title}", tab.attention, partial(sessions.go_to, index))

    def _themes(self) -> Iterator[Entry]:
        themes = self._shell.themes
        for name in sorted(theme.name for theme in themes.all()):
            yield Entry(f"theme {name}", "theme", partial(themes.choose, name), shown=False)

    async def _from_core(self) -> AsyncIterator[Entry]:
        controller = self._shell.controller
        if controller.view is None:
            return
        try:
            models, tools = await controller.models(), await controller.tools()
        except AgentTuiError as error:
            self._shell.say("warning", str(error))
            return
        for model in models:
            name = visible(model.name, newlines=False)
            run = partial(self._shell.run_command_line, f"/model {model.name}")
            help_text = visible(model.description if model.usable else model.reason, newlines=False)
            yield Entry(f"model {name}", help_text, run, shown=False)
        for tool in tools:
            first = visible(tool.description.partition("\n")[0].partition(". ")[0], newlines=False)
            run = partial(self._shell.give_back, f"/tool {tool.name} {{}}")
            yield Entry(f"tool {visible(tool.name, newlines=False)}", first, run, shown=False)
