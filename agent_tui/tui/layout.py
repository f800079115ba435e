"""What has been laid out on a screen: every widget hears of it, and what cannot be seen is not painted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual._compositor import ChopsUpdate, Compositor, ReflowResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget


class SparingCompositor(Compositor):
    """Asks only those widgets for their lines that show where something is painted.

    Textual asks all that could reach the rectangle around it all, behind one another: with each word of
    an answer its container would be drawn, the container of that, and the whole screen under it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._changed: Sequence[Region] = ()

    def render_partial_update(self) -> ChopsUpdate | None:
        self._changed = _joined(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._changed = ()

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        asked = self._changed or [crop or self.size.region]
        in_front: list[Region] = []
        for widget, (region, clip) in self.visible_widgets.items():  # from the front to the back
            shown = region.intersection(clip)
            wanted = [part for place in asked if (part := shown.intersection(place))]
            if all(any(other.contains_region(part) for other in in_front) for part in wanted):
                continue
            in_front.append(shown)
            strips = widget.render_lines(shown.translate(-region.offset))
            yield region, clip, strips
            for strip in strips:
                # A strip that has been painted whole keeps itself there: some thousand objects a screen
                # that only a pass of the garbage collector would find, which takes tens of milliseconds.
                if (strip.cell_length,) in strip._divide_cache:
                    strip._divide_cache.clear()


def _joined(regions: Iterable[Region]) -> list[Region]:
    """The same places in fewer regions: rows below each other are one."""
    joined: list[Region] = []
    for region in sorted(regions, key=lambda region: (region.x, region.width, region.y)):
        last = joined[-1] if joined else None
        if last and (last.x, last.width) == (region.x, region.width) and region.y <= last.bottom:
            joined[-1] = last.union(region)
        else:
            joined.append(region)
    return joined


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
