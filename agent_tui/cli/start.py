"""What every command that works with a runtime does first: settings, log file, the session meant."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_tui import logs
from agent_tui.config.load import Loaded, load
from agent_tui.errors import NotFoundError

if TYPE_CHECKING:
    from agent_tui.runtime.rerun import Recording
    from agent_tui.runtime.runtime import Runtime


def working_folder() -> Path:
    """The folder the person stands in.

    Raises:
        NotFoundError: It has been deleted.
    """
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise NotFoundError(
            "the working folder no longer exists", hint="change to one that does"
        ) from error


def load_settings(flags: dict[str, Any] | None = None, *, debug: bool = False) -> Loaded:
    """The configuration of this folder; begins the log file."""
    loaded = load(working_folder(), os.environ, flags)
    logs.to_file(loaded.paths.log_file, {**os.environ, **loaded.env}, debug=debug)
    return loaded


def key_clashes(loaded: Loaded) -> list[str]:
    """What the person's ``[keys]`` give to two actions of the main screen, with the place it is set."""
    from agent_tui.tui.keys import clashes

    return list(clashes(loaded.config.keys, key_places(loaded)))


def key_places(loaded: Loaded) -> dict[str, str]:
    """Where each of ``[keys]`` was set, by id."""
    return {name: loaded.origin(f"keys.{name}") for name in loaded.config.keys}


def runtime_opener(
    loaded: Loaded,
    *,
    approve_all: bool = False,
    headless: bool = False,
    recording: Recording | None = None,
    served: bool = False,
    high_risk: bool = True,
    model_first: bool = False,
) -> Callable[[], Awaitable[Runtime]]:
    """A call that builds the runtime inside the event loop that will use it."""

    async def open_runtime() -> Runtime:
        from agent_tui.runtime.build import build_runtime

        return await build_runtime(
            loaded,
            approve_all=approve_all,
            headless=headless,
            recording=recording,
            served=served,
            high_risk=high_risk,
            model_first=model_first,
        )

    return open_runtime


def find_session(loaded: Loaded, *, prefix: str | None, newest: bool) -> str | None:
    """The id of the stored session that is meant; None for a new one.

    Raises:
        NotFoundError: There is no such session.
        StorageError: The journal cannot be read.
    """
    if prefix is None and not newest:
        return None
    return asyncio.run(_find(loaded, prefix))


async def _find(loaded: Loaded, prefix: str | None) -> str:
    from agent_tui.storage.journal import Journal

    journal = Journal(loaded.paths.journal)
    try:
        if prefix is not None:
            return (await journal.find(prefix)).id
        # A run that no model ever heard of, or a tool called by hand, is nothing to go on with while there
        # is something else.
        for wanted in ({"asked": True}, {"used": True}, {}):
            found = await journal.sessions(cwd=loaded.cwd, limit=1, **wanted)
            if found:
                return found[0].id
        raise NotFoundError(f"there is no session of {loaded.cwd} yet", hint="start one without -c")
    finally:
        await journal.close()
