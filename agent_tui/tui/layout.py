"""What has been laid out on a screen, so that every widget hears of it. It places nothing itself."""

from __future__ import annotations

from textual._compositor import Compositor, ReflowResult
from textual.geometry import Size
from textual.widget import Widget


class TellingCompositor(Compositor):
    """Compares each layout with the one that widgets were last told of.

    Textual tells who is shown, hidden or resized by the difference of two layouts. Where a widget's place
    is asked for between a change and its layout, it makes the old one anew: the difference is lost then,
    and a widget that has come to the screen is neither told nor painted.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told_map = self._full_map
        self._told_widgets: set[Widget] = set()

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        self._full_map, self.widgets = self._told_map, self._told_widgets
        result = super().reflow(parent, size)
        self._told_map, self._told_widgets = self._full_map, self.widgets
        return result

    def clear(self) -> None:
        super().clear()
        self._told_map.clear()
        self._told_widgets.clear()
