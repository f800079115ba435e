"""Work beside the screen: tasks that nobody awaits, whose errors still reach the person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from agent_tui.errors import AgentTuiError

Level = Literal["info", "success", "warning", "error"]


class Background:
    """Tasks that run until they are done or ``stop`` is called.

    Args:
        notice: Told of what went wrong in a way that can be said in a line.
        fatal: Told of errors that nobody expected.
    """

    def __init__(self, notice: Callable[[Level, str], None], fatal: Callable[[Exception], None]) -> None:
        self._notice = notice
        self._fatal = fatal
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False

    def run(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[Any]:
        """Begins ``work`` beside whatever else is going on."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def quiet(self) -> None:
        """From now on, unexpected errors are those of leaving: they are not told any more."""
        self._stopping = True

    async def stop(self) -> None:
        """Cancels what is going and waits for it; the task that asks is left alone."""
        self.quiet()
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        match task.exception():
            case None:
                pass
            case AgentTuiError() as error:
                self._notice("error", str(error))
            case Exception() as error if not self._stopping:
                self._fatal(error)
