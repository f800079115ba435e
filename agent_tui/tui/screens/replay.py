"""A session at any of its moments: the whole screen is the fold up to there, with a bar to move along it.

It is given events and shows them. It answers nothing and runs nothing; what a person does here ends
at the place they look at, or in a fork of the session from there.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Input

from agent_tui.errors import AgentTuiError
from agent_tui.events import types as ev
from agent_tui.events.timeline import MarkKind, Timeline
from agent_tui.events.types import Event
from agent_tui.events.view import Changes
from agent_tui.tui.keys import display_key
from agent_tui.tui.player import Player
from agent_tui.tui.rest import Rest
from agent_tui.tui.screens.replay_keys import BINDINGS, KEYS_OF_LETTERS, hints
from agent_tui.tui.screens.replay_playing import Playing
from agent_tui.tui.screens.replay_pointing import PointingScreen
from agent_tui.tui.screens.replay_recording import Recording
from agent_tui.tui.screens.replay_stage import CLOCK_S, Stage
from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.widgets.footer import HintsBar
from agent_tui.tui.widgets.header import HeaderBar
from agent_tui.tui.widgets.jump import JumpBar
from agent_tui.tui.widgets.panel import SidePanel
from agent_tui.tui.widgets.scrubber import Scrubber
from agent_tui.tui.widgets.status import NoticeBar
from agent_tui.tui.working import work_anew, work_on


class ReplayScreen(PointingScreen):
    """Conversation, side panel and header at one event, and the scrubber.

    It is dismissed with whether the session was forked.

    Args:
        recording: What is shown.
        fork: Opens a new session that begins with the events up to a number.
        monotonic: Seconds; only differences mean anything.

    Attributes:
        timeline: What is known of the session by now.
        player: Where in it this screen stands.
        playing: Moves it on from there.
        ready: The past has been read.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    AUTO_FOCUS = "Conversation"
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As it is; but widgets that look different with the focus paint themselves: nothing else has to."""

    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]

    def __init__(
        self,
        recording: Recording,
        fork: Callable[[int], Awaitable[None]],
        *,
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__()
        self._recording = recording
        self._fork = fork
        self._monotonic = monotonic
        self.timeline = Timeline()
        self.player = Player(self.timeline, monotonic)
        self._stage = Stage(self, self.timeline, self.player, monotonic)
        self.playing = Playing(self, self.player, self._frame, monotonic)
        self.ready = False
        self._rest = Rest(self)
        self._told = 0.0
        self._wanted = recording.at

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
        self.query_one(HintsBar).show(hints(self.shell.keymap, self._recording.home))
        work_on(self, "read", self._read)

    # The past, and what is added to it

    async def _read(self) -> None:
        try:
            async for batch in self._recording.slices():
                if self._stage.gone:
                    return
                self._take(batch)
        except AgentTuiError as error:
            if not self._stage.gone:
                self._say("error", str(error))
        if not self.ready and self.timeline.last_seq and not self._stage.gone:
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
        self._go(first if self._wanted is None else self._wanted)
        if recording.speed is not None and self._wanted == recording.at:
            self.player.set_speed(recording.speed)
            self.action_play()

    def _waited_for(self, batch: Sequence[Event]) -> None:
        """Says so when the session, which goes on meanwhile, has a question."""
        if any(isinstance(event, ev.ApprovalRequest) for event in batch):
            key = display_key(self.shell.keymap.get("replay.leave", "escape"))
            self._say("warning", f"the session waits for your answer now; {key} goes back to it")

    # Showing a moment

    def _go(self, seq: int) -> None:
        """Stands at an event and shows it."""
        if self.ready:
            before = self.player.seq
            self._show(self.player.go(seq), before)
            self._rest.soon()

    def _show(self, changes: Changes | None, before: int) -> None:
        self._stage.show(changes, before)
        self._show_position()

    def _show_position(self) -> None:
        self._stage.show_position(reading=not self.ready)

    def _say(self, level: str, text: str) -> None:
        self.query_one(NoticeBar).add(level, text)  # type: ignore[arg-type]

    # Playing

    def _frame(self) -> bool:
        if self._stage.gone:
            return False
        before = self.player.seq
        changes = self.player.advance()
        if self.player.seq != before or not self.player.playing:
            self._show(changes, before)
        else:
            self._show_position()
        return True

    # What a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While something is typed, keys are letters."""
        return not (isinstance(self.focused, Input) and action in KEYS_OF_LETTERS)

    def action_play(self) -> None:
        """Plays from here, or from the beginning if this is the end; or pauses."""
        if self.player.playing:
            self.player.pause()
        elif self.ready:
            if self.player.at_end:
                self._go(1)
            self.player.play()
        self._show_position()
        self.playing.go_on()

    def action_by(self, events: int) -> None:
        self._halt()
        self._go(self.player.seq + events)

    def action_beside(self, kind: MarkKind, direction: int) -> None:
        """Goes to the next or the last mark of a kind."""
        if not self.ready:
            return  # what is not read yet may have one
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
        self.playing.go_on()

    def _halt(self) -> None:
        """Who moves by hand wants to look: it plays no further."""
        self.query_one(NoticeBar).clear()
        self.player.pause()
        self.playing.stop()

    def action_go(self) -> None:
        self.query_one(JumpBar).ask(lambda: self.timeline.last_seq if self.ready else self._recording.whole)

    @on(JumpBar.Given)
    def _jump(self, message: JumpBar.Given) -> None:
        message.stop()
        self.set_focus(self.query_one(Conversation))  # now: a key may be right behind
        if message.seq is not None:
            self._halt()
            self._wanted = message.seq  # in case the past is still being read
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
            work_anew(self, "fork", self._fork_at, self.player.seq)

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

    def action_quit(self) -> None:
        self.shell.leave()

    # Spans

    def action_span(self) -> None:
        """Goes to where the picked span ends; from there to where it begins."""
        span = self.player.view.spans.get(self.picked or "")
        if span is None:
            self._say("info", "pick a span in the trace, or a message, first")
            return
        self._halt()
        picked = span.id
        there = self.player.seq == span.last_seq
        self._go(span.first_seq if there or span.last_seq is None else span.last_seq)
        self.query_one(SidePanel).pick(picked)
        self.query_one(Conversation).scroll_to_span(picked)
