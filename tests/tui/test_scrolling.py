"""The quick scroll bar looks and works as Textual's own, and is drawn less often."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

from agent_tui.tui.widgets.scrolling import QuickScrollBar, QuickScrollView

LINES = 300


class Plain(ScrollView):
    def on_mount(self) -> None:
        self.virtual_size = Size(10, LINES)

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(f"{self.scroll_offset.y + y}")])


class Quick(Plain, QuickScrollView):
    pass


class Bars(App[None]):
    CSS = """
    Screen { layout: horizontal; }
    ScrollView { width: 1fr; scrollbar-size-vertical: 1; }
    """

    def compose(self) -> ComposeResult:
        yield Plain()
        yield Quick()

    @property
    def views(self) -> tuple[Plain, Quick]:
        return next(view for view in self.query(Plain) if type(view) is Plain), self.query_one(Quick)


def cells(bar: ScrollBar) -> list[tuple[str, str, str, object]]:
    """What is seen of a bar, and what a press on each cell does."""
    found = []
    for strip in bar.render_lines(bar.size.region):
        for text, style, _ in strip:
            assert style is not None
            ink, ground = style.color, style.bgcolor
            if style.reverse:
                ink, ground = ground, ink
            found.append((text, str(ink) if text.strip() else "", str(ground), style.meta))
    return found


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
async def test_it_looks_and_works_as_textuals_own(theme: str) -> None:
    app = Bars()
    async with app.run_test(size=(40, 20)) as pilot:
        app.theme = theme
        await pilot.pause()
        plain, quick = app.views
        assert type(plain.vertical_scrollbar) is ScrollBar
        assert type(quick.vertical_scrollbar) is QuickScrollBar
        for line in (0, 1, 7, 100, 199, LINES - 20):
            for view in (plain, quick):
                view.scroll_to(y=line, animate=False, immediate=True)
            await pilot.pause()
            assert cells(quick.vertical_scrollbar) == cells(plain.vertical_scrollbar)
            assert len(cells(quick.vertical_scrollbar)) == 20
        await pilot.click(quick.vertical_scrollbar, offset=(0, 0))  # above the thumb: a page up
        await pilot.pause()
        assert quick.scroll_offset.y < LINES - 20


async def test_it_is_drawn_anew_only_when_it_looks_different() -> None:
    app = Bars()
    async with app.run_test(size=(40, 20)) as pilot:
        _, quick = app.views
        bar = quick.vertical_scrollbar
        before = bar.render_lines(bar.size.region)
        bar.refresh()
        await pilot.pause()
        again = bar.render_lines(bar.size.region)
        assert all(one is other for one, other in zip(before, again, strict=True))
        bar.mouse_over = True
        assert bar.render_lines(bar.size.region) != before
        bar.mouse_over = False
        app.theme = "textual-light"
        await pilot.pause()
        assert bar.render_lines(bar.size.region) != before
