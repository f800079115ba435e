"""All blocks as one long column of lines, of which only what is looked at is ever drawn.

Knows nothing of widgets. Heights of blocks that were never drawn are estimates; they are corrected when
a block is drawn, and the place in view is kept as a block and a line in it, so that nothing jumps.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeGuard

from agent_tui.events.view import AnswerBlock, AnyBlock, SessionView, ThoughtBlock
from agent_tui.tui.markdown import Line
from agent_tui.tui.widgets.conversation.draw import (
    Body,
    Flow,
    Look,
    apart,
    can_open,
    draw,
    estimate,
    shown_as,
)
from agent_tui.tui.widgets.conversation.heights import Heights

LINES_KEPT = 6_000
"""Drawn lines kept in memory beyond what is in view."""

Row = tuple[int, int]
"""A block and a line of it; a line below 0 is the blank above the block."""


class _Entry:
    __slots__ = ("body", "exact", "gap", "kind", "opened")

    def __init__(self, kind: str, gap: int) -> None:
        self.kind = kind
        self.gap = gap
        self.body: Body | None = None
        self.exact = False
        self.opened = False


def _only_grows(block: AnyBlock) -> TypeGuard[AnswerBlock | ThoughtBlock]:
    # The first line of a thought says something else once it is done.
    return isinstance(block, AnswerBlock) or (
        isinstance(block, ThoughtBlock) and block.state == "streaming"
    )


class Transcript:
    """The column of lines of a session view."""

    def __init__(self, view: SessionView, look: Look) -> None:
        self.view = view
        self.look = look
        self._entries: list[_Entry] = []
        self._heights = Heights()
        self._drawn: OrderedDict[int, int] = OrderedDict()
        self._drawn_lines = 0
        self.rebuild()

    @property
    def total(self) -> int:
        return self._heights.total

    def __len__(self) -> int:
        return len(self._entries)

    def rebuild(self) -> None:
        """Starts over: another view, width or theme. What was opened stays open."""
        opened = {index for index, entry in enumerate(self._entries) if entry.opened}
        self._drawn.clear()
        self._drawn_lines = 0
        self._entries = []
        self._heights = Heights(self._enter_new())
        for index in opened:
            if index < len(self._entries):
                self._entries[index].opened = True

    def rebind(self, view: SessionView) -> None:
        """Shows another moment of the same session: blocks that are the same object stay drawn."""
        before, blocks = self.view.blocks, view.blocks
        self.view = view
        kept = min(len(self._entries), len(before), len(blocks))
        for index in range(kept, len(self._entries)):
            self._drop(index)
        other = [index for index in range(kept) if blocks[index] is not before[index]]
        del self._entries[kept:]
        self._heights = Heights(self._heights.first(kept))
        for index in other:
            # A text may have become shorter, so what was drawn of it is of no use.
            self._drop(index)
            entry = self._entries[index]
            entry.kind = shown_as(blocks[index])
            entry.opened = entry.opened and blocks[index].seq == before[index].seq
        for index in other:
            entry = self._entries[index]
            entry.gap = self._gap(index, entry.kind)
            height = estimate(blocks[index], self.look.width) if entry.kind else 0
            self._heights.set(index, entry.gap + height)
            self._regap_after(index)
        self.update(())

    def update(self, indices: Iterable[int]) -> None:
        """Takes in that these blocks are new or have changed."""
        known = len(self._entries)
        self._heights.extend(self._enter_new())
        for index in sorted(indices):
            if index < known:
                self._changed(index, self.view.blocks[index])

    def _enter_new(self) -> list[int]:
        """Enters the blocks that have come since; about how high each of them is."""
        heights: list[int] = []
        before = self._kind_before(len(self._entries))
        for block in self.view.blocks[len(self._entries) :]:
            kind = shown_as(block)
            gap = apart(before, kind) if kind else 0
            self._entries.append(_Entry(kind, gap))
            heights.append(gap + estimate(block, self.look.width) if kind else 0)
            before = kind or before
        return heights

    def _changed(self, index: int, block: AnyBlock) -> None:
        entry = self._entries[index]
        kind = shown_as(block)
        if kind != entry.kind:
            entry.kind = kind
            entry.gap = self._gap(index, kind)
            self._drop(index)
            self._heights.set(index, entry.gap + estimate(block, self.look.width) if kind else 0)
            self._regap_after(index)
        elif isinstance(entry.body, Flow) and _only_grows(block):
            entry.body.grow(block.text, block.state)
            self._measured(index, entry)
        elif entry.body is not None:
            self._drop(index)
        elif kind == "text":
            entry.exact = False
            self._heights.set(index, entry.gap + estimate(block, self.look.width))
        else:
            entry.exact = False

    def _gap(self, index: int, kind: str) -> int:
        return apart(self._kind_before(index), kind) if kind else 0

    def _kind_before(self, index: int) -> str:
        """Of the nearest block above that shows something; empty if there is none."""
        while index > 0:
            index -= 1
            if kind := self._entries[index].kind:
                return kind
        return ""

    def _regap_after(self, index: int) -> None:
        for after in range(index + 1, len(self._entries)):
            entry = self._entries[after]
            if entry.kind:
                gap = self._gap(after, entry.kind)
                self._heights.set(after, self._heights[after] + gap - entry.gap)
                entry.gap = gap
                return

    def _drop(self, index: int) -> None:
        self._entries[index].body = None
        self._entries[index].exact = False
        self._drawn_lines -= self._drawn.pop(index, 0)

    # Looking

    def measure(self, index: int) -> int:
        """The exact height of a block, drawn if it has to be."""
        entry = self._entries[index]
        if not entry.exact:
            if not entry.kind:
                entry.exact = True
                return 0
            self._body(index)
        return self._heights[index]

    def _body(self, index: int) -> Body:
        entry = self._entries[index]
        if entry.body is None:
            entry.body = draw(self.view.blocks[index], self.look, opened=entry.opened)
            self._measured(index, entry)
        return entry.body

    def _measured(self, index: int, entry: _Entry) -> None:
        height = entry.body.height if entry.body is not None else 0
        entry.exact = True
        self._drawn_lines += height - self._drawn.get(index, 0)
        self._drawn[index] = height
        self._heights.set(index, entry.gap + height)

    def line(self, row: Row) -> Line | None:
        """A line; None for a blank one between blocks."""
        index, at = row
        if at < 0:
            return None
        body = self._body(index)
        return body.line(at) if at < body.height else None

    def rows(self, index: int, offset: int, count: int) -> list[Row]:
        """``count`` rows from a line of a block on, or as many as there are."""
        result: list[Row] = []
        while len(result) < count and index < len(self._entries):
            height = self.measure(index)
            gap = self._entries[index].gap
            last = min(height, offset + count - len(result))
            result += [(index, at - gap) for at in range(offset, last)]
            index, offset = index + 1, 0
        for shown in {row[0] for row in result} & self._drawn.keys():
            self._drawn.move_to_end(shown)
        return result

    def back(self, index: int, offset: int, lines: int) -> Row:
        """The place ``lines`` above a place, in exact lines; the top if there are not as many."""
        while offset < lines:
            if index == 0:
                return 0, 0
            index -= 1
            offset += self.measure(index)
        return index, offset - lines

    def forth(self, index: int, offset: int, lines: int) -> None:
        """Makes the heights of the next ``lines`` exact."""
        lines += offset
        while lines > 0 and index < len(self._entries):
            lines -= self.measure(index)
            index += 1

    def evict(self, keep: tuple[int, int]) -> None:
        """Forgets what was drawn longest ago, except the blocks in view."""
        first, last = keep
        for index in list(self._drawn):
            if self._drawn_lines <= LINES_KEPT:
                return
            if not first <= index <= last:
                self._drawn_lines -= self._drawn.pop(index)
                self._entries[index].body = None

    def line_of(self, index: int, offset: int = 0) -> int:
        """The line, counted from the top, of a place."""
        return self._heights.before(index) + offset

    def find(self, line: int) -> Row:
        """The place of a line; on a block that is drawn now, its offset may be corrected."""
        index, offset = self._heights.find(line)
        if not self._entries:
            return 0, 0
        return index, min(offset, max(self.measure(index) - 1, 0))

    def gap(self, index: int) -> int:
        return self._entries[index].gap

    # Opening

    def is_shown(self, index: int) -> bool:
        return bool(self._entries[index].kind)

    def toggle(self, index: int) -> bool:
        """Opens or closes a block; false if there is nothing to open."""
        if not can_open(self.view.blocks[index]):
            return False
        entry = self._entries[index]
        entry.opened = not entry.opened
        self._drop(index)
        return True

    def is_open(self, index: int) -> bool:
        return self._entries[index].opened
