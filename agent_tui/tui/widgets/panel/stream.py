"""The raw stream: one line per event, with a filter, and one event's JSON on demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from agent_tui.events import codec
from agent_tui.events.types import Event, LlmDelta
from agent_tui.tui import format as fmt
from agent_tui.tui.widgets.panel.document import DocumentView
from agent_tui.tui.widgets.panel.lines import LineView
from agent_tui.tui.widgets.panel.sections import Section
from agent_tui.tui.widgets.panel.store import EventStore
from agent_tui.tui.widgets.panel.summary import summary_of
from agent_tui.tui.widgets.panel.text import Piece, cut, one_line, pretty

_PERIOD_S = 0.1
"""New events are drawn at most this often."""
_TYPE = 17
_STYLES = {"llm": "llm", "tool": "tool", "run": "run", "final": "ok", "cancel": "warn", "approval": "warn"}


@dataclass(slots=True)
class EventRow:
    """A line of the stream: one event, or a row of deltas that came one after the other."""

    event: Event
    last: int
    count: int = 1
    chars: int = 0
    words: str | None = None

    def summary(self) -> str:
        if self.words is None:
            self.words = summary_of(self.event)
        return self.words


class EventList(LineView):
    """The lines of the stream. It keeps to the end unless the reader scrolled up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Show the event as JSON", show=False, id="panel.open_event"),
        Binding("d", "deltas", "Deltas one by one, or together", show=False, id="panel.deltas"),
        Binding("slash", "filter", "Filter by type or text", show=False, id="panel.filter"),
    ]

    class Opened(Message):
        """The reader wants to see a line's events in full."""

        def __init__(self, row: EventRow) -> None:
            self.row = row
            super().__init__()

    class FilterWanted(Message):
        """The reader wants to type a filter."""

    def __init__(self, store: EventStore, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows: list[EventRow] = []
        self._store = store
        self._taken = 0
        self._wanted = ""
        self._group = True
        self._timer: Timer | None = None

    # Events

    def arrived(self) -> None:
        """The store has grown: draws that soon, if the list is on the screen."""
        if self.shown and self._timer is None:
            self._timer = self.set_timer(_PERIOD_S, self._due)

    def again(self) -> None:
        """The store or the filter is another one: makes every line anew."""
        self.rows.clear()
        self._taken = 0
        if self.shown:
            self.catch_up()

    def catch_up(self) -> None:
        before = len(self.rows)
        grown = self._take_new()
        gone = self._drop_old()
        self.set_count(len(self.rows))
        if gone or len(self.rows) != before:
            self.redraw()
        elif grown:
            self.redraw(len(self.rows) - 1)

    def gone(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        self.catch_up()

    def _take_new(self) -> bool:
        events = self._store.between(self._taken + 1, 1 << 60) if self._taken else self._store.events
        if not events:
            return False
        for event in events:
            self._add(event)
        self._taken = events[-1].seq
        return True

    def _add(self, event: Event) -> None:
        row = EventRow(event, event.seq, chars=len(event.text) if isinstance(event, LlmDelta) else 0)
        if self._wanted and self._wanted not in event.type and self._wanted not in row.summary().lower():
            return
        if isinstance(event, LlmDelta) and self._group:
            last = self.rows[-1] if self.rows else None
            if (
                last is not None
                and isinstance(last.event, LlmDelta)
                and last.event.span_id == event.span_id
                and last.event.channel == event.channel
                and (last.last == event.seq - 1 or bool(self._wanted))
            ):
                last.last, last.count = event.seq, last.count + 1
                last.chars += len(event.text)
                return
        self.rows.append(row)

    def _drop_old(self) -> int:
        """Forgets the lines whose events the store has let go; the reader's place stays."""
        oldest = self._store.first_seq
        over = 0
        while over < len(self.rows) and self.rows[over].last < oldest:
            over += 1
        if over:
            del self.rows[:over]
            if self.cursor is not None:
                self.cursor = max(0, self.cursor - over)
            if not self.following:
                self.scroll_to(
                    y=max(0, self.scroll_offset.y - over), animate=False, immediate=True, force=True
                )
        return over

    # What the reader asks for

    def set_filter(self, text: str) -> None:
        self._wanted = text.strip().lower()
        self.cursor = None
        self.following = True
        self.again()
        self.redraw()

    def action_open(self) -> None:
        row = self.cursor if self.cursor is not None else len(self.rows) - 1
        if 0 <= row < len(self.rows):
            self.post_message(self.Opened(self.rows[row]))

    def action_deltas(self) -> None:
        """Shows every delta on a line of its own, or together again."""
        self._group = not self._group
        self.cursor = None
        self.again()
        self.redraw()

    def action_filter(self) -> None:
        self.post_message(self.FilterWanted())

    # Drawing

    def pieces(self, row: int, width: int) -> list[Piece]:
        if row >= len(self.rows):
            return []
        item = self.rows[row]
        event = item.event
        kind = event.type
        digits = max(4, len(str(self.rows[-1].last)))
        pieces: list[Piece] = [(f"{event.seq:>{digits}} ", "dim")]
        if width >= 56:
            pieces.append((_time(event.ts), "dim"))
        style = "error" if kind.endswith("error") else _STYLES.get(kind.partition("_")[0], "name")
        pieces.append((f"{cut(kind, _TYPE):<{_TYPE}} " if width >= 40 else f"{kind} ", style))
        if item.count > 1:
            pieces.append((f"×{fmt.count(item.count)}  {fmt.count(item.chars)} chars  ", "dim"))
        pieces.append((item.summary(), "" if item.count == 1 else "dim"))
        return pieces


class EventsTab(Vertical):
    """The stream, its filter, and the event that was opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close the event, or the filter", show=False, id="panel.close_event"),
    ]
    DEFAULT_CSS = """
    EventsTab {
        & > #event-filter { display: none; height: 1; border: none; padding: 0 1; }
        & > #event-filter.-open { display: block; }
        & > #event-json { display: none; border-top: solid $foreground 20%; }
        & > #event-json.-open { display: block; }
    }
    """

    def __init__(self, store: EventStore, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._store = store
        self.list = EventList(store, id="event-list")
        self.json = DocumentView(id="event-json")
        self.filter = Input(placeholder="type or text", id="event-filter", compact=True)

    def compose(self) -> ComposeResult:
        yield self.filter
        yield self.list
        yield self.json

    @on(EventList.FilterWanted)
    def _open_filter(self) -> None:
        self.filter.add_class("-open")
        self.filter.focus()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self.list.set_filter(event.value)

    @on(Input.Submitted)
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.filter.set_class(bool(event.value), "-open")
        self.list.focus()

    @on(EventList.Opened)
    def _show_event(self, event: EventList.Opened) -> None:
        row = event.row
        events = self._store.between(row.event.seq, row.last)
        same = [other for other in events if other.span_id == row.event.span_id] or [row.event]
        if len(same) == 1:
            only = same[0]
            shown = Section(
                only.type, lambda: pretty(only.model_dump(mode="json", exclude_none=True)), only.seq, "json"
            )
        else:
            note = fmt.plural(len(same), "event")
            shown = Section(
                one_line(row.event.type),
                lambda: "\n".join(codec.encode(other).decode() for other in same),
                (row.event.seq, row.last),
                "lines",
                note,
            )
        self.json.add_class("-open")
        self.json.show_sections([shown], keep_place=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if action == "close":
            return self.json.has_class("-open") or self.filter.has_class("-open")
        return True

    def action_close(self) -> None:
        """Closes the opened event, else the filter."""
        if self.json.has_class("-open") and not self.filter.has_focus:
            self.json.remove_class("-open")
        else:
            self.filter.value = ""
            self.filter.remove_class("-open")
        self.list.focus()


def _time(ts: str) -> str:
    moment = datetime.fromisoformat(ts).astimezone()
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d} "
