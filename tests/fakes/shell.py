"""The shell on a fake terminal: made, driven and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from agent_tui.tui.app import AgentApp
from agent_tui.tui.settings import UiSettings
from tests.fakes.clock import FakeClock
from tests.fakes.stage import FakeRuntime, Script, echo
from tests.fakes.still import type_keys


def make_shell(
    script: Script = echo,
    *,
    runtime: FakeRuntime | None = None,
    prompt: str | None = None,
    model: str | None = None,
    **settings: Any,
) -> tuple[AgentApp, FakeRuntime]:
    """The app over a fake runtime, both on one clock that stands still."""
    clock = FakeClock()
    core = runtime or FakeRuntime(script, clock=clock)

    async def open_runtime() -> FakeRuntime:
        return core

    settings.setdefault("version", "1.2.3")
    settings.setdefault("cwd", Path("/work"))
    app = AgentApp(open_runtime, UiSettings(**settings), prompt=prompt, model=model, clock=core.clock)
    return app, core


async def until(pilot: Pilot[Any], condition: Callable[[], object], deadline_s: float = 20.0) -> None:
    """Lets the app work until ``condition`` holds; shows the screen if it never does."""
    try:
        async with asyncio.timeout(deadline_s):
            while not condition():
                await asyncio.sleep(0.005)  # not to settle: to leave the loop to whoever makes it true
    except TimeoutError:
        assert isinstance(pilot.app, AgentApp)
        raise AssertionError(f"this never came:\n{screen_text(pilot.app)}") from None


async def ready(pilot: Pilot[Any]) -> None:
    """Waits for the session to be open and loaded."""
    app = pilot.app
    assert isinstance(app, AgentApp)
    await until(pilot, lambda: app.loaded)


async def send(pilot: Pilot[Any], text: str) -> None:
    """Types ``text`` and Enter."""
    await type_keys(pilot, [*text, "enter"])


def screen_text(app: AgentApp) -> str:
    """What stands on the screen, as lines of text."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )
