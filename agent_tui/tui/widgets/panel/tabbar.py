"""The panel's one line of tabs. It knows their names, not what they show."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget


class TabBar(Widget):
    """Names in a row, the active one marked; a click chooses."""

    COMPONENT_CLASSES = {"tab--active", "tab--other"}  # noqa: RUF012
    DEFAULT_CSS = """
    TabBar {
        height: 1;
        & > .tab--active { color: $text-primary; text-style: bold underline; }
        & > .tab--other { color: $text-muted; }
    }
    """

    class Chosen(Message):
        """The reader clicked a tab."""

        def __init__(self, tab: str) -> None:
            self.tab = tab
            super().__init__()

    def __init__(self, tabs: Sequence[str], active: str) -> None:
        super().__init__()
        self._tabs = tabs
        self._active = active

    def set_active(self, tab: str) -> None:
        self._active = tab
        self.refresh()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002
        segments = [Segment(" ", self.rich_style)]
        for number, tab in enumerate(self._tabs):
            if number:
                segments.append(Segment(" ▏", self.get_component_rich_style("tab--other")))
            name = "tab--active" if tab == self._active else "tab--other"
            segments.append(Segment(tab, self.get_component_rich_style(name)))
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        end = 1
        for tab in self._tabs:
            end += len(tab) + 2
            if event.x < end - 1:
                event.stop()
                self.post_message(self.Chosen(tab))
                return
