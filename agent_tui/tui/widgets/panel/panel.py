"""The side panel itself: its tabs, and the way of view state and events to the tab that shows them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from agent_tui.events.types import Event
from agent_tui.events.view import Changes, SessionView
from agent_tui.tui.widgets.panel import messages
from agent_tui.tui.widgets.panel.now import SessionTime
from agent_tui.tui.widgets.panel.registry import ToolsTab
from agent_tui.tui.widgets.panel.store import EventStore
from agent_tui.tui.widgets.panel.stream import EventsTab
from agent_tui.tui.widgets.panel.tabbar import TabBar
from agent_tui.tui.widgets.panel.tracetab import TraceTab
from agent_tui.tui.widgets.panel.usage import UsageView

if TYPE_CHECKING:
    from agent_tui.runtime.runtime import ToolInfo

TabName = Literal["trace", "events", "tools", "usage"]
_TABS: tuple[TabName, ...] = get_args(TabName)


class SidePanel(Widget):
    """Everything about a session that is not the conversation.

    Whatever it is given, only the tab that is on the screen does work; the others catch up when
    they come to the front. A hidden panel keeps references to the events and nothing else.
    """

    SpanPicked = messages.SpanPicked
    CopyRequested = messages.CopyRequested
    ToolChosen = messages.ToolChosen

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next tab", show=False, id="panel.next_tab"),
        Binding("left_square_bracket", "turn(-1)", "Previous tab", show=False, id="panel.previous_tab"),
        *(
            Binding(str(number), f"tab('{tab}')", tab.title(), show=False, id=f"panel.{tab}")
            for number, tab in enumerate(_TABS, start=1)
        ),
    ]
    DEFAULT_CSS = """
    SidePanel {
        layout: vertical;
        min-width: 28;
        & > ContentSwitcher { height: 1fr; }
        & > ContentSwitcher > * { height: 1fr; }
    }
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """``monotonic`` gives seconds; only differences mean anything."""
        super().__init__(id=id, classes=classes)
        self._store = EventStore()
        self._clock = SessionTime(self._store, monotonic)
        self._bar = TabBar(_TABS, "trace")
        self._switcher = ContentSwitcher(initial="trace")
        self._trace = TraceTab(self._clock, self._store, id="trace")
        self._events = EventsTab(self._store, id="events")
        self._tools = ToolsTab(id="tools")
        self._usage = UsageView(id="usage")

    def compose(self) -> ComposeResult:
        yield self._bar
        with self._switcher:
            yield self._trace
            yield self._events
            yield self._tools
            yield self._usage

    # What the screen gives

    def show(self, view: SessionView, *, live: bool = True) -> None:
        """Shows another view: on load, and on every jump of a replay.

        Args:
            view: State that a fold writes; it is read, never changed.
            live: Running spans grow as time passes; false for a replay, where time stands still.
        """
        self._clock.bind(view, live=live)
        self._trace.bind_view(view)
        self._usage.bind_view(view)

    def now(self) -> float:
        """The time in the session that is shown, seconds since the epoch."""
        return self._clock.now()

    def update(self, changes: Changes) -> None:
        """Takes in what a batch of events changed in the view that is shown."""
        self._trace.take(changes)
        self._usage.take(changes)

    def grow(self) -> None:
        """Draws anew how long what runs has taken, where time moves by events and not by the clock."""
        self._trace.grow()

    def add_events(self, events: Sequence[Event]) -> None:
        """Adds a batch to the raw stream. A batch that begins before its end starts it anew."""
        if self._store.add(events):
            self._events.list.arrived()
        else:
            self._events.list.again()

    def set_events(self, events: Sequence[Event]) -> None:
        """Shows exactly these events in the raw stream."""
        self._store.clear()
        self._store.add(events)
        self._events.list.again()

    def set_tools(self, tools: Sequence[ToolInfo]) -> None:
        """Shows these tools."""
        self._tools.list.set_tools(tools)

    def set_context_limit(self, tokens: int | None) -> None:
        """How many tokens the model can hold, None if that is not known."""
        self._usage.set_context_limit(tokens)

    def pick(self, span_id: str) -> None:
        """Selects a span in the trace, without a ``SpanPicked`` in return. Unknown ids do nothing."""
        self._trace.pick(span_id)

    # Tabs

    @property
    def active(self) -> TabName:
        """The tab in front."""
        current = self._switcher.current
        return next((tab for tab in _TABS if tab == current), "trace")

    def activate(self, tab: TabName) -> None:
        """Brings a tab to the front, and the focus with it if it was in the panel."""
        focused = self.has_focus_within
        self._switcher.current = tab
        self._bar.set_active(tab)
        if focused:
            self.focus_tab()

    def focus_tab(self) -> None:
        """Gives the focus to the tab in front."""
        views: dict[TabName, Widget] = {
            "trace": self._trace.tree_view,
            "events": self._events.list,
            "tools": self._tools.list,
            "usage": self._usage,
        }
        views[self.active].focus()

    def action_tab(self, tab: TabName) -> None:
        self.activate(tab)

    def action_turn(self, by: int) -> None:
        self.activate(_TABS[(_TABS.index(self.active) + by) % len(_TABS)])

    @on(TabBar.Chosen)
    def _tab_chosen(self, event: TabBar.Chosen) -> None:
        event.stop()
        for tab in _TABS:
            if tab == event.tab:
                self.activate(tab)
                self.focus_tab()
