"""The help screen: every key in force and every command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from agent_tui.tui.commands import COMMANDS
from agent_tui.tui.keys import KEYS, display_key

if TYPE_CHECKING:
    from textual.dom import DOMNode


def _parts() -> Iterator[tuple[str, type[DOMNode]]]:
    from agent_tui.tui.screens.picker import Picker
    from agent_tui.tui.widgets.approval import ApprovalBar
    from agent_tui.tui.widgets.conversation import Conversation
    from agent_tui.tui.widgets.panel import PARTS
    from agent_tui.tui.widgets.prompt import Prompt

    yield "Prompt", Prompt
    yield "Approval", ApprovalBar
    yield "Conversation", Conversation
    yield from PARTS
    yield "Dialogs", Picker


def _bindings_of(part: type[DOMNode]) -> Iterable[Binding]:
    """The bindings with an id that our own classes give ``part``, and the widgets inside it."""
    for entry in part.__dict__.get("BINDINGS", ()):
        if isinstance(entry, Binding) and entry.id:
            yield entry


def known_bindings() -> dict[str, Binding]:
    """Every binding that ``[keys]`` can change, by id."""
    known = {key.id: Binding(key.keys, key.action, key.description, id=key.id) for key in KEYS}
    for _, part in _parts():
        known.update((str(binding.id), binding) for binding in _bindings_of(part))
    return known


class HelpScreen(ModalScreen[None]):
    """Keys and commands on one page.

    Args:
        keymap: The person's own keys, by binding id.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,ctrl+c,enter", "leave", "Close", show=False, id="help.close"),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > VerticalScroll {
        width: 84; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; border: round $border; padding: 0 2;
    }
    HelpScreen Static { height: auto; width: 1fr; }
    """

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "help"
            box.border_subtitle = "esc closes · ↑ ↓ scroll"
            yield Static(self._page(), markup=False)

    def action_leave(self) -> None:
        self.dismiss(None)

    def _page(self) -> Content:
        lines: list[Content] = []
        for group in dict.fromkeys(key.group for key in KEYS):
            rows = [
                (self._keys(key.id, key.keys), key.description, key.id)
                for key in KEYS
                if key.group == group
            ]
            lines += _section(group, rows)
        for title, part in _parts():
            rows = [
                (self._keys(str(binding.id), binding.key), binding.description, str(binding.id))
                for binding in _bindings_of(part)
                if binding.description
            ]
            if rows:
                lines += _section(title, rows)
        commands = [
            (f"/{command.name} {command.usage}".strip(), command.description, "") for command in COMMANDS
        ]
        lines += _section("Commands", commands)
        lines.append(
            Content.styled(
                "The names on the right are those of [keys] in the configuration.", "$text-muted"
            )
        )
        return Content("\n").join(lines)

    def _keys(self, name: str, default: str) -> str:
        keys = self._keymap.get(name, default)
        return ", ".join(display_key(key) for key in keys.split(","))


def _section(title: str, rows: list[tuple[str, str, str]]) -> list[Content]:
    lines = [Content.styled(title, "bold $primary")]
    for keys, description, name in rows:
        line = Content.assemble((f"{keys:<20}", "$accent"), " ", (f"{description:<38}", "$foreground"))
        if name:
            line = Content.assemble(line, "  ", (name, "$text-muted"))
        lines.append(line)
    lines.append(Content(""))
    return lines
