"""The line at the bottom: the few keys that matter now, as they are in force."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

Hint = tuple[str, str]
"""A key and what it does: ``("esc", "cancel")``."""


class HintsBar(Widget):
    """One line of keys; those that do not fit are left out from the end."""

    DEFAULT_CSS = """
    HintsBar { height: 1; padding: 0 1; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._hints: tuple[Hint, ...] = ()

    def show(self, hints: Sequence[Hint]) -> None:
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        line = Content()
        for key, what in self._hints:
            hint = Content.assemble((key, "bold $foreground"), " ", (what, "$text-muted"))
            joined = Content.assemble(line, "   ", hint) if line else hint
            if joined.cell_length > width:
                break
            line = joined
        return line
