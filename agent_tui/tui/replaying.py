"""The ways into a replay: from a session that is open, and of a stored one. The screen does the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_tui.events.types import Event
    from agent_tui.runtime.runtime import Runtime
    from agent_tui.tui.app import AgentApp

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class ReplayStart:
    """A stored session to replay. ``at`` and ``speed`` are those of the command line, None if not given."""

    session_id: str
    at: int | None = None
    speed: float | None = None


def replay_open(app: AgentApp) -> None:
    """Shows the past of the session that is looked at, which goes on meanwhile."""
    from agent_tui.tui.screens.replay import ReplayScreen
    from agent_tui.tui.screens.replay_recording import Recording

    info, view = app.controller.info, app.controller.view
    if info is None or view is None or not view.seq:
        app.say("info", "there is nothing to replay yet")
        return
    if any(isinstance(screen, ReplayScreen) for screen in app.screen_stack):
        return
    recording = Recording(info.id, app.sessions.runtime.follow(info.id), whole=view.seq, home="back to now")

    async def fork(at: int) -> None:
        await app.sessions.fork(info.id, at)

    app.push_screen(ReplayScreen(recording, fork, monotonic=app.monotonic))


async def replay_stored(app: AgentApp, start: ReplayStart) -> None:
    """Shows a stored session, and nothing else: leaving it leaves the program."""
    from agent_tui.tui.screens.replay import ReplayScreen
    from agent_tui.tui.screens.replay_recording import Recording

    runtime = await app.sessions.connect()
    speed = 1.0 if start.speed is None and start.at is None else start.speed
    batches = _stored(runtime, start.session_id)
    recording = Recording(start.session_id, batches, at=start.at, speed=speed, home="quit")

    async def fork(at: int) -> None:
        await app.sessions.fork(start.session_id, at)
        await app.main.load_facts()

    def left(forked: bool | None) -> None:
        if not forked:
            app.leave()

    await app.push_screen(ReplayScreen(recording, fork, monotonic=app.monotonic), left)


async def _stored(runtime: Runtime, session_id: str) -> AsyncIterator[Sequence[Event]]:
    after = 0
    while batch := await runtime.events(session_id, after, _AT_ONCE):
        yield batch
        after = batch[-1].seq
