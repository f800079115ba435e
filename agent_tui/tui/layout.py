"""What has been laid out on a screen: every widget hears of it, and what cannot be seen is not painted."""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import Compositor, ReflowResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget


class SparingCompositor(Compositor):
    """Asks only those widgets for their lines that show where something is painted.

    Textual asks all that could reach there, behind one another: with each word of an answer its container
    would be drawn, the container of that, and the whole screen under it.
    """

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        in_front: list[Region] = []
        for widget, (region, clip) in self.visible_widgets.items():  # from the front to the back
            shown = region.intersection(clip)
            wanted = shown.intersection(crop) if crop else shown
            if not wanted or any(other.contains_region(wanted) for other in in_front):
                continue
            in_front.append(shown)
            strips = widget.render_lines(shown.translate(-region.offset))
            yield region, clip, strips
            for strip in strips:
                # A strip that has been painted whole keeps itself there: some thousand objects a screen
                # that only a pass of the garbage collector would find, which takes tens of milliseconds.
                if (strip.cell_length,) in strip._divide_cache:
                    strip._divide_cache.clear()


class TellingCompositor(SparingCompositor):
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
