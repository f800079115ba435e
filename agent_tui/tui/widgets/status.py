"""Around the prompt: figures of the session, messages that wait, and what the program has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from agent_tui.safetext import visible
from agent_tui.tui.format import count, money, plural, short_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_tui.events.view import Queued

Level = Literal["info", "success", "warning", "error"]
_MARKS = {
    "info": ("i", "$accent"),
    "success": ("✓", "$success"),
    "warning": ("!", "$warning"),
    "error": ("✗", "$error"),
}
NOTICES_SHOWN = 4
FIGURES_STEP = 8
QUEUE_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What the session has used. ``context`` is the share of the model's window, None if unknown."""

    tokens: int = 0
    cost_usd: float | None = None
    context: float | None = None


class FiguresBar(Widget):
    """Tokens, cost and context, right of the prompt. Nothing used, nothing shown."""

    DEFAULT_CSS = """
    FiguresBar { width: auto; height: 1; padding: 0 1; color: $text-muted; text-align: right; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._figures = Figures()

    def show(self, figures: Figures) -> None:
        if figures != self._figures:
            before = self._width()
            self._figures = figures
            self.refresh(layout=self._width() != before)

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        return self._width()

    def _width(self) -> int:
        """In steps where there is room, so that the line is not laid out anew for every digit."""
        step = FIGURES_STEP if self.app.size.width >= 80 else 1
        return -(-self.render().cell_length // step) * step

    def render(self) -> Content:
        figures = self._figures
        if not figures.tokens:
            return Content()
        narrow = self.app.size.width < 80
        parts = [short_count(figures.tokens) if narrow else f"{count(figures.tokens)} tok"]
        if figures.cost_usd is not None:
            parts.append(money(figures.cost_usd))
        if figures.context is not None:
            parts.append(f"ctx {figures.context:.0%}")
        return Content((" " if narrow else "  ").join(parts))


class NoticeBar(Widget):
    """Sentences for the person, newest last; they stay until something new is done."""

    DEFAULT_CSS = """
    NoticeBar { height: auto; max-height: 6; padding: 0 1; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._notices: list[tuple[Level, str]] = []

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self._notices]

    def add(self, level: Level, text: str) -> None:
        """Shows one more sentence; one that is already there is moved to the end."""
        notice = (level, text)
        self._notices = [*(other for other in self._notices if other != notice), notice][-NOTICES_SHOWN:]
        self._changed()

    def clear(self) -> bool:
        """Takes all away; false if there were none."""
        had = bool(self._notices)
        if had:
            self._notices = []
            self._changed()
        return had

    def _changed(self) -> None:
        self.display = bool(self._notices)
        self.refresh(layout=True)

    def render(self) -> Content:
        lines = []
        for level, text in self._notices:
            mark, style = _MARKS[level]
            colour = "$text-muted" if level == "info" else "$foreground"
            lines.append(Content.assemble((mark, f"bold {style}"), " ", (visible(text), colour)))
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.clear()


class QueueStrip(Widget):
    """Messages that wait for the run to end. A click takes one back into the prompt."""

    class TakeBack(Message):
        """A queued message is wanted back."""

        def __init__(self, prompt_id: str) -> None:
            super().__init__()
            self.prompt_id = prompt_id

    DEFAULT_CSS = """
    QueueStrip { height: auto; max-height: 5; padding: 0 1; display: none; color: $text-muted; }
    QueueStrip:hover { color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._queue: list[Queued] = []
        self._steers: list[str] = []
        self._hint = ""

    def show(self, queue: Sequence[Queued], steers: Sequence[str], hint: str) -> None:
        """Draws what waits; ``hint`` names the key that takes the last one back."""
        if (list(queue), list(steers), hint) == (self._queue, self._steers, self._hint):
            return
        self._queue, self._steers, self._hint = list(queue), list(steers), hint
        self.display = bool(self._queue or self._steers)
        self.refresh(layout=True)

    def render(self) -> Content:
        width = max(10, self.size.width)
        lines = [
            _line("↪", "to be told at its next step", text, width) for text in self._steers[-QUEUE_SHOWN:]
        ]
        hidden = len(self._queue) - QUEUE_SHOWN
        if hidden > 0:
            lines.append(Content.styled(f"⋯ {hidden} more before these", "$text-muted"))
        shown = self._queue[-QUEUE_SHOWN:]
        for queued in shown:
            what = f"queued · {self._hint}" if queued is shown[-1] and self._hint else "queued"
            lines.append(_line("⏎", what, queued.text, width))
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        first = len(self._steers[-QUEUE_SHOWN:]) + (1 if len(self._queue) > QUEUE_SHOWN else 0)
        shown = self._queue[-QUEUE_SHOWN:]
        if first <= event.y < first + len(shown):
            self.post_message(self.TakeBack(shown[event.y - first].prompt_id))


def _line(mark: str, what: str, text: str, width: int) -> Content:
    first, *rest = text.strip().split("\n")
    head = Content.assemble((mark, "bold $accent"), " ", (visible(first, newlines=False), "$foreground"))
    more = f" … +{plural(len(rest), 'line')}" if rest else ""
    tail = Content.styled(f"{more}  {what}", "$text-muted")
    return head.truncate(max(4, width - tail.cell_length), ellipsis=True) + tail
