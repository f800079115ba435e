"""The line at the bottom: the few keys that matter now, as they are in force."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
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
        room = self.size.width
        parts: list[str | tuple[str, str]] = []
        for key, what in self._hints:
            gap = "   " if parts else ""
            room -= cell_len(f"{gap}{key} {what}")
            if room < 0:
                break
            parts += [gap, (key, "bold $foreground"), " ", (what, "$text-muted")]
        return Content.assemble(*parts)
