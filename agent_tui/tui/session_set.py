"""The sessions that are open on this screen: the runtime they share, and which one is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent_tui.errors import AgentTuiError
from agent_tui.tui.background import Background, Level
from agent_tui.tui.session_controller import Attention, Hooks, OpenRuntime, SessionController

if TYPE_CHECKING:
    from agent_tui.events.types import Event
    from agent_tui.events.view import Changes
    from agent_tui.runtime.runtime import Runtime, SessionInfo

CLOSE_TIMEOUT_S = 5.0
"""How long leaving waits for runs to end and the journal to be written."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One open session as the switcher shows it."""

    id: str
    title: str
    attention: Attention
    active: bool


@dataclass(frozen=True, slots=True)
class SetHooks:
    """What the set tells the screen.

    Attributes:
        frame: A session changed, whether it is looked at or not.
        whole: A session's view is another object now; the events are its last.
        switched: Another session is looked at.
        closed: A session is no longer open.
        tabs: What the switcher shows is different.
        typed: Whether something unsent stands in a session's prompt.
        connection: Whether a core that is elsewhere can be reached has changed.
        notice: A sentence for the person.
        restore: A prompt is given back to the session that is looked at.
        fatal: An error that nobody expected.
    """

    frame: Callable[[SessionController, Changes, Sequence[Event]], None]
    whole: Callable[[SessionController, Sequence[Event]], None]
    switched: Callable[[SessionController], None]
    closed: Callable[[SessionController], None]
    tabs: Callable[[Sequence[Tab]], None]
    connection: Callable[[bool], None]
    typed: Callable[[SessionController], bool]
    notice: Callable[[Level, str], None]
    restore: Callable[[str], None]
    fatal: Callable[[Exception], None]


class SessionSet:
    """Every open session of one screen. There is always one that is looked at.

    Args:
        open_runtime: Makes or finds the core.
        hooks: Where what happens is told.
        fps: Most frames a second, of each session.

    Attributes:
        controllers: The open sessions, in the order they were opened.
        active: The one that is looked at.
        remote: The core is elsewhere and others use it too: leaving a session lets it go on there.
        offline: The connection to such a core is lost.
        deleted: Sessions deleted here, which can be had back until the program ends; by id.
    """

    def __init__(self, open_runtime: OpenRuntime, hooks: SetHooks, *, fps: int) -> None:
        self._open_runtime = open_runtime
        self._hooks = hooks
        self._fps = fps
        self._runtime: Runtime | None = None
        self._tabs: tuple[Tab, ...] = ()
        self._opening = asyncio.Lock()
        self._ready = asyncio.Event()
        self._given_back: dict[SessionController, str] = {}
        self.remote = False
        self.offline = False
        self._background = Background(hooks.notice, hooks.fatal)
        self.active = self._controller()
        self.controllers: list[SessionController] = [self.active]
        self.deleted: dict[str, SessionInfo] = {}

    @property
    def runtime(self) -> Runtime:
        """The core.

        Raises:
            AgentTuiError: It is not there yet.
        """
        if self._runtime is None:
            raise AgentTuiError("the core is still being loaded", hint="try again in a moment")
        return self._runtime

    @property
    def tabs(self) -> Sequence[Tab]:
        """The open sessions as the switcher shows them; empty before the first is open."""
        return self._tabs

    def run_soon(self, work: object) -> None:
        """Runs the coroutine ``work`` beside the screen; its errors become notices."""
        self._background.run(work)  # type: ignore[arg-type]

    def find(self, session_id: str) -> SessionController | None:
        """The controller of an open session."""
        for controller in self.controllers:
            if controller.info is not None and controller.info.id == session_id:
                return controller
        return None

    async def ready(self) -> None:
        """Waits for the first session to be open."""
        await self._ready.wait()

    # Opening

    async def connect(self) -> Runtime:
        """Makes or finds the core, and opens no session."""
        from agent_tui.runtime.runtime import RemoteRuntime

        runtime = self._runtime = await self._open_runtime()
        self.remote = isinstance(runtime, RemoteRuntime)
        if isinstance(runtime, RemoteRuntime):
            runtime.watch_connection(self._connection)
        return runtime

    def _connection(self, there: bool) -> None:
        self.offline = not there
        self._hooks.connection(there)

    async def begin(self, cwd: Path, session: str | None, model: str | None) -> SessionInfo:
        """Opens the runtime and the first session.

        Raises:
            AgentTuiError: What can be told in a line, such as a model's name that is not one.
        """
        runtime = await self.connect()
        info = await runtime.open_session(session, cwd=cwd, model=model)
        await self.active.begin(runtime, info)
        self._tell_tabs()
        self._ready.set()
        return info

    async def open(self, session_id: str) -> None:
        """Looks at a stored session, which is opened if it is not yet."""
        async with self._opening:
            known = self.find(session_id)
            if known is None:
                await self._add(await self.runtime.open_session(session_id))
            else:
                self.show(known)

    async def new(self, cwd: Path) -> None:
        """Opens a new session with the model of the one that is looked at, and looks at it."""
        async with self._opening:
            view = self.active.view
            model = view.model if view is not None and view.model else None
            await self._add(await self.runtime.open_session(cwd=cwd, model=model))

    async def fork(self, session_id: str, at: int | None = None) -> None:
        """Opens a new session that begins with another's events, up to ``at``, and looks at it."""
        async with self._opening:
            await self._add(await self.runtime.fork(session_id, at))

    async def _add(self, info: SessionInfo) -> None:
        controller = self._controller()
        await controller.begin(self.runtime, info)
        left = self.active
        self.controllers.append(controller)
        self.show(controller)
        self._ready.set()  # a fork out of a replay may be the first one there is
        for notice in info.notices:
            self._hooks.notice("warning", notice)
        empty = left.info is None or (left.unused and not self._hooks.typed(left))
        if empty and left in self.controllers:
            await self._close(left)  # nothing was ever said in it: nobody would look for it

    def _controller(self) -> SessionController:
        hooks = Hooks(self._frame, self._hooks.whole, self._notice, self._restore, self._hooks.fatal)
        return SessionController(hooks, fps=self._fps)

    # Looking

    def show(self, controller: SessionController) -> None:
        """Looks at another open session."""
        if controller is not self.active:
            self.active.look()
            self.active = controller
            self._hooks.switched(controller)
            if given_back := self._given_back.pop(controller, None):
                self._hooks.restore(given_back)
        self._tell_tabs()

    def turn(self, by: int) -> bool:
        """Looks at the session ``by`` places further, round and round; false if there is only one."""
        if len(self.controllers) < 2:
            return False
        at = self.controllers.index(self.active)
        self.show(self.controllers[(at + by) % len(self.controllers)])
        return True

    def go_to(self, index: int) -> bool:
        """Looks at the session in this place; false if there is none."""
        if not 0 <= index < len(self.controllers):
            return False
        self.show(self.controllers[index])
        return True

    # Closing

    async def close(self, controller: SessionController, cwd: Path) -> None:
        """Closes a session; what runs in it is cancelled, unless the core is elsewhere.

        If it was the last, a new one is opened.
        """
        async with self._opening:
            if len(self.controllers) == 1:
                view = controller.view
                model = view.model if view is not None and view.model else None
                await self._add(await self.runtime.open_session(cwd=cwd, model=model))
            if controller in self.controllers:
                await self._close(controller)

    async def _close(self, controller: SessionController) -> None:
        at = self.controllers.index(controller)
        self.controllers.remove(controller)
        self._given_back.pop(controller, None)
        if controller is self.active:
            self.show(self.controllers[min(at, len(self.controllers) - 1)])
        await controller.stop()
        self._hooks.closed(controller)
        self._tell_tabs()
        if controller.info is not None and not self.remote:
            await self.runtime.close_session(controller.info.id)

    async def delete(self, info: SessionInfo, cwd: Path) -> None:
        """Deletes a session, which is closed first; ``restore`` has it back."""
        controller = self.find(info.id)
        if controller is not None:
            await self.close(controller, cwd)
        await self.runtime.delete(info.id)
        self.deleted[info.id] = info

    async def restore(self, session_id: str) -> None:
        """Undoes a ``delete``."""
        await self.runtime.restore(session_id)
        self.deleted.pop(session_id, None)

    async def leave(self) -> None:
        """Cancels whatever runs here, waits for its end, and lets go of everything; bounded."""
        self._background.quiet()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                if self._runtime is not None:
                    if not self.remote:
                        await asyncio.gather(*(controller.quit() for controller in self.controllers))
                    await self._runtime.aclose()
        except TimeoutError:
            self._hooks.notice("warning", "not every run ended in time")
        finally:
            await asyncio.gather(*(controller.stop() for controller in self.controllers))
            await self._background.stop()

    # What the controllers tell

    def _frame(self, controller: SessionController, changes: Changes, events: Sequence[Event]) -> None:
        self._hooks.frame(controller, changes, events)
        if changes.head:
            self._tell_tabs()

    def _notice(self, controller: SessionController, level: Level, text: str) -> None:
        if controller is not self.active:
            text = f"{_title(controller)}: {text}"
        self._hooks.notice(level, text)

    def _restore(self, controller: SessionController, text: str) -> None:
        if controller is self.active:
            self._hooks.restore(text)
        elif controller in self.controllers:
            earlier = self._given_back.get(controller)
            self._given_back[controller] = f"{text}\n{earlier}" if earlier else text

    def _tell_tabs(self) -> None:
        self.active.look()
        tabs = tuple(
            Tab(controller.info.id, _title(controller), controller.attention, controller is self.active)
            for controller in self.controllers
            if controller.info is not None
        )
        if tabs != self._tabs:
            self._tabs = tabs
            self._hooks.tabs(tabs)


def _title(controller: SessionController) -> str:
    view = controller.view
    return (view.title if view is not None else "") or "new session"
