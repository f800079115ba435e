"""A session that another process writes: followed as it is written, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.runtime.core import Core, Workspace
from agent_tui.runtime.library import info_of
from agent_tui.runtime.runtime import SessionInfo
from agent_tui.storage.index import StoredSession

LOOK_S = 0.1
"""How often the journal is asked for new events, while somebody follows."""

CLAIM_EVERY = 5
"""Every so many looks that find nothing, it is tried whether the other process is gone."""

READ_AT_ONCE = 512


class Watched:
    """A session that is open elsewhere.

    Args:
        core: What all sessions share.
        stored: The session as it was when it was opened.
        workspace: Its folder, for a list of its tools.
        take_over: Makes the session this process's own; false while the other has it.
    """

    def __init__(
        self,
        core: Core,
        stored: StoredSession,
        workspace: Workspace,
        take_over: Callable[[str], Awaitable[bool]],
    ) -> None:
        self.stored = stored
        self.workspace = workspace
        self.policy = core.policy(workspace.cwd)
        self._journal = core.journal
        self._take_over = take_over
        self._closed = False

    @property
    def id(self) -> str:
        return self.stored.id

    def info(self, notices: tuple[str, ...] = ()) -> SessionInfo:
        return replace(info_of(self.stored), state="idle", read_only=True, notices=notices)

    def close(self) -> None:
        """Ends every follower soon."""
        self._closed = True

    async def follow(self, after: int) -> AsyncIterator[Sequence[ev.Event]]:
        """Every event with ``seq > after`` as it is written; ends when the session has been taken over."""
        position, idle = after, 0
        while not self._closed:
            lines = await self._journal.read(self.id, position, READ_AT_ONCE)
            if lines:
                batch = [codec.decode(line) for line in lines]
                position, idle = batch[-1].seq, 0
                yield batch
                continue
            idle += 1
            if idle % CLAIM_EVERY == 0 and await self._take_over(self.id):
                return
            await asyncio.sleep(LOOK_S)
