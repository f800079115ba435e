"""The scroll bar of a view that grows: moved when it would look different, and not at every new line."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.timer import Timer
from textual.widget import Widget

PAUSE_S = 0.25
"""Between two moves while the end is followed: the bar shrinks by a hair at every line of an answer."""


class GrowingBar:
    """Keeps the scroll position of ``owner``, without the layout that Textual does for every new line."""

    def __init__(self, owner: ScrollView) -> None:
        self._owner = owner
        self._thumb: tuple[int, int] = (-1, -1)
        self._timer: Timer | None = None

    def tell(self, line: int, total: int, *, following: bool) -> None:
        """The top row shows ``line`` of ``total``; a bar that is ``following`` the end may move later."""
        owner = self._owner
        owner.set_reactive(Widget.virtual_size, Size(owner.size.width, total))
        owner.set_reactive(Widget.scroll_y, float(line))
        owner.set_reactive(Widget.scroll_target_y, float(line))
        if not following:
            self.move()
        elif self._timer is None:
            self._timer = owner.set_timer(PAUSE_S, self._due)

    def move(self) -> None:
        """Moves the bar now, if it would look different."""
        owner = self._owner
        total, line, height = owner.virtual_size.height, round(owner.scroll_y), max(owner.size.height, 1)
        thumb = (line * height * 8 // max(total, 1), height * height * 8 // max(total, 1))
        if thumb != self._thumb:
            self._thumb = thumb
            bar = owner.vertical_scrollbar
            bar.window_virtual_size = total
            bar.window_size = height
            bar.position = line

    def _due(self) -> None:
        self._timer = None
        self.move()
