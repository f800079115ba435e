"""A session at any of its moments: the whole screen is the fold up to there, with a bar to move along it.

It is given events and shows them. It answers nothing and runs nothing; what a person does here ends
at the place they look at, or in a fork of the session from there.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events as textual_events
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.reactive import Reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from agent_tui.errors import AgentTuiError
from agent_tui.events import types as ev
from agent_tui.events.timeline import MarkKind, Timeline
from agent_tui.events.types import Event
from agent_tui.events.view import Changes, SessionView
from agent_tui.tui.keys import KEYS, display_key
from agent_tui.tui.layout import TellingCompositor
from agent_tui.tui.player import Player
from agent_tui.tui.rest import Rest
from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.widgets.footer import HintsBar
from agent_tui.tui.widgets.header import Head, HeaderBar
from agent_tui.tui.widgets.jump import JumpBar
from agent_tui.tui.widgets.panel import SidePanel, messages
from agent_tui.tui.widgets.panel.trace import TraceView
from agent_tui.tui.widgets.scrubber import Position, Scrubber
from agent_tui.tui.widgets.status import NoticeBar

if TYPE_CHECKING:
    from agent_tui.tui.app import AgentApp

FRAME_S = 1 / 30
"""Least time between frames while it plays."""

CLOCK_S = 0.25
"""How often the time moves on while it plays and nothing happens."""

BUSY_SHARE = 3
"""A frame that took t seconds is followed by at least this many times t of rest."""

SLICE = 250
"""Events taken in at once while the past is read."""

STREAM_SHOWN = 300
"""Events up to the place that the raw stream shows."""

_SHARED = ("panel", "trace", "events", "tools", "usage", "focus_next", "quit")
"""Keys of the main screen that do the same here."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is replayed.

    Attributes:
        session_id: Whose events they are.
        batches: The events from the first on; it may go on for as long as the session lives.
        whole: How many there are at first; None if ``batches`` ends by itself.
        at: Where to begin; None is the last event there is at first, or the first with ``speed``.
        speed: Plays at once, so many times faster than recorded; None waits to be told.
        home: What Esc leads back to, in a few words.
    """

    session_id: str
    batches: AsyncIterator[Sequence[Event]]
    whole: int | None = None
    at: int | None = None
    speed: float | None = None
    home: str = "back"


class ReplayScreen(Screen[bool]):
    """Conversation, side panel and header at one event, and the scrubber.

    It is dismissed with whether the session was forked.

    Args:
        recording: What is shown.
        fork: Opens a new session that begins with the events up to a number.
        monotonic: Seconds; only differences mean anything.

    Attributes:
        timeline: What is known of the session by now.
        player: Where in it this screen stands.
        ready: The past has been read.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    AUTO_FOCUS = "Conversation"
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As it is; but widgets that look different with the focus paint themselves, and nothing else has to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before what has the focus, which moves a cursor with the same keys.
        *(
            Binding(keys, action, words, show=False, id=f"replay.{name}", priority=name != "leave")
            for name, keys, action, words in (
                ("play", "space", "play", "Play, or pause"),
                ("next", "right", "by(1)", "Next event"),
                ("previous", "left", "by(-1)", "Event before"),
                ("next_step", "shift+right,s", "beside('step',1)", "Next step"),
                ("previous_step", "shift+left,S", "beside('step',-1)", "Step before"),
                ("next_run", "alt+right,ctrl+right,r", "beside('run',1)", "Next run"),
                ("previous_run", "alt+left,ctrl+left,R", "beside('run',-1)", "Run before"),
                ("next_error", "e", "beside('error',1)", "Next error"),
                ("previous_error", "E", "beside('error',-1)", "Error before"),
                ("first", "home", "first", "First event"),
                ("last", "end", "last", "Last event"),
                ("faster", "plus,equals_sign", "faster(1)", "Play faster"),
                ("slower", "minus", "faster(-1)", "Play slower"),
                ("go", "g", "go", "Go to an event by its number"),
                ("span", "t", "span", "Go to the span picked: its end, then its beginning"),
                ("fork", "f", "fork", "A new session that begins with all up to here"),
                ("leave", "escape,q", "leave", "Leave the replay"),
            )
        ),
        *(
            Binding(key.keys, key.action, key.description, show=False, id=key.id, priority=True)
            for key in KEYS
            if key.id in _SHARED
        ),
        Binding("ctrl+c", "copy_or_leave", show=False),
    ]

    def __init__(
        self,
        recording: Recording,
        fork: Callable[[int], Awaitable[None]],
        *,
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__()
        self._compositor = TellingCompositor()
        self._recording = recording
        self._fork = fork
        self._monotonic = monotonic
        self.timeline = Timeline()
        self.player = Player(self.timeline, monotonic)
        self.ready = False
        self._rest = Rest(self)
        self._picked: str | None = None
        self._clicked_trace = False
        self._timer: Timer | None = None
        self._spent = 0.0
        self._grown = self._told = 0.0

    @property
    def shell(self) -> AgentApp:
        """The app, by its own type."""
        return cast("AgentApp", self.app)

    def compose(self) -> ComposeResult:
        yield HeaderBar(self.shell.now)
        with Horizontal(id="body"):
            with Container(id="talk"):
                yield Conversation()
            with Container(id="side"):
                yield SidePanel(monotonic=self._monotonic)
        yield NoticeBar()
        yield Scrubber()
        with Container(id="last"):  # in each other's place, so that the rest stays where it is
            yield JumpBar()
            yield HintsBar()

    def on_mount(self) -> None:
        self._show_hints()
        self.run_worker(self._read(), exit_on_error=True)

    # The past, and what is added to it

    async def _read(self) -> None:
        try:
            async for batch in self._recording.batches:
                for start in range(0, len(batch), SLICE):
                    if self._gone:
                        return
                    self._take(batch[start : start + SLICE])
                    await asyncio.sleep(0)  # a long past is no reason to keep a key waiting
        except AgentTuiError as error:
            if not self._gone:
                self._say("error", str(error))
        if not self.ready and self.timeline.last_seq and not self._gone:
            self._begin()

    def _take(self, batch: Sequence[Event]) -> None:
        self.timeline.extend(batch)
        if self.ready:
            self._waited_for(batch)
        elif self._recording.whole is not None and self.timeline.last_seq >= self._recording.whole:
            self._begin()
        now = self._monotonic()
        if self.ready or now - self._told >= CLOCK_S:
            self._told = now
            self._show_position()

    def _begin(self) -> None:
        """The past is complete: goes to where it is wanted."""
        self.ready = True
        gc.collect()  # what is read stays: it is looked at now, and not in the midst of a jump
        recording = self._recording
        first = 1 if recording.speed is not None else self.timeline.last_seq
        self._go(first if recording.at is None else recording.at)
        if recording.speed is not None:
            self.player.set_speed(recording.speed)
            self.action_play()

    def _waited_for(self, batch: Sequence[Event]) -> None:
        """Says so when the session, which goes on meanwhile, has a question."""
        if any(isinstance(event, ev.ApprovalRequest) for event in batch):
            key = display_key(self.shell.keymap.get("replay.leave", "escape"))
            self._say("warning", f"the session waits for your answer now; {key} goes back to it")

    @property
    def _gone(self) -> bool:
        """The screen has been left, and its widgets are not there any more."""
        return not all(
            self.query(part) for part in (Scrubber, Conversation, SidePanel, HeaderBar, NoticeBar)
        )

    # Showing a moment

    def _go(self, seq: int) -> None:
        """Stands at an event and shows it."""
        if self.ready:
            before = self.player.seq
            self._show(self.player.go(seq), before)
            self._rest.soon()

    def _show(self, changes: Changes | None, before: int) -> None:
        player, view = self.player, self.player.view
        talk, panel = self.query_one(Conversation), self.query_one(SidePanel)
        if changes is None or before == 0:
            panel.set_events(self.timeline.events(player.seq - STREAM_SHOWN + 1, player.seq))
            panel.show(view, live=False)
            talk.show(view)
        elif player.seq != before:
            panel.add_events(self.timeline.events(before + 1, player.seq))
            panel.update(changes)
            self._grow(panel)
            talk.update_blocks(sorted(changes.blocks))
        self.query_one(HeaderBar).show(_head(view, self.timeline.time_at(player.seq)))
        self._show_position()

    def _grow(self, panel: SidePanel) -> None:
        """Draws how long what runs has taken by now: while it plays, no more often than a live session."""
        now = self._monotonic()
        run = self.player.view.run
        if not self.player.playing or run is None or now - self._grown >= CLOCK_S:
            self._grown = now
            panel.grow()

    def _show_position(self) -> None:
        timeline, player = self.timeline, self.player
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
            reading=not self.ready,
        )
        self.query_one(Scrubber).show(at, timeline.marks())

    def _show_hints(self) -> None:
        keymap = self.shell.keymap
        defaults = {str(binding.id): binding.key for binding in _bindings(self)}

        def key(name: str) -> str:
            return display_key(keymap.get(name, defaults.get(name, "")))

        def pair(*names: str) -> str:
            back, on = (key(f"replay.{name}") for name in names)
            modifier = on.removesuffix("right")
            arrows = (back, on) == (f"{modifier}left", f"{modifier}right")
            return f"{modifier}←/→" if arrows else f"{back}/{on}"

        self.query_one(HintsBar).show(
            [
                (key("replay.leave"), self._recording.home),
                (key("replay.play"), "play"),
                (pair("previous", "next"), "event"),
                (pair("previous_step", "next_step"), "step"),
                (pair("previous_run", "next_run"), "run"),
                (key("replay.go"), "go to"),
                (key("replay.fork"), "fork"),
                (f"{key('replay.faster')}/{key('replay.slower')}", "speed"),
                (key("panel"), "trace"),
            ]
        )

    def _say(self, level: str, text: str) -> None:
        self.query_one(NoticeBar).add(level, text)  # type: ignore[arg-type]

    # Playing

    def _play_on(self) -> None:
        """Waits for the next event that is due, or for the time to be drawn again."""
        self._stop_timer()
        if self.player.playing:
            wait = min(max(self.player.wait_s(), FRAME_S), CLOCK_S)
            self._timer = self.set_timer(max(wait, self._spent * BUSY_SHARE), self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._gone:
            return
        began = self._monotonic()
        before = self.player.seq
        changes = self.player.advance()
        if self.player.seq != before or not self.player.playing:
            self._show(changes, before)
        else:
            self._show_position()
        self._spent = self._monotonic() - began
        self._play_on()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    # What a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While something is typed, keys are letters."""
        return not (isinstance(self.focused, Input) and action in _KEYS_OF_LETTERS)

    def action_play(self) -> None:
        """Plays from here, or from the beginning if this is the end; or pauses."""
        if self.player.playing:
            self.player.pause()
        elif self.ready:
            if self.player.at_end:
                self._go(1)
            self.player.play()
        self._show_position()
        self._play_on()

    def action_by(self, events: int) -> None:
        self._halt()
        self._go(self.player.seq + events)

    def action_beside(self, kind: MarkKind, direction: int) -> None:
        """Goes to the next or the last mark of a kind."""
        if kind == "error" and direction > 0 and self.timeline.next(kind, self.player.seq) is None:
            self._say("info", "there is no error after this")
            return
        if kind == "error" and direction < 0 and self.timeline.previous(kind, self.player.seq) is None:
            self._say("info", "there is no error before this")
            return
        self._halt()
        self._go(self.player.beside(kind, direction))

    def action_first(self) -> None:
        self._halt()
        self._go(1)

    def action_last(self) -> None:
        self._halt()
        self._go(self.timeline.last_seq)

    def action_faster(self, by: int) -> None:
        self.player.faster(by)
        self._show_position()
        self._play_on()

    def _halt(self) -> None:
        """Who moves by hand wants to look: it plays no further."""
        self.query_one(NoticeBar).clear()
        self.player.pause()
        self._stop_timer()

    def action_go(self) -> None:
        self.query_one(JumpBar).ask(self.timeline.last_seq)

    @on(JumpBar.Given)
    def _jump(self, message: JumpBar.Given) -> None:
        message.stop()
        self.query_one(JumpBar).close()
        self.set_focus(self.query_one(Conversation))  # now, in the same frame as the place it goes to
        if message.seq is not None:
            self._halt()
            self._go(message.seq)

    @on(Scrubber.Wanted)
    def _scrubbed(self, message: Scrubber.Wanted) -> None:
        message.stop()
        self._halt()
        self._go(message.seq)

    def action_fork(self) -> None:
        """Opens a new session that begins with everything up to here, and leaves for it."""
        if self.ready and self.player.seq:
            self._halt()
            self.run_worker(self._fork_at(self.player.seq), group="fork", exclusive=True)

    async def _fork_at(self, seq: int) -> None:
        try:
            await self._fork(seq)
        except AgentTuiError as error:
            self._say("error", str(error))
        else:
            self.dismiss(True)

    def action_leave(self) -> None:
        if self.has_class("-panel-full"):
            self.remove_class("-panel-full")
        else:
            self.dismiss(False)

    def action_copy_or_leave(self) -> None:
        selected = self.get_selected_text()
        if selected:
            self.shell.copy(selected, "selection")
            self.clear_selection()
        else:
            self.dismiss(False)

    def action_quit(self) -> None:
        self.shell.leave()

    # Conversation and panel point at each other, and at places in time

    def on_conversation_span_picked(self, message: Conversation.SpanPicked) -> None:
        message.stop()
        self._picked = message.span_id
        self.query_one(SidePanel).pick(message.span_id)

    def on_side_panel_span_picked(self, message: messages.SpanPicked) -> None:
        message.stop()
        self._picked = message.span_id
        if self._clicked_trace:
            self.action_span()
        else:
            self.query_one(Conversation).scroll_to_span(message.span_id)

    def on_mouse_down(self, event: textual_events.MouseDown) -> None:
        self._clicked_trace = isinstance(event.widget, TraceView)

    def on_key(self, event: textual_events.Key) -> None:
        del event
        self._clicked_trace = False

    def action_span(self) -> None:
        """Goes to where the picked span ends; from there to where it begins."""
        span = self.player.view.spans.get(self._picked or "")
        if span is None:
            self._say("info", "pick a span in the trace, or a message, first")
            return
        self._halt()
        picked = span.id
        there = self.player.seq == span.last_seq
        self._go(span.first_seq if there or span.last_seq is None else span.last_seq)
        self.query_one(SidePanel).pick(picked)
        self.query_one(Conversation).scroll_to_span(picked)

    def on_conversation_copied(self, message: Conversation.Copied) -> None:
        message.stop()
        self.shell.copy(message.text, "message")

    def on_side_panel_copy_requested(self, message: messages.CopyRequested) -> None:
        message.stop()
        self.shell.copy(message.text, message.what)

    # The panel

    def action_panel(self) -> None:
        self.toggle_class("-panel-full" if self.has_class("-narrow") else "-panel-off")
        side = self.query_one(SidePanel)
        if side.has_focus_within:
            self.query_one(Conversation).focus()

    def action_tab(self, name: str) -> None:
        self.set_class(self.has_class("-narrow"), "-panel-full")
        self.remove_class("-panel-off")
        panel = self.query_one(SidePanel)
        panel.activate(name)  # type: ignore[arg-type]
        panel.focus_tab()


_KEYS_OF_LETTERS = frozenset(
    {"play", "by", "beside", "first", "last", "faster", "go", "span", "fork", "leave"}
)
"""Actions on keys that a line of text needs for itself."""


def _head(view: SessionView, at: float) -> Head:
    run = view.run
    if run is None:
        return Head(view.title, view.model, "idle", at=at)
    return Head(view.title, view.model, view.status, run.started, run.steps, run.max_steps, at=at)


def _bindings(screen: ReplayScreen) -> list[Binding]:
    return [entry for entry in type(screen).BINDINGS if isinstance(entry, Binding) and entry.id]
