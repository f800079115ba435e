"""What every route works with, and who is asking."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from agent_tui.runtime.runtime import Runtime, ToolInfo
from agent_tui.server.metrics import Metrics
from agent_tui.server.sessions import Sessions
from agent_tui.server.settings import ServeSettings
from agent_tui.server.snapshot import Snapshots


@dataclass(slots=True)
class Context:
    """The parts of one server.

    Attributes:
        catalogue: The tools of the server's folder, once somebody has asked for them.
    """

    runtime: Runtime
    settings: ServeSettings
    sessions: Sessions
    metrics: Metrics
    snapshots: Snapshots
    catalogue: list[ToolInfo] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Runs something that outlives the request it comes from."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def _tenant(request: Request) -> str:
    tenant: str = request.scope["state"]["tenant"]
    return tenant


Server = Annotated[Context, Depends(_context)]
Tenant = Annotated[str, Depends(_tenant)]
