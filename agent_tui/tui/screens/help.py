"""The help screen: every key in force and every command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from agent_tui.tui.commands import COMMANDS
from agent_tui.tui.frames import QuickScreen
from agent_tui.tui.keys import KEYS, display_key

if TYPE_CHECKING:
    from textual.dom import DOMNode

Row = tuple[str, str, str]
"""Keys, what they do, and the name in ``[keys]``."""
Section = tuple[str, list[Row]]
_KEYS_WIDTH = 16
_KEYS_WIDTH_NARROW = 10
_NARROW = 60
_MAIN = frozenset(key.id for key in KEYS)
_NAME_AT = 58
"""The column where names begin, if they fit there."""


def _parts() -> Iterator[tuple[str, type[DOMNode]]]:
    from agent_tui.tui.screens.compare import CompareScreen
    from agent_tui.tui.screens.picker import Picker
    from agent_tui.tui.screens.replay import ReplayScreen
    from agent_tui.tui.screens.sessions import SessionsScreen
    from agent_tui.tui.widgets.approval import ApprovalBar
    from agent_tui.tui.widgets.comparison import ComparisonView
    from agent_tui.tui.widgets.conversation import Conversation
    from agent_tui.tui.widgets.panel import PARTS
    from agent_tui.tui.widgets.prompt import Prompt

    yield "Prompt", Prompt
    yield "Approval", ApprovalBar
    yield "Conversation", Conversation
    yield from PARTS
    yield "Session picker", SessionsScreen
    yield "Replay", ReplayScreen
    yield "Comparison", ComparisonView
    yield "Comparison", CompareScreen
    yield "Dialogs", Picker


def _bindings_of(part: type[DOMNode]) -> Iterable[Binding]:
    """The bindings with an id that ``part`` declares and does not share with the main screen."""
    for entry in part.__dict__.get("BINDINGS", ()):
        if isinstance(entry, Binding) and entry.id and entry.id not in _MAIN:
            yield entry


def known_bindings() -> dict[str, Binding]:
    """Every binding that ``[keys]`` can change, by id."""
    known = {key.id: Binding(key.keys, key.action, key.description, id=key.id) for key in KEYS}
    for _, part in _parts():
        known.update((str(binding.id), binding) for binding in _bindings_of(part))
    return known


class HelpScreen(ModalScreen[None], QuickScreen[None]):
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
        width: 90; max-width: 96%; height: auto; max-height: 92%;
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
            yield Page(self._sections())

    def action_leave(self) -> None:
        self.dismiss(None)

    def _sections(self) -> Iterator[Section]:
        for group in dict.fromkeys(key.group for key in KEYS):
            yield (
                group,
                [
                    (self._keys(key.id, key.keys), key.description, key.id)
                    for key in KEYS
                    if key.group == group
                ],
            )
        for title, part in _parts():
            rows = [
                (self._keys(str(binding.id), binding.key), binding.description, str(binding.id))
                for binding in _bindings_of(part)
                if binding.description
            ]
            if rows:
                yield title, rows
        yield (
            "Commands",
            [(f"/{command.name} {command.usage}".strip(), command.description, "") for command in COMMANDS],
        )

    def _keys(self, name: str, default: str) -> str:
        keys = self._keymap.get(name, default)
        return ", ".join(display_key(key) for key in keys.split(","))


class Page(Static):
    """Sections of keys, what they do, and their names: beside each other where there is room."""

    def __init__(self, sections: Iterable[Section]) -> None:
        super().__init__(markup=False)
        self._parts = list(sections)
        self._drawn_at = 0

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._drawn_at:
            self._drawn_at = event.size.width
            self.update(self._page(event.size.width))

    def _page(self, width: int) -> Content:
        lines: list[Content] = []
        for title, rows in self._parts:
            lines.append(Content.styled(title, "bold $primary"))
            for row in rows:
                lines += _row(row, width)
            lines.append(Content(""))
        lines.append(
            Content.styled("The grey names are those of [keys] in the configuration.", "$text-muted")
        )
        return Content("\n").join(lines)


def _row(row: Row, width: int) -> Iterator[Content]:
    keys, description, name = row
    room = _KEYS_WIDTH if width >= _NARROW else _KEYS_WIDTH_NARROW
    margin = " " * (room + 1)
    first = Content.styled(f"{keys:<{room}} ", "$accent")
    if len(keys) > room:
        yield first
        first = Content(margin)
    used = len(margin) + len(description)
    line = Content.assemble(first, (description, "$foreground"))
    if not name:
        yield line
    elif used + 2 + len(name) <= width:
        gap = max(2, min(_NAME_AT, width - len(name)) - used)
        yield Content.assemble(line, " " * gap, (name, "$text-muted"))
    else:
        yield line
        yield Content.assemble(margin, (name, "$text-muted"))
