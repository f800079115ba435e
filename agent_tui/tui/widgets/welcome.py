"""What stands in the conversation's place before there is one."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget


class Welcome(Widget):
    """A few lines in the middle: what this is and how to begin.

    Args:
        version: The program's version.
    """

    DEFAULT_CSS = """
    Welcome { height: 1fr; content-align: center middle; color: $text-muted; padding: 0 2; }
    """

    def __init__(self, version: str) -> None:
        super().__init__()
        self._version = version
        self._hints: tuple[tuple[str, str], ...] = ()

    def show(self, hints: Sequence[tuple[str, str]]) -> None:
        """Draws the keys and words to begin with."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    def render(self) -> Content:
        lines = [
            Content.assemble(("agent-tui", "bold $primary"), " ", (self._version, "$text-muted")),
            Content(""),
            Content.styled("Ask for anything; the work shows as it happens.", "$foreground"),
            Content(""),
        ]
        width = max((len(key) for key, _ in self._hints), default=0)
        room = max((len(what) for _, what in self._hints), default=0)
        lines += [
            Content.assemble((key.rjust(width), "$accent"), "  ", (what.ljust(room), "$text-muted"))
            for key, what in self._hints
        ]
        return Content("\n").join(lines)
