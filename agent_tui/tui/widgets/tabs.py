"""The switcher: one line with every open session, and what each of them wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from agent_tui.safetext import visible

if TYPE_CHECKING:
    from agent_tui.tui.session_set import Tab

MARKS = {
    "idle": ("○", "$text-muted"),
    "running": ("●", "$success"),
    "waiting": ("◆", "$warning"),
    "done": ("✓", "$success"),
    "failed": ("✗", "$error"),
}
"""What each kind of attention looks like: never by colour alone."""

_LEAST, _MOST = 6, 32
"""Cells of a title, where there is little room and where there is plenty."""
_AROUND = 6
"""Cells of a tab beside its title: margin, number, mark, margin."""


class TabStrip(Widget):
    """A line of tabs; not there while there is only one session."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class Changed(Message):
        """Posted to the screen in front: what the open sessions do has changed."""

    DEFAULT_CSS = """
    TabStrip { height: 1; background: $surface; color: $text-muted; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._tabs: tuple[Tab, ...] = ()
        self._places: list[tuple[int, int, int]] = []

    def show(self, tabs: Sequence[Tab]) -> None:
        """Draws these tabs."""
        self._tabs = tuple(tabs)
        self.display = len(self._tabs) > 1
        self.refresh()

    def render(self) -> Content:
        width, tabs = self.size.width, self._tabs
        self._places = []
        if len(tabs) < 2 or not width:
            return Content()
        active = next((at for at, tab in enumerate(tabs) if tab.active), 0)
        fit = max(1, min(len(tabs), (width - 4) // (_AROUND + _LEAST)))
        first = max(0, min(active - fit // 2, len(tabs) - fit))
        shown = range(first, first + fit)
        hidden = [at for at in range(len(tabs)) if at not in shown]
        more = _more([tabs[at] for at in hidden])
        room = (width - more.cell_length) // fit - _AROUND
        line = Content()
        for at in shown:
            start = line.cell_length
            line = Content.assemble(line, _tab(at, tabs[at], max(_LEAST, min(_MOST, room))))
            self._places.append((start, line.cell_length, at))
        return Content.assemble(line, more)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for start, end, index in self._places:
            if start <= event.x < end:
                self.post_message(self.Chosen(index))


def _tab(at: int, tab: Tab, room: int) -> Content:
    mark, style = MARKS[tab.attention]
    title = visible(tab.title, newlines=False)
    if cell_len(title) > room:
        title = set_cell_size(title, room - 1) + "…"
    look = "bold $foreground" if tab.active else "$text-muted"
    ground = " on $panel" if tab.active else ""
    return Content.assemble(
        (f"▎{at + 1} " if tab.active else f" {at + 1} ", f"{look}{ground}"),
        (mark, f"{style}{ground}"),
        (f" {title} ", f"{look}{ground}"),
    )


def _more(hidden: Sequence[Tab]) -> Content:
    """How many tabs there was no room for, and the most urgent thing that one of them wants."""
    if not hidden:
        return Content()
    wants = {tab.attention for tab in hidden}
    urgent = next(kind for kind in ("waiting", "failed", "done", "running", "idle") if kind in wants)
    mark, style = MARKS[urgent]
    return Content.assemble((" +", "$text-muted"), (f"{len(hidden)} ", "$text-muted"), (mark, style))
