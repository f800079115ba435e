"""A line that asks for the number of an event. It stands below the scrubber while it is open."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from agent_tui.tui.format import count


class JumpInput(Input):
    """Takes a number, by hand or pasted; Enter gives it, Esc gives none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Close", show=False, id="replay.close_go"),
    ]
    DEFAULT_CSS = """
    JumpInput { display: none; height: 1; border: none; padding: 0 1; }
    JumpInput.-open { display: block; }
    """

    class Given(Message):
        """An event's number, or None if the reader thought better of it."""

        def __init__(self, seq: int | None) -> None:
            super().__init__()
            self.seq = seq

    def __init__(self) -> None:
        super().__init__(compact=True, restrict=r"[0-9, ]*")

    def ask(self, last: int) -> None:
        """Opens; ``last`` is the highest number there is."""
        self.placeholder = f"go to event 1 … {count(last)}"
        self.value = ""
        self.add_class("-open")
        self.focus()

    def _give(self, seq: int | None) -> None:
        self.remove_class("-open")
        self.post_message(self.Given(seq))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        digits = re.sub(r"\D", "", event.value)
        self._give(int(digits) if digits else None)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()

    def action_give_up(self) -> None:
        self._give(None)

    def on_blur(self) -> None:
        self.remove_class("-open")
