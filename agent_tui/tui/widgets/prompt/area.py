"""Textual's text area as a prompt needs it: no timer, a sign in front, safe text, placeholders whole."""

from __future__ import annotations

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import TextArea

from agent_tui.tui.widgets.prompt.pastes import Pastes, clean


class PromptArea(TextArea):
    """The text of a prompt and how it is drawn. What keys mean is the prompt's business."""

    DEFAULT_CSS = """
    PromptArea {
        height: auto;
        min-height: 1;
        max-height: 12;
        border: none;
        padding: 0 1;
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        &:focus { border: none; }
        & .text-area--cursor-line { background: transparent; }
        & .prompt--sign { color: $accent; text-style: bold; }
        & .prompt--sign-shell { color: $warning; text-style: bold; }
        & .prompt--paste { color: $accent; text-style: italic; }
    }
    """
    COMPONENT_CLASSES = {"prompt--sign", "prompt--sign-shell", "prompt--paste"}  # noqa: RUF012

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        self.pastes = Pastes()
        self._restyled = True
        super().__init__(
            id=id,
            soft_wrap=True,
            tab_behavior="focus",
            highlight_cursor_line=False,
            placeholder=placeholder,
        )
        self.cursor_blink = False

    # Text

    @property
    def expanded(self) -> str:
        """The whole text, with what placeholders stand for."""
        return self.pastes.expand(self.text)

    def edit(self, edit: Edit) -> EditResult:
        edit.text = clean(edit.text)
        return super().edit(edit)

    def load_text(self, text: str) -> None:
        super().load_text(self.pastes.shorten(clean(text)))
        self.move_cursor(self.document.end)

    async def on_paste(self, event: events.Paste) -> None:
        """A long paste is shown as a placeholder, whatever its size."""
        event.stop()
        event.prevent_default()
        text = self.pastes.shorten(clean(event.text))
        if result := self._replace_via_keyboard(text, *self.selection):
            self.move_cursor(result.end_location)
            self.focus()

    def action_delete_left(self) -> None:
        row, column = self.cursor_location
        for start, end in self.pastes.spans(self.document[row]) if self.selection.is_empty else ():
            if start < column <= end:
                self._delete_via_keyboard((row, start), (row, end))
                return
        super().action_delete_left()

    def action_delete_right(self) -> None:
        row, column = self.cursor_location
        for start, end in self.pastes.spans(self.document[row]) if self.selection.is_empty else ():
            if start <= column < end:
                self._delete_via_keyboard((row, start), (row, end))
                return
        super().action_delete_right()

    # Looks

    @property
    def is_shell(self) -> bool:
        """Whether the text is a shell command."""
        return self.document[0].startswith("!")

    @property
    def gutter_width(self) -> int:
        return 2

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        for start, end in self.pastes.spans(line.plain):
            line.stylize(self.get_component_rich_style("prompt--paste", partial=True), start, end)
        return line

    def render_line(self, y: int) -> Strip:
        """The sign stands before the first line of the text; the other lines are set in by as much."""
        if self.content_size.width < 1:  # Textual breaks the placeholder into rows of no width, and fails
            return Strip.blank(self.size.width, self.rich_style)
        strip = super().render_line(y)
        if y + self.scroll_offset.y:
            return Strip([Segment("  ", self.rich_style), *strip], strip.cell_length + 2)
        shell = self.is_shell
        style = self.get_component_rich_style("prompt--sign-shell" if shell else "prompt--sign")
        return Strip([Segment("$ " if shell else "❯ ", style), *strip], strip.cell_length + 2)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyled = True

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._restyled:
            self._restyled = False
            return super().render_lines(crop)
        # Textual's text area reads its styles again for every paint, which takes longer than the rest.
        return super(TextArea, self).render_lines(crop)

    def _watch_has_focus(self, focus: bool) -> None:
        self._line_cache.clear()  # it holds the line with the cursor as it was
        super()._watch_has_focus(focus)
