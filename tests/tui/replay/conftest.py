"""A replay on a fake terminal: of a stored session, and of one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from agent_tui.errors import StorageError
from agent_tui.events import types as ev
from agent_tui.runtime.runtime import SessionInfo
from agent_tui.tui.app import AgentApp
from agent_tui.tui.replaying import ReplayStart
from agent_tui.tui.screens.replay import ReplayScreen
from agent_tui.tui.settings import UiSettings
from tests.fakes.clock import FakeClock
from tests.fakes.shell import until
from tests.fakes.stage import FakeRuntime


class Library(FakeRuntime):
    """A runtime that has one recorded session in store. ``refuses`` to fork when told to."""

    def __init__(self, events: Sequence[ev.Event], clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.recorded = events
        self.forked: list[int | None] = []
        self.refuses = False

    async def events(self, session_id: str, after: int = 0, limit: int = 2000) -> Sequence[ev.Event]:
        if session_id != "recorded":  # a fork of it
            return await super().events(session_id, after, limit)
        return self.recorded[after : after + limit]

    async def fork(self, session_id: str, at: int | None = None) -> SessionInfo:
        if self.refuses:
            raise StorageError("the disk is full")
        self.forked.append(at)
        return await self.open_session()


def replay_of(
    events: Sequence[ev.Event], *, at: int | None = None, speed: float | None = None, **settings: Any
) -> tuple[AgentApp, Library, FakeClock]:
    clock = FakeClock()
    core = Library(events, clock)

    async def open_runtime() -> Library:
        return core

    settings.setdefault("cwd", Path("/work"))
    start = ReplayStart("recorded", at, speed)
    return AgentApp(open_runtime, UiSettings(**settings), replay=start, clock=clock), core, clock


def replay_screen(app: AgentApp) -> ReplayScreen:
    assert isinstance(app.screen, ReplayScreen)
    return app.screen


async def shown(pilot: Pilot[Any]) -> ReplayScreen:
    """Waits until the past has been read and the replay stands somewhere."""
    app = pilot.app
    assert isinstance(app, AgentApp)
    await until(pilot, lambda: isinstance(app.screen, ReplayScreen) and app.screen.ready)
    await pilot.pause()
    return replay_screen(app)
