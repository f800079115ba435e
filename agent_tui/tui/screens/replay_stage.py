"""What a replay shows of a moment: the session's view in every part of the screen. It moves nothing."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from agent_tui.events.timeline import Timeline
from agent_tui.events.view import Changes, SessionView
from agent_tui.tui.player import Player
from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.widgets.header import Head, HeaderBar
from agent_tui.tui.widgets.panel import SidePanel
from agent_tui.tui.widgets.scrubber import Position, Scrubber
from agent_tui.tui.widgets.status import NoticeBar

CLOCK_S = 0.25
"""How often the time moves on while it plays and nothing happens."""

STREAM_SHOWN = 300
"""Events up to the place that the raw stream shows."""


class Stage:
    """The parts of a replay's screen, and the moment they show.

    Args:
        screen: It holds them.
        timeline: What is known of the session by now.
        player: Where in it the screen stands.
        monotonic: Seconds; only differences mean anything.
    """

    def __init__(
        self, screen: Screen[bool], timeline: Timeline, player: Player, monotonic: Callable[[], float]
    ) -> None:
        self._screen = screen
        self._timeline = timeline
        self._player = player
        self._monotonic = monotonic
        self._grown = 0.0

    @property
    def gone(self) -> bool:
        """The screen has been left, and its widgets are not there any more."""
        parts = (Scrubber, Conversation, SidePanel, HeaderBar, NoticeBar)
        return not all(self._screen.query(part) for part in parts)

    def show(self, changes: Changes | None, before: int) -> None:
        """Shows the moment that the player has moved to.

        Args:
            changes: What differs from the moment shown; None if it is quite another one.
            before: The event shown so far, 0 if there was none.
        """
        player, view = self._player, self._player.view
        talk, panel = self._screen.query_one(Conversation), self._screen.query_one(SidePanel)
        if changes is None or before == 0:
            panel.set_events(self._timeline.events(player.seq - STREAM_SHOWN + 1, player.seq))
            panel.show(view, live=False)
            talk.show(view)
        elif player.seq != before:
            panel.add_events(self._timeline.events(before + 1, player.seq))
            panel.update(changes)
            self._grow(panel)
            talk.update_blocks(sorted(changes.blocks))
        self._screen.query_one(HeaderBar).show(_head(view, self._timeline.time_at(player.seq)))

    def _grow(self, panel: SidePanel) -> None:
        """Draws how long what runs has taken by now: while it plays, no more often than a live session."""
        now = self._monotonic()
        run = self._player.view.run
        if not self._player.playing or run is None or now - self._grown >= CLOCK_S:
            self._grown = now
            panel.grow()

    def show_position(self, *, reading: bool) -> None:
        """Shows on the bar where the player stands, and how it plays."""
        timeline, player = self._timeline, self._player
        here = timeline.events(player.seq, player.seq)
        at = Position(
            seq=player.seq,
            last=timeline.last_seq,
            clock=player.clock,
            length=timeline.length,
            time=timeline.time_at(player.seq),
            what=here[0].type if here else "",
            playing=player.playing,
            speed=player.speed,
            reading=reading,
        )
        self._screen.query_one(Scrubber).show(at, timeline.marks())


def _head(view: SessionView, at: float) -> Head:
    run = view.run
    if run is None:
        return Head(view.title, view.model, "idle", at=at)
    return Head(view.title, view.model, view.status, run.started, run.steps, run.max_steps, at=at)
