"""``agent-tui attach``: the same screen over a server's sessions. Leaving it stops nothing there."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent_tui.cli.root import RootOptions
from agent_tui.cli.screen import needs_terminal, ui_settings
from agent_tui.cli.start import load_settings
from agent_tui.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from agent_tui.runtime.runtime import Runtime, SessionInfo

TOKEN_VARIABLE = "AGENT_TUI_TOKEN"


def attach(url: str, *, token: str | None, options: RootOptions) -> int:
    """Opens the screen and returns the exit code when the person leaves.

    Args:
        url: The server's address.
        token: Shown to it; None takes that of the environment.
        options: ``session``, ``proceed``, ``model``, ``theme`` and ``prompt`` as for the bare command.

    Raises:
        UsageError: The address is not one, or there is no terminal.
        ConfigError: The server wants another token.
        NotFoundError: It has no such session.
        ConnectionFailed: It cannot be reached.
    """
    if options.proceed and options.session is not None:
        raise UsageError("-c and -s cannot be given together", hint="give one of them")
    needs_terminal(hint="programs use agent_tui.server.client, or the HTTP endpoints")
    loaded = load_settings({"ui.theme": options.theme}, debug=options.debug)
    settings = ui_settings(loaded, options)
    shown = token or os.environ.get(TOKEN_VARIABLE) or None
    info = asyncio.run(_find(url, shown, options))  # before the screen: what is wrong is told in a line
    from agent_tui.tui.run import run_tui

    async def open_runtime() -> Runtime:
        from agent_tui.server.client import HttpRuntime

        return HttpRuntime(url, shown, name=who())

    return run_tui(
        open_runtime=open_runtime,
        settings=replace(settings, cwd=Path(info.cwd)),
        session=info.id,
        prompt=options.prompt,
    )


async def _find(url: str, token: str | None, options: RootOptions) -> SessionInfo:
    """The session that is meant, opened on the server; a new one if none was named."""
    from agent_tui.server.client import connect

    async with connect(url, token) as runtime:
        await runtime.version()
        session = options.session
        if options.proceed:
            newest = await runtime.sessions(limit=1)
            if not newest:
                raise NotFoundError("the server has no session yet", hint="start one without -c")
            session = newest[0].id
        return await runtime.open_session(session, model=options.model)


def who() -> str:
    """This person on this machine, as the others on the server see them."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no name for this uid
        user = "somebody"
    return f"{user}@{socket.gethostname()}"[:100]
