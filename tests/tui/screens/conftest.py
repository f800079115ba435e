"""Pictures of the whole screen: the same on every machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from agent_tui.tui.app import AgentApp
from agent_tui.tui.widgets.header import HeaderBar
from tests.fakes.shell import make_shell, ready, send, until
from tests.fakes.stage import Script, echo
from tests.fakes.still import still

Then = Callable[[Pilot[Any], AgentApp], Awaitable[None]]
Picture = Callable[..., None]


@pytest.fixture
def picture(snap_compare: Callable[..., bool]) -> Picture:
    """Takes the picture of a shell after a prompt and what ``then`` does, and compares it."""

    def take(
        script: Script = echo,
        *,
        prompt: str = "",
        until_state: Callable[[AgentApp], object] = lambda app: True,
        then: Then | None = None,
        size: tuple[int, int] = (120, 32),
        notices: tuple[str, ...] = (),
        **settings: Any,
    ) -> None:
        app, core = make_shell(script, **settings)
        core.notices = notices

        async def before(pilot: Pilot[Any]) -> None:
            await ready(pilot)
            if prompt:
                await send(pilot, prompt)
                await until(pilot, lambda: until_state(app))
            if then is not None:
                await then(pilot, app)
            # What the scrollbar guesses of rows never drawn depends on how the frames fell; drawn anew
            # it does not.
            await still(app)
            if app.main.conversation is not None and app.controller.view is not None:
                app.main.conversation.show(app.controller.view)
            # Nor does how long something has taken depend on when that was last drawn.
            app.main.query_one(HeaderBar).refresh()
            if app.main.panel is not None:
                app.main.panel.grow()

        assert snap_compare(app, terminal_size=size, run_before=before)

    return take
