"""Markdown text that grows, and the screen lines it makes."""

from __future__ import annotations

from agent_tui.safetext import visible
from agent_tui.tui.markdown.blocks import LINE_LIMIT, Blocks
from agent_tui.tui.markdown.lines import Line
from agent_tui.tui.markdown.styles import MarkdownStyles


class MarkdownStream:
    """Feeds text in pieces of any size; the cost of a piece does not depend on what came before.

    What is final does not depend on how the text was cut into pieces. Foreign text is made visible
    here: nothing in ``lines`` can act on the terminal.

    Attributes:
        final: Lines that will not change any more.
        tail: Lines of what is still open.
        taken: Characters fed so far.
    """

    def __init__(self, width: int, styles: MarkdownStyles) -> None:
        self._blocks = Blocks(width, styles)
        self._partial = ""
        self._held = ""
        self._long = False
        self._closed = False
        self.taken = 0
        self.tail: list[Line] = []

    @property
    def final(self) -> list[Line]:
        return self._blocks.out

    @property
    def height(self) -> int:
        return len(self._blocks.out) + len(self.tail)

    def line(self, at: int) -> Line:
        """The line at ``at``, counted from the first."""
        done = self._blocks.out
        return done[at] if at < len(done) else self.tail[at - len(done)]

    def lines(self) -> list[Line]:
        return [*self._blocks.out, *self.tail]

    def feed(self, text: str) -> None:
        """Takes in more text; ``show`` brings ``tail`` up to date."""
        self.taken += len(text)
        text = self._held + text
        self._held = ""
        if text.endswith("\r"):
            text, self._held = text[:-1], "\r"
        self._take(visible(text))

    def show(self) -> None:
        """Brings ``tail`` up to date. Lines that look as before stay the same objects."""
        if self._closed:
            return
        partial = "" if self._long else self._partial.expandtabs(4)
        fresh = self._blocks.tail(partial)
        for at, (old, new) in enumerate(zip(self.tail, fresh, strict=False)):
            if old.same(new):
                fresh[at] = old
        self.tail = fresh

    def close(self) -> None:
        """The text is complete."""
        if self._closed:
            return
        if self._held:
            held, self._held = self._held, ""
            self._take(visible(held))
        if self._partial:
            self._blocks.line(self._partial.expandtabs(4))
            self._partial = ""
        self._blocks.close()
        self._closed = True
        self.tail = []

    def _take(self, text: str) -> None:
        head, feed, rest = text.partition("\n")
        self._more(head)
        if not feed:
            return
        self._end_line()
        *whole, last = rest.split("\n")
        for line in whole:
            self._more(line)
            self._end_line()
        self._more(last)

    def _more(self, text: str) -> None:
        if self._long:
            self._blocks.more(text.replace("\t", "    "))
            return
        self._partial += text
        if len(self._partial) >= LINE_LIMIT:
            line, rest = self._partial[:LINE_LIMIT], self._partial[LINE_LIMIT:]
            self._partial, self._long = "", True
            self._blocks.line(line.expandtabs(4)[: LINE_LIMIT * 2])
            self._blocks.more(rest.replace("\t", "    "))

    def _end_line(self) -> None:
        if not self._long:
            self._blocks.line(self._partial.expandtabs(4))
        self._partial, self._long = "", False
