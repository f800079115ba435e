"""The Textual app: it holds the parts together and takes them down in order. Handlers delegate."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec

from textual import events as textual_events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen

from agent_tui.clock import Clock, SystemClock
from agent_tui.errors import AgentTuiError
from agent_tui.tui.background import Level
from agent_tui.tui.commands import COMMANDS
from agent_tui.tui.keys import KEYS, check_keymap, keys_in_force
from agent_tui.tui.live_themes import LiveThemes
from agent_tui.tui.screens.main import MainScreen
from agent_tui.tui.session_set import SessionSet, SetHooks
from agent_tui.tui.settings import UiSettings
from agent_tui.tui.themes import shipped_dir
from agent_tui.tui.widgets.prompt import CommandHint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.driver import Driver
    from textual.message import Message

    from agent_tui.events.types import Event
    from agent_tui.tui.replaying import ReplayStart
    from agent_tui.tui.session_controller import OpenRuntime, SessionController

P = ParamSpec("P")

GC_THRESHOLDS = (20_000, 20, 50)
"""Young objects between collections, and how many of those between the older ones.

A generation-2 pass over a loaded shell takes hundreds of milliseconds and would be felt as a stuck
key. What is loaded at start never goes away, so it is frozen out of sight; after that, passes are
rare, because the garbage of a frame is freed by reference counts and cycles are few.
"""


def _palette_provider() -> type[Provider]:
    from agent_tui.tui.screens.palette import ShellCommands

    return ShellCommands


class AgentApp(App[int], inherit_bindings=False):
    """The shell on a terminal.

    Args:
        open_runtime: Makes or finds the core; awaited after the first paint.
        settings: How the screen looks and behaves.
        session: A stored session to open; None begins a new one.
        prompt: Sent as soon as the session is open.
        model: The model to begin with; None leaves it to the core.
        replay: Replays a stored session instead of opening one.
        driver: The terminal driver; None is Textual's own choice.
        clock: What time it is, for everything that shows elapsed time.

    Attributes:
        loaded: Whether everything is there that is loaded after the first paint.
        closing: Whether the person has asked to leave.
        failure: What ended the program, if an error did.
    """

    TITLE = "agent-tui"
    CSS_PATH = "screens/main.tcss"  # here, because a default screen does not load its own
    BINDINGS: ClassVar[list[BindingType]] = [
        # Also where the main screen's own keys do not reach: over a dialog.
        Binding(key.keys, key.action, key.description, show=False, id=key.id, priority=True)
        for key in KEYS
        if key.id == "quit"
    ]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette_provider}
    ENABLE_COMMAND_PALETTE = False  # the screen opens its own, by a key that can be remapped
    CSS = """
    * { scrollbar-size-vertical: 1; }
    Toast { padding: 0 1; }
    """

    def __init__(
        self,
        open_runtime: OpenRuntime,
        settings: UiSettings,
        *,
        session: str | None = None,
        prompt: str | None = None,
        model: str | None = None,
        replay: ReplayStart | None = None,
        driver: type[Driver] | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(driver_class=driver)
        self.settings = settings
        self.wanted_model = model
        self.closing = False
        self.loaded = False
        self.failure: Exception | None = None
        self._session = session
        self._first_prompt = prompt
        self._replay = replay
        self._time = clock or SystemClock()
        folders = [shipped_dir(), *settings.themes_dirs]
        self.themes = LiveThemes(self, folders, self.say, self.monotonic)
        self.keymap: dict[str, str] = dict(settings.keys)
        self._painted = False
        self._early: list[tuple[Level, str]] = []
        self._copied = ""
        self._exit_code = 0
        self._gone = False
        self._keys: set[textual_events.Key] = set()  # that came and were not looked at yet
        self.sessions = SessionSet(open_runtime, self._hooks(), fps=settings.fps)
        self._take_keymap({key.id: key.keys for key in KEYS} | {"prompt": ""}, quiet=True)
        self.themes.choose(settings.theme)

    def _hooks(self) -> SetHooks:
        return SetHooks(
            frame=self._while_there(lambda *happened: self.main.show_frame(*happened)),
            whole=self._while_there(self._whole),
            switched=self._while_there(lambda controller: self.main.session_switched(controller)),
            closed=self._while_there(lambda controller: self.main.session_closed(controller)),
            tabs=self._while_there(lambda tabs: self.main.show_tabs(tabs)),
            connection=self._while_there(self.connection_changed),
            typed=lambda controller: self.main.session_typed(controller),
            notice=self.say,
            restore=self.give_back,
            fatal=self.crash,
        )

    def _while_there(self, draw: Callable[P, None]) -> Callable[P, None]:
        """``draw``, but nothing once the program ends: the screen may be half taken down."""

        def draws(*args: P.args, **kwargs: P.kwargs) -> None:
            if not self._gone:
                draw(*args, **kwargs)

        return draws

    @property
    def controller(self) -> SessionController:
        """The session that is looked at."""
        return self.sessions.active

    # Time

    def now(self) -> float:
        """The wall clock, seconds since the epoch."""
        return self._time.now().timestamp()

    def monotonic(self) -> float:
        return self._time.monotonic()

    # Start

    def get_default_screen(self) -> Screen[Any]:
        return MainScreen()

    @property
    def main(self) -> MainScreen:
        """The screen below every dialog."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    def prompt_options(self) -> dict[str, Any]:
        """How the prompt is made."""
        hints = [
            CommandHint(command.name, command.description, command.needs_argument) for command in COMMANDS
        ]
        return {
            "commands": hints,
            "cwd": self.settings.cwd,
            "history_file": self.settings.history_file,
            "placeholder": "ask, / for commands, @ for files, ! for the shell",
        }

    def on_mount(self) -> None:
        self._heed_signals()
        # What the shell wrote meanwhile is on the screen.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.main.call_after_refresh(self._begin)

    def _heed_signals(self) -> None:
        """A closed window or a polite kill ends as quitting does: the run cancelled, all written."""
        if self.is_headless or sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended_by, number)

    def _ended_by(self, number: signal.Signals) -> None:
        """Leaves in order, with the exit code by which shells and supervisors know the signal."""
        self._exit_code = 128 + number
        self.leave()

    def _begin(self) -> None:
        self._painted = True
        for level, text in self._early:
            self.main.notice(level, text)
        self._early.clear()
        self.sessions.run_soon(self._load())

    async def _load(self) -> None:
        """Everything after the first paint: heavy modules, the core, the session, what it needs."""
        # In a thread, so that what is typed meanwhile is seen at once.
        await asyncio.to_thread(_import_parts)
        await self.main.load_parts()
        try:
            await self._open()
        except AgentTuiError as error:
            self.crash(error)
            return
        await asyncio.to_thread(_warm_up)
        self._check_all_keys()
        self.themes.reload()
        _settle_memory()
        self.loaded = True

    async def _open(self) -> None:
        """Opens what was asked for: a session, or the replay of one."""
        if self._replay is not None:
            from agent_tui.tui.replaying import replay_stored

            await replay_stored(self, self._replay)
            return
        info = await self.sessions.begin(self.settings.cwd, self._session, self.wanted_model)
        self.main.session_opened()
        for notice in info.notices:
            self.say("warning", notice)
        if self._first_prompt:
            self.controller.submit(self._first_prompt)
        await self.main.load_facts()

    # Keys

    def _take_keymap(self, known: dict[str, str], *, quiet: bool = False) -> None:
        usable, problems = check_keymap(self.settings.keys, known, self.settings.key_places)
        if not quiet:
            self.keymap = usable
            if problems:
                self.say("warning", "; ".join(problems))
        self.set_keymap(usable if not quiet else self.settings.keys)

    def _check_all_keys(self) -> None:
        """Says once, when every widget is known, which of the person's keys cannot be used."""
        if self.settings.keys:
            from agent_tui.tui.screens.help import known_bindings

            self._take_keymap({name: binding.key for name, binding in known_bindings().items()})

    # Themes

    def post_message(self, message: Message) -> bool:
        """Puts a message into the queue, but heeds the key that stops the run before it gets there."""
        if isinstance(message, textual_events.Key) and not message.is_forwarded:
            if not self._keys and self._stops_the_run(message):
                return True
            self._keys.add(message)
        return super().post_message(message)

    async def on_event(self, event: textual_events.Event) -> None:
        if isinstance(event, textual_events.Key) and not event.is_forwarded:
            self._keys.discard(event)
            if self._stops_the_run(event):
                return
            self.themes.maybe_changed()  # not every terminal tells of the focus
        await super().on_event(event)

    def _stops_the_run(self, event: textual_events.Key) -> bool:
        """Whether the key meant that, and has done it: before it went the way through all widgets.

        On that way it meets frames and paints, each some milliseconds in which the model goes on.
        """
        if not self.loaded or not self.controller.running or event.is_printable:
            return False
        cancels = keys_in_force(self.keymap)["cancel"].split(",")
        return event.key in cancels and self.screen is self.main and self.main.cancel_at_once()

    def on_app_focus(self, event: textual_events.AppFocus) -> None:
        del event
        self.themes.maybe_changed()

    # What the sessions tell

    def say(self, level: Level, text: str) -> None:
        """A sentence for the person, above the prompt."""
        if self._painted and self.main.is_attached:
            self.main.notice(level, text)
        else:
            self._early.append((level, text))

    def _whole(self, controller: SessionController, events: Sequence[Event]) -> None:
        self.main.session_whole(controller, events)
        gc.freeze()  # a long history never goes away either

    def connection_changed(self, there: bool) -> None:
        """Says whether a core that is elsewhere can be reached."""
        if there:
            self.say("success", "connected again")
        else:
            self.say("warning", "the connection to the server is lost; trying again")
        self.main.show_head()

    def give_back(self, text: str) -> None:
        """Puts a text into the prompt, before what is typed there."""
        self.main.prompt.restore(text)
        self.main.prompt.focus()

    # Commands

    def run_command_line(self, line: str) -> None:
        """Runs ``/name argument``."""
        from agent_tui.tui.slash import run_line

        run_line(self, line)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        del screen
        return ()  # the palette lists our own commands

    def replay(self) -> None:
        """Shows the past of the session that is looked at."""
        from agent_tui.tui.replaying import replay_open

        replay_open(self)

    def show_help(self) -> None:
        from agent_tui.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.keymap))

    def copy(self, text: str, what: str) -> None:
        """Copies, and says by which way and what is known of it."""
        from agent_tui.tui import clipboard

        self._copied = text
        self.sessions.run_soon(clipboard.copy(text, what, super().copy_to_clipboard, self.say))

    def copy_to_clipboard(self, text: str) -> None:
        """What Textual's own widgets cut or copy takes the same way, and is told of."""
        self.copy(text, "selection")

    @property
    def clipboard(self) -> str:
        """What was copied last, for pasting inside the program."""
        return self._copied

    def copy_answer(self) -> None:
        from agent_tui.events.view import AnswerBlock

        view = self.controller.view
        for block in reversed(view.blocks if view else ()):
            if isinstance(block, AnswerBlock) and len(block.text) and block.state != "void":
                self.copy(str(block.text), "answer")
                return
        self.say("info", "there is no answer to copy yet")

    # End

    def leave(self) -> None:
        """Cancels what runs, writes what is not yet written, and goes; a second call goes at once."""
        if self.closing:
            self._go(self._exit_code)
            return
        self.closing = True
        self.main.show_head()
        self._leaving = asyncio.create_task(self._leave())

    async def _leave(self) -> None:
        try:
            await self.sessions.leave()
        except AgentTuiError as error:
            self.failure = error
        self._go(self._exit_code)

    def _go(self, code: int) -> None:
        self._gone = True
        self.exit(code, return_code=code)

    def action_suspend_process(self) -> None:
        """Stops the program until its shell says ``fg``; without such a shell nothing could wake it."""
        if sys.platform == "win32" or os.getpgrp() == os.getsid(0):
            self.say("warning", "there is no shell to suspend to")
        else:
            super().action_suspend_process()

    async def action_quit(self) -> None:
        self.leave()

    def crash(self, error: Exception) -> None:
        """Ends the program with ``error``; the terminal is given back as it was."""
        if self.failure is None:
            self.failure = error
        self._go(1)

    def _fatal_error(self) -> None:
        # Textual's own would print a traceback with every local variable, keys among them.
        self.failure = self.failure or self._exception
        self._close_messages_no_wait()


def _import_parts() -> None:
    import agent_tui.events.fold
    import agent_tui.tui.pump
    import agent_tui.tui.widgets.conversation
    import agent_tui.tui.widgets.panel  # noqa: F401


def _warm_up() -> None:
    """Loads what the first answer would have to wait for."""
    from agent_tui.tui import markdown

    markdown.warm_up()


def _settle_memory() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
