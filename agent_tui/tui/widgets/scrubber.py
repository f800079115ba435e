"""The bar of a replay: where it stands, what there is before and behind, and how it plays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from agent_tui.events.timeline import Mark, MarkKind
from agent_tui.safetext import visible
from agent_tui.tui.format import count
from agent_tui.tui.widgets.panel.text import cut

GLYPHS: dict[MarkKind, str] = {"run": "❯", "step": "·", "tool": "⚙", "error": "✗", "cancel": "■"}
"""What stands for a mark. Where several fall on one cell, the later in this table is shown."""
_WEIGHT = {kind: weight for weight, kind in enumerate(("step", "tool", "run", "error", "cancel"))}
_PLAYED, _HEAD, _AHEAD = "━", "●", "─"


@dataclass(frozen=True, slots=True)
class Position:
    """What the bar shows. Times are seconds.

    Attributes:
        clock: Playing time, of ``length`` in all.
        time: When the event was, since the epoch.
        what: The event's type.
        reading: The past is still being read.
    """

    seq: int = 0
    last: int = 0
    clock: float = 0.0
    length: float = 0.0
    time: float = 0.0
    what: str = ""
    playing: bool = False
    speed: float = 1.0
    reading: bool = False


class Scrubber(Widget):
    """Three lines: marks, the bar, and the position in words.

    A click or a drag asks to go somewhere; a click on a mark goes to just that.
    """

    class Wanted(Message):
        """The reader wants to be at event ``seq``."""

        def __init__(self, seq: int) -> None:
            super().__init__()
            self.seq = seq

    ALLOW_SELECT = False  # a drag moves along the bar; beginning to select would paint the whole screen
    COMPONENT_CLASSES = {  # noqa: RUF012
        *(f"scrubber--{kind}" for kind in GLYPHS),
        "scrubber--played",
        "scrubber--ahead",
        "scrubber--words",
        "scrubber--strong",
    }
    DEFAULT_CSS = """
    Scrubber {
        height: 3;
        padding: 0 1;
        background: $background;
        & > .scrubber--run { color: $text-primary; text-style: bold; }
        & > .scrubber--step { color: $text-muted; }
        & > .scrubber--tool { color: $text-secondary; }
        & > .scrubber--error { color: $text-error; text-style: bold; }
        & > .scrubber--cancel { color: $text-warning; }
        & > .scrubber--played { color: $primary; text-style: bold; }
        & > .scrubber--ahead { color: $foreground 40%; }
        & > .scrubber--words { color: $text-muted; }
        & > .scrubber--strong { color: $foreground; text-style: bold; }
        &:ansi > .scrubber--ahead { text-style: dim; }
        &:ansi > .scrubber--words { text-style: dim; }
        &:ansi > .scrubber--step { text-style: dim; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._at = Position()
        self._marks: Sequence[Mark] = ()
        self._columns: dict[int, Mark] = {}
        self._columns_of = (-1, -1, -1)
        self._mark_line: Strip | None = None
        self._dragged: int | None = None

    def show(self, at: Position, marks: Sequence[Mark]) -> None:
        """Draws a position; ``marks`` is read, and may have grown since."""
        self._marks = marks
        if at != self._at:
            self._at = at
            self.refresh()

    # Places

    def _width(self) -> int:
        return max(self.content_size.width, 1)

    def _column(self, seq: int) -> int:
        last, width = self._at.last, self._width()
        return 0 if last <= 1 else (seq - 1) * (width - 1) // (last - 1)

    def _seq(self, column: int) -> int:
        """The event at a column: that of its mark, else the first that falls on it."""
        last, width = self._at.last, self._width()
        column = min(max(column, 0), width - 1)
        if width <= 1 or last <= 1:
            return last
        return 1 + -(-column * (last - 1) // (width - 1))

    def _marks_by_column(self) -> dict[int, Mark]:
        key = (self._width(), self._at.last, len(self._marks))
        if key != self._columns_of:
            self._columns_of = key
            self._columns = {}
            self._mark_line = None
            for mark in self._marks:
                if mark.seq > self._at.last:
                    break
                column = self._column(mark.seq)
                there = self._columns.get(column)
                if there is None or _WEIGHT[mark.kind] > _WEIGHT[there.kind]:
                    self._columns[column] = mark
        return self._columns

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._mark_line = None

    def render_line(self, y: int) -> Strip:
        width = self._width()
        if y == 0:
            return self._line_of_marks(width)
        return self._strip(self._bar(width) if y == 1 else self._words(width), width)

    def _strip(self, segments: Sequence[Segment], width: int) -> Strip:
        base = self.rich_style
        strip = Strip([Segment(text, base + (style or base)) for text, style, _ in segments])
        return strip.adjust_cell_length(width, base)

    def _line_of_marks(self, width: int) -> Strip:
        """The marks' line; it is the same wherever the reader stands."""
        columns = self._marks_by_column()
        if self._mark_line is None:
            styles = {kind: self.get_component_rich_style(f"scrubber--{kind}") for kind in GLYPHS}
            segments = []
            at = 0
            for column in sorted(columns):
                kind = columns[column].kind
                segments += [Segment(" " * (column - at)), Segment(GLYPHS[kind], styles[kind])]
                at = column + 1
            self._mark_line = self._strip(segments, width)
        return self._mark_line

    def _bar(self, width: int) -> list[Segment]:
        played = self.get_component_rich_style("scrubber--played")
        ahead = self.get_component_rich_style("scrubber--ahead")
        if self._at.seq == 0:
            return [Segment(_AHEAD * width, ahead)]
        head = self._column(self._at.seq)
        return [
            Segment(_PLAYED * head + _HEAD, played),
            Segment(_AHEAD * (width - head - 1), ahead),
        ]

    def _words(self, width: int) -> list[Segment]:
        strong = self.get_component_rich_style("scrubber--strong")
        words = self.get_component_rich_style("scrubber--words")
        at = self._at
        if at.reading:
            return [Segment(f"reading … {count(at.last)} events", words)]
        state = f"▶ {speed_text(at.speed)}" if at.playing else "‖ paused"
        parts = [
            f"event {count(at.seq)} of {count(at.last)}",
            f"{clock_text(at.clock)} / {clock_text(at.length)}",
            at.what,
            f"{datetime.fromtimestamp(at.time).astimezone():%Y-%m-%d %H:%M:%S}" if at.time else "",
        ]
        if not at.playing and at.speed != 1.0:
            state += f" {speed_text(at.speed)}"
        segments = [Segment(state, strong)]
        used = cell_len(state)
        for part in filter(None, parts):
            text = f"   {part}"
            if used + cell_len(text) > width:
                break
            segments.append(Segment(text, words))
            used += cell_len(text)
        here = self._marks_by_column().get(self._column(at.seq))
        if here is not None and here.seq == at.seq and width - used > 12:
            label = f"   {GLYPHS[here.kind]} {visible(here.label, newlines=False)}"
            style = self.get_component_rich_style(f"scrubber--{here.kind}")
            segments.append(Segment(cut(label, width - used), style))
        return segments

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        inside = event.get_content_offset(self)
        if event.button != 1 or inside is None or inside.y > 1:
            return
        event.stop()
        self.capture_mouse()
        mark = self._marks_by_column().get(inside.x) if inside.y == 0 else None
        self._want(mark.seq if mark is not None else self._seq(inside.x))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged is not None:
            event.stop()
            self._want(self._seq(event.x - self.gutter.left))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._dragged is not None:
            event.stop()
            self._dragged = None
            self.release_mouse()

    def _want(self, seq: int) -> None:
        if seq != self._dragged:
            self._dragged = seq
            self.post_message(self.Wanted(seq))


def speed_text(speed: float) -> str:
    """``0.5×``, ``4×``, ``max``."""
    return "max" if math.isinf(speed) else f"{speed:g}×"


def clock_text(seconds: float) -> str:
    """``0:03.2``, ``12:40.0``, ``1:02:03``."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    if minutes >= 60:
        return f"{int(minutes) // 60}:{int(minutes) % 60:02d}:{int(rest):02d}"
    tenths = int(rest * 10)
    return f"{int(minutes)}:{tenths // 10:02d}.{tenths % 10}"
