"""Views that give a screen the rows they keep, and a scroll bar that keeps its own."""

from __future__ import annotations

from rich.style import Style
from textual.geometry import Region
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip
from textual.widget import Widget


def painted(widget: Widget, strips: list[Strip], crop: Region) -> list[Strip]:
    """Whole rows of ``widget`` as Textual wants them: through its filters, and no more than ``crop``."""
    if filters := widget.get_line_filters():
        background = widget.background_colors[1]
        for line_filter in filters:
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
    if crop.x or crop.width < widget.size.width:
        strips = [strip.crop(crop.x, crop.right) for strip in strips]
    return strips


def selection_look(screen: Screen[object]) -> Style:
    """What a selection by mouse adds to the text under it: a ground, and an ink if the theme has one.

    Most themes have none, and the whole style's ink is then its ground's colour, in which nobody can read.
    """
    name = "screen--selection"
    ink = screen.get_component_rich_style(name, partial=True).color
    return Style(color=ink, bgcolor=screen.get_component_rich_style(name).bgcolor)


class QuickScrollBar(ScrollBar):
    """A vertical scroll bar that is drawn once as long as it looks the same, and then from few strips.

    Textual draws one as any other content, row by row through all its styles: a millisecond, for three
    columns of blanks that come along with every change of a whole screen.
    """

    def __init__(self, *, name: str, thickness: int) -> None:
        super().__init__(vertical=True, name=name, thickness=thickness)
        self._rows: list[Strip] = []
        self._rows_of: tuple[object, ...] = ()

    def render_lines(self, crop: Region) -> list[Strip]:
        bar = self.render()
        assert isinstance(bar, ScrollBarRender)
        looks = (self.size, bar.virtual_size, bar.window_size, bar.position, bar.style)
        if looks != self._rows_of:
            self._rows, self._rows_of = self._drawn(bar), looks
        return painted(self, self._rows[crop.y : crop.bottom], crop)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._rows_of = ()

    def _drawn(self, bar: ScrollBarRender) -> list[Strip]:
        width, height = self.size
        style = self.app.console.get_style(bar.style)
        assert style.color is not None
        assert style.bgcolor is not None
        cells = bar.render_bar(
            size=height,
            virtual_size=bar.virtual_size,
            window_size=bar.window_size,
            position=bar.position,
            thickness=width,
            back_color=style.bgcolor,
            bar_color=style.color,
        ).segments
        base = self.rich_style
        strips = {cell: Strip([cell], width).apply_style(base) for cell in set(cells)}
        return [strips[cell] for cell in cells]


class QuickScrollView(ScrollView):
    """A view that scrolls, with a bar that is soon drawn."""

    @property
    def select_container(self) -> Widget:
        """What a third click chooses: of this view, not also what stands beside it or under it unseen."""
        return self

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The bar, made when it is first asked for."""
        if self._vertical_scrollbar is None:
            bar = QuickScrollBar(name="vertical", thickness=self.scrollbar_size_vertical)
            bar.display = False
            self._vertical_scrollbar = bar
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar
