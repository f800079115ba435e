"""A dialog that picks one of a list: filter by typing, arrows, Enter, Esc."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from agent_tui.safetext import visible
from agent_tui.tui.frames import QuickScreen


@dataclass(frozen=True, slots=True)
class Choice:
    """One row.

    Attributes:
        value: What the dialog gives back.
        detail: Said in a quieter voice behind the label.
        usable: Whether it can be chosen; ``detail`` then says why not.
        current: Whether it is the one in use.
    """

    value: str
    label: str
    detail: str = ""
    usable: bool = True
    current: bool = False


class Picker(ModalScreen[str | None], QuickScreen[str | None]):
    """Asks for one of ``choices``; None if it was left without choosing.

    Args:
        title: What is chosen.
        choices: The rows.
        on_highlight: Told of the row under the cursor, for a preview.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Close", show=False, id="picker.close"),
        Binding("down", "move(1)", "Down", show=False, id="picker.down"),
        Binding("up", "move(-1)", "Up", show=False, id="picker.up"),
    ]
    DEFAULT_CSS = """
    Picker { align: center middle; background: $background 60%; }
    Picker > Vertical {
        width: 96; max-width: 94%; height: auto; max-height: 80%;
        background: $surface; border: round $border; padding: 0 1;
    }
    Picker Input { border: none; height: 1; padding: 0; background: $surface; margin: 0 0 1 0; }
    Picker Input:focus { border: none; }
    Picker OptionList {
        border: none; padding: 0; background: $surface; height: auto; max-height: 18;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    Picker OptionList:focus { border: none; }
    Picker Static { color: $text-muted; height: 1; margin: 1 0 0 0; }
    """

    def __init__(
        self, title: str, choices: Sequence[Choice], on_highlight: Callable[[str], object] | None = None
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._on_highlight = on_highlight
        self._shown: list[Choice] = []

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            field = Input(placeholder="type to filter")
            field.cursor_blink = False
            yield field
            options = OptionList(markup=False)
            options.can_focus = False
            yield options
            yield Static("enter choose   esc close", markup=False)

    def on_mount(self) -> None:
        self._fill("")

    def _fill(self, text: str) -> None:
        words = text.lower().split()
        self._shown = [
            choice
            for choice in self._choices
            if all(word in f"{choice.label} {choice.detail}".lower() for word in words)
        ]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(
            Option(_row(choice), id=str(index), disabled=not choice.usable)
            for index, choice in enumerate(self._shown)
        )
        current = next((index for index, choice in enumerate(self._shown) if choice.current), None)
        usable = next((index for index, choice in enumerate(self._shown) if choice.usable), None)
        options.highlighted = current if current is not None else usable

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose(self.query_one(OptionList).highlighted)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose(event.option_index)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self._on_highlight is not None and event.option_index < len(self._shown):
            self._on_highlight(self._shown[event.option_index].value)

    def action_move(self, step: int) -> None:
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_leave(self) -> None:
        self.dismiss(None)

    def _choose(self, index: int | None) -> None:
        if index is not None and index < len(self._shown) and self._shown[index].usable:
            self.dismiss(self._shown[index].value)


def _row(choice: Choice) -> Content:
    mark = ("● ", "$success") if choice.current else ("  ", "")
    style = "$foreground" if choice.usable else "$text-muted"
    detail = visible(choice.detail, newlines=False)
    return Content.assemble(
        mark,
        (visible(choice.label, newlines=False), style),
        "  " if detail else "",
        (detail, "$text-muted"),
    )
