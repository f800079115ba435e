"""The conversation: what a reader does in the transcript, by keys and by mouse."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.selection import Selection

from agent_tui.tui.widgets.conversation.draw import source_of
from agent_tui.tui.widgets.conversation.selection import row_id, selected_text
from agent_tui.tui.widgets.conversation.view import TranscriptView


class Conversation(TranscriptView, can_focus=True):
    """The session's blocks, to be read, opened, selected and copied."""

    ALLOW_SELECT = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "by(-1)", "Up", show=False, id="conversation.up"),
        Binding("down,j", "by(1)", "Down", show=False, id="conversation.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="conversation.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="conversation.page_down"),
        Binding("home,g", "top", "Top", show=False, id="conversation.top"),
        Binding("end,G", "follow_end", "End", show=False, id="conversation.end"),
        Binding("ctrl+up,K", "step(-1)", "Block above", show=False, id="conversation.previous"),
        Binding("ctrl+down,J", "step(1)", "Block below", show=False, id="conversation.next"),
        Binding("enter,space", "open_block", "Open", show=False, id="conversation.toggle"),
        Binding("y", "copy_block", "Copy block", show=False, id="conversation.copy"),
    ]

    class SpanPicked(Message):
        """The reader went to a block that shows a span."""

        def __init__(self, span_id: str) -> None:
            super().__init__()
            self.span_id = span_id

    class Copied(Message):
        """The reader asks for a block's source text on the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    # Blocks

    def scroll_to_span(self, span_id: str) -> None:
        """Brings the block that shows a span into view, and marks it."""
        index = self._block_of(span_id)
        transcript = self._ready()
        if index is None or transcript is None:
            return
        self._mark(index)
        if not any(row[0] == index and row[1] == 0 for row in self._rows):
            self.following = False
            self._anchor = transcript.back(index, transcript.gap(index), self._height() // 3)
        self._place()

    def toggle_block(self, index: int) -> None:
        """Opens a tool call, a thought or a long prompt in place, or closes it.

        What opens is brought into view as far as it fits; its first row stays on the screen.
        """
        transcript = self._ready()
        if transcript is None or not 0 <= index < len(transcript) or not transcript.toggle(index):
            return
        if self.following and self._rows:
            self.following = False
        if transcript.is_open(index):
            first = (index, transcript.gap(index))
            whole = transcript.back(index, transcript.measure(index), self._height())
            self._anchor = min(max(self._anchor, whole), first)
        self._place(resume=True)

    def _block_of(self, span_id: str) -> int | None:
        span = self._view.spans.get(span_id)
        if span is None:
            return None
        while span.block is None:
            parent = self._view.spans.get(span.parent_id or "")
            if parent is None:
                return None
            span = parent
        return span.block

    # Selecting

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The source text of what is selected."""
        transcript = self._ready()
        return None if transcript is None else (selected_text(transcript, selection), "\n")

    def text_select_all(self) -> None:
        """A double click: selects the block that was clicked, not the whole conversation."""
        transcript = self._ready()
        if transcript is None or self.cursor is None or not transcript.is_shown(self.cursor):
            return
        last = transcript.measure(self.cursor) - transcript.gap(self.cursor) - 1
        line = transcript.line((self.cursor, last))
        start = Offset(0, row_id((self.cursor, 0)))
        end = Offset(len(line.text) if line is not None else 0, row_id((self.cursor, last)))
        self.screen.selections = {self: Selection(start, end)}

    def selection_updated(self, _selection: Selection | None) -> None:
        self._place()

    # Keys and clicks

    def on_click(self, event: events.Click) -> None:
        if self.text_selection is not None or not 0 <= event.y < len(self._rows):
            return
        index, at = self._rows[event.y]
        if at < 0:
            return
        self._go(index)
        if at == 0:
            self.toggle_block(index)

    def action_by(self, lines: int) -> None:
        """Scrolls by lines."""
        transcript = self._ready()
        if transcript is None:
            return
        index, offset = self._anchor
        if lines < 0:
            self.following = False
            self._anchor = transcript.back(index, offset, -lines)
        else:
            transcript.forth(index, offset, lines + self._height())
            self._anchor = transcript.find(transcript.line_of(index, offset) + lines)
        self._place(resume=lines > 0)

    def action_page(self, pages: int) -> None:
        """Scrolls by pages, keeping two lines in view."""
        self.action_by(pages * max(self._height() - 2, 1))

    def action_top(self) -> None:
        """Goes to the beginning."""
        self.following = False
        self._anchor = (0, 0)
        self._place()

    def action_follow_end(self) -> None:
        self.follow_end()

    def action_step(self, direction: int) -> None:
        """Moves the cursor to the next block that shows something."""
        transcript = self._ready()
        if transcript is None or not self._rows:
            return
        if self.cursor is None:
            index = self._rows[-1][0] if direction < 0 else self._rows[0][0]
        else:
            index = self.cursor + direction
        while 0 <= index < len(transcript) and not transcript.is_shown(index):
            index += direction
        if not 0 <= index < len(transcript):
            return
        self._go(index)
        if not any(row == (index, 0) for row in self._rows):
            self.following = False
            above = self._height() // 3 if direction < 0 else 2 * self._height() // 3
            self._anchor = transcript.back(index, transcript.gap(index), above)
            self._place(resume=direction > 0)

    def action_open_block(self) -> None:
        """Opens or closes the block under the cursor."""
        if self.cursor is not None:
            self.toggle_block(self.cursor)

    def action_copy_block(self) -> None:
        """Asks for the marked block's source on the clipboard."""
        if self.cursor is not None and self.cursor < len(self._view.blocks):
            self.post_message(self.Copied(source_of(self._view.blocks[self.cursor])))

    def _go(self, index: int) -> None:
        self._mark(index)
        self._place()
        span = self._view.blocks[index].span_id
        if span is not None:
            self.post_message(self.SpanPicked(span))
