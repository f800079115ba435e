"""A view of titled sections that fold, scroll and can be copied, however long they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from agent_tui.tui.widgets.panel.lines import LineView
from agent_tui.tui.widgets.panel.messages import CopyRequested
from agent_tui.tui.widgets.panel.sections import Layout, Section
from agent_tui.tui.widgets.panel.text import Piece


class DocumentView(LineView):
    """Shows sections. ``c`` copies the one under the cursor, ``y`` copies them all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "fold", "Fold or unfold the section", show=False, id="panel.fold"),
        Binding("c", "copy_section", "Copy the section", id="panel.copy"),
        Binding("y", "copy_all", "Copy all sections", show=False, id="panel.copy_all"),
        Binding("n", "jump(1)", "Next section", show=False, id="panel.next_section"),
        Binding("p", "jump(-1)", "Previous section", show=False, id="panel.previous_section"),
    ]
    follows_scrolling = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.following = False
        self.layout_of = Layout()
        self._sections: Sequence[Section] = ()
        self._live = False

    def show_sections(self, sections: Sequence[Section], *, keep_place: bool, live: bool = False) -> None:
        """Shows ``sections``; with ``keep_place`` the reader stays where they are.

        While they are ``live`` the end is kept in view, unless the reader has scrolled up.
        """
        self._sections = sections
        if not keep_place or not live:
            self.following = live
        elif not self._live:
            self.following = self.cursor is None and self.scroll_offset.y == 0
        self._live = live
        if not keep_place:
            self.cursor = None
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
        if self.shown:
            self._arrange()
            self.redraw()

    def catch_up(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        self.layout_of.arrange(self._sections, self.row_width)
        self.set_count(self.layout_of.count)

    def on_resize(self) -> None:
        if self.shown and self.layout_of.width != self.row_width:
            self._arrange()
            self.redraw()

    def pieces(self, row: int, width: int) -> list[Piece]:  # noqa: ARG002
        return self.layout_of.pieces(row) if row < self.layout_of.count else []

    def current(self) -> Section | None:
        """The section under the cursor, or the first one on the screen."""
        row = self.cursor if self.cursor is not None else self.scroll_offset.y
        return self.layout_of.section_at(row)

    def main_section(self, *titles: str) -> Section | None:
        """The main section, else the first one there is that has one of ``titles``, in their order."""
        if (main := next((section for section in self._sections if section.main), None)) is not None:
            return main
        by_title = {section.title: section for section in self._sections}
        return next((by_title[title] for title in titles if title in by_title), None)

    def copy(self, section: Section) -> None:
        self.post_message(CopyRequested(as_copied(section), section.title or "details"))

    def action_copy_section(self) -> None:
        section = self.current()
        if section is not None:
            self.copy(section)

    def action_copy_all(self) -> None:
        if self._sections:
            parts = [
                f"{section.title}\n{as_copied(section)}" if section.title else as_copied(section)
                for section in self._sections
            ]
            self.post_message(CopyRequested("\n\n".join(parts), "details"))

    def action_fold(self) -> None:
        section = self.current()
        if section is None or not section.title:
            return
        self.layout_of.toggle(section)
        self.set_count(self.layout_of.count)
        self.move_cursor(self.layout_of.start_of(section))
        self.redraw()

    def action_jump(self, by: int) -> None:
        section = self.current()
        if section is None:
            return
        sections = list(self._sections)
        index = max(0, min(len(sections) - 1, sections.index(section) + by))
        self.move_cursor(self.layout_of.start_of(sections[index]), by_reader=True)

    def clicked(self, row: int, x: int) -> None:  # noqa: ARG002
        if self.layout_of.is_heading(row):
            self.action_fold()


def as_copied(section: Section) -> str:
    """What the clipboard gets: the text itself, as it was, not as it is shown."""
    text = section.source()
    return text.replace("\t", ": ") if section.mode == "facts" else text
