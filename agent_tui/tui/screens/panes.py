"""What the main screen keeps of each open session: its widgets, and what was typed there.

A hidden session's widgets take in what happens and draw nothing; they are brought up to date when
the session comes to the front.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.widgets.panel import SidePanel

if TYPE_CHECKING:
    from textual.widget import Widget

    from agent_tui.events.types import Event
    from agent_tui.events.view import Changes, SessionView
    from agent_tui.tui.session_controller import SessionController
    from agent_tui.tui.widgets.prompt import Draft


class Pane:
    """One session's conversation, side panel and unsent prompt.

    Args:
        controller: The session.
        monotonic: Seconds; only differences mean anything.
    """

    def __init__(self, controller: SessionController, monotonic: Callable[[], float]) -> None:
        self.conversation = Conversation()
        self.panel = SidePanel(monotonic=monotonic)
        self.draft: Draft | None = None
        self.mounted: Awaitable[object]
        self._controller = controller
        self._view: SessionView | None = None
        self._missed: set[int] = set()
        self._unseen: list[tuple[Changes, Sequence[Event]]] = []
        self._front = False
        self.conversation.display = self.panel.display = False

    def show(self) -> None:
        """Takes the session's view, if it is another object than the one that is shown."""
        view = self._controller.view
        if view is not None and view is not self._view:
            self._view = view
            self._missed.clear()
            self._display()
            self.conversation.show(view)
            self.panel.show(view)

    def take(self, changes: Changes, batch: Sequence[Event]) -> None:
        """Takes in what a batch of events changed."""
        self.show()
        self._missed |= changes.blocks
        self._display()
        if self._front:
            self._catch_up()
        # What is said is painted first: it is what the person waits for.
        if not self._unseen:
            self.panel.call_after_refresh(self._panel_catches_up)
        self._unseen.append((changes, batch))

    def _panel_catches_up(self) -> None:
        unseen, self._unseen = self._unseen, []
        for changes, batch in unseen:
            self.panel.add_events(batch)
            self.panel.update(changes)

    def whole(self, events: Sequence[Event]) -> None:
        """The session is known from its beginning now; ``events`` are its last."""
        view = self._controller.view
        if view is not None:
            self._view = view
            self._missed.clear()
            self.conversation.show_more(view)
            self.panel.show(view)
        self._unseen.clear()
        self.panel.set_events(events)

    def _display(self) -> None:
        # Not by classes: every style of every widget inside would be worked out anew.
        talking = self._front and self._view is not None and bool(self._view.blocks)
        for widget, shown in ((self.conversation, talking), (self.panel, self._front)):
            if widget.display != shown:
                widget.display = shown

    def _catch_up(self) -> None:
        if self._missed:
            missed, self._missed = self._missed, set()
            self.conversation.update_blocks(sorted(missed))

    def to_front(self, front: bool) -> None:
        """Shows or hides the widgets."""
        self._front = front
        self._display()
        if front:
            self.show()
            self._catch_up()
            self._panel_catches_up()


class Panes:
    """The panes of all open sessions, made when a session is first heard of.

    Args:
        talk: Where conversations are mounted.
        side: Where side panels are mounted.
        monotonic: Seconds; only differences mean anything.
        made: Told of each new pane.
    """

    def __init__(
        self,
        talk: Widget,
        side: Widget,
        monotonic: Callable[[], float],
        made: Callable[[SessionController, Pane], None],
    ) -> None:
        self._talk = talk
        self._side = side
        self._monotonic = monotonic
        self._made = made
        self._panes: dict[SessionController, Pane] = {}
        self.front: Pane | None = None

    def of(self, controller: SessionController) -> Pane:
        """The session's pane."""
        pane = self._panes.get(controller)
        if pane is None:
            pane = self._panes[controller] = Pane(controller, self._monotonic)
            pane.mounted = asyncio.gather(self._talk.mount(pane.conversation), self._side.mount(pane.panel))
            pane.show()
            self._made(controller, pane)
        return pane

    def bring(self, controller: SessionController) -> Pane:
        """Puts the session's pane before all others."""
        pane = self.of(controller)
        if pane is not self.front:
            if self.front is not None:
                self.front.to_front(False)
            self.front = pane
            pane.to_front(True)
        return pane

    def drop(self, controller: SessionController) -> None:
        """Takes a closed session's widgets away."""
        pane = self._panes.pop(controller, None)
        if pane is not None:
            pane.conversation.remove()
            pane.panel.remove()
