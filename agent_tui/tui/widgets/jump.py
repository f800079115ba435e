"""A line that asks for the number of an event. It stands below the scrubber while it is open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from agent_tui.tui.format import count

_QUESTION = "go to event"
_LONGEST = 16
"""More digits than the number of any event has."""


class _Number(Input):
    """Looks the same without the focus: it is there only while it has it."""

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Nothing: no style has to be worked out anew before what comes next is painted."""


class JumpBar(Horizontal):
    """Takes a number, typed or pasted; Enter gives it, Esc gives none.

    A number that no event has is refused, and the line stays. Whoever takes what is given takes the focus
    too; it closes then, once that has been painted, because the screen is laid out anew for it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Close", show=False, id="replay.close_go"),
    ]
    DEFAULT_CSS = """
    JumpBar {
        display: none;
        dock: top;
        height: 1;
        padding: 0 1;
        background: $background;
        & > Static { width: auto; margin-right: 1; color: $text-muted; }
        & > Static.-wrong { color: $text-error; }
        & > Input { width: 1fr; height: 1; border: none; padding: 0; background-tint: $foreground 5%; }
    }
    """

    class Given(Message):
        """An event's number, or None if the reader thought better of it."""

        def __init__(self, seq: int | None) -> None:
            super().__init__()
            self.seq = seq

    def __init__(self) -> None:
        super().__init__()
        self._last: Callable[[], int | None] = lambda: None

    def compose(self) -> ComposeResult:
        yield Static(_QUESTION, markup=False)
        yield _Number(compact=True, restrict=r"[0-9, ]*")

    def ask(self, last: Callable[[], int | None]) -> None:
        """Opens; ``last`` tells the highest number there is by now, None if that is not known yet."""
        self._last = last
        self._say(_QUESTION)
        line = self.query_one(Input)
        known = last()
        line.placeholder = "" if known is None else f"1 … {count(known)}"
        line.value = ""
        # At once, both: a digit may be right behind the key that opens this.
        self.display = True
        self.screen.set_focus(line)

    def _close(self) -> None:
        """Makes room for what stands there otherwise, unless it has been asked for again."""
        if not self.has_focus_within:
            self.display = False

    def _give(self, seq: int | None) -> None:
        self.post_message(self.Given(seq))

    def _say(self, text: str, *, wrong: bool = False) -> None:
        label = self.query_one(Static)
        label.update(text)
        label.set_class(wrong, "-wrong")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        digits = re.sub(r"\D", "", event.value)
        last = self._last()
        seq = int(digits) if digits and len(digits) < _LONGEST else 0
        if digits and not 1 <= seq <= (seq if last is None else last):
            there = (
                "no event has this number" if last is None else f"there are events 1 to {count(last)} only"
            )
            self._say(f"{there}; {_QUESTION}", wrong=True)
            return
        self._give(seq or None)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._say(_QUESTION)

    def action_give_up(self) -> None:
        self._give(None)

    def on_descendant_blur(self) -> None:
        self.call_after_refresh(self._close)
