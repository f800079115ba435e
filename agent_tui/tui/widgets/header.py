"""The line at the top: what this session is, on which model, and what it is doing right now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from agent_tui.safetext import visible

CLOCK_HZ = 4
"""How often the elapsed time is drawn while something runs; nothing ticks otherwise."""

_STATES = {
    "starting": ("◌", "starting", "$text-muted"),
    "idle": ("○", "ready", "$text-muted"),
    "running": ("●", "running", "$success"),
    "waiting": ("◆", "waiting for you", "$warning"),
    "asking": ("◆", "waiting for an answer", "$warning"),
    "cancelling": ("◌", "stopping", "$warning"),
    "closing": ("◌", "closing", "$warning"),
    "offline": ("◌", "no connection", "$error"),
    "cut_off": ("✗", "cut off", "$error"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """What the header shows.

    Attributes:
        status: A session status, or ``starting``, ``closing``, ``offline``, ``cut_off``: nothing more will
            be seen of it, and ``asking``: it waits for somebody at another screen.
        started: When the run began, seconds since the epoch; None when none is going.
        step: The run's step, 0 before the first.
        at: The moment that is shown, seconds since the epoch; None goes by the clock.
    """

    title: str = ""
    model: str = ""
    status: str = "starting"
    started: float | None = None
    step: int = 0
    max_steps: int = 0
    at: float | None = None


class HeaderBar(Widget):
    """One line. Its clock runs only while a run does.

    Args:
        now: The wall clock, seconds since the epoch.
    """

    DEFAULT_CSS = """
    HeaderBar { height: 1; padding: 0 1; background: $panel; color: $foreground; }
    """

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._head = Head()
        self._clock: Timer | None = None

    def show(self, head: Head) -> None:
        """Draws ``head`` if it differs from what is there."""
        if head == self._head:
            return
        self._head = head
        ticking = head.started is not None and head.at is None
        if ticking and self._clock is None:
            self._clock = self.set_interval(1 / CLOCK_HZ, self.refresh)
        elif not ticking and self._clock is not None:
            self._clock.stop()
            self._clock = None
        self.refresh()

    def render(self) -> Content:
        head, width = self._head, self.size.width
        right = self._right(width)
        name = "agent-tui"
        room = width - right.cell_length - 2
        if room < len(name):
            return right
        title = visible(head.title, newlines=False)
        room -= len(name) + 3
        if room < 4:
            title = ""
        elif cell_len(title) > room:
            title = set_cell_size(title, room - 1) + "…"
        left = Content.assemble((name, "bold $primary"), "   " if title else "", (title, "$foreground"))
        gap = max(1, width - left.cell_length - right.cell_length)
        return Content.assemble(left, " " * gap, right)

    def _right(self, width: int) -> Content:
        head = self._head
        glyph, word, style = _STATES[head.status]
        if head.started is not None and head.status != "cancelling":
            now = self._now() if head.at is None else head.at
            word += " " + elapsed(now - head.started)
        parts: list[Content | str | tuple[str, str]] = []
        model = visible(head.model, newlines=False)
        if width >= 70 and model:
            parts += [(model, "$text-muted"), "   "]
        parts.append((f"{glyph} {word}", style))
        if head.step and head.started is not None:
            limit = f"/{head.max_steps}" if head.max_steps else ""
            parts += ["   ", (f"step {head.step}{limit}", "$text-muted")]
        return Content.assemble(*parts)


def elapsed(seconds: float) -> str:
    """``3.2s``, ``1m 04s``, ``2h 05m``; the tenths keep an eye on whether it still moves."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    return f"{minutes // 60}h {minutes % 60:02d}m"
