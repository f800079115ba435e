"""A foreign iterator read in a task of its own, ahead of who wants its items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from agent_tui.errors import ModelUnavailable

STOP_S = 1.0
"""How long to wait for a reader that was told to stop."""

T = TypeVar("T")


class Ahead(Generic[T]):
    """Gives, at each turn, all items that have come since the last one.

    Args:
        start: Gives the iterator; called in the task, in the context of now.
        name: Of the task.
    """

    def __init__(self, start: Callable[[], Awaitable[AsyncIterator[T]]], name: str) -> None:
        self._items: list[T] = []
        self._news = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(start), name=name)
        self._task.add_done_callback(self._ended)

    async def _run(self, start: Callable[[], Awaitable[AsyncIterator[T]]]) -> None:
        async for item in await start():
            self._items.append(item)
            self._news.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # retrieved here, in case nobody waits for it any more
        self._news.set()

    def __aiter__(self) -> Ahead[T]:
        return self

    async def __anext__(self) -> Sequence[T]:
        """All that came since the last time, at least one.

        Raises:
            ModelUnavailable: The reader was stopped.
            Exception: What the iterator raised, after all that it gave before.
        """
        await self._news.wait()
        if self._items:
            items, self._items = self._items, []
            if not self._task.done():
                self._news.clear()
            return items
        if self._task.cancelled():
            raise ModelUnavailable("the model's answer was cut off", code="stream_cut")
        if error := self._task.exception():
            raise error
        raise StopAsyncIteration

    async def stop(self) -> None:
        """Ends the reader inside whatever it waits for. Returns when it is gone."""
        self._task.cancel()
        await asyncio.wait([self._task], timeout=STOP_S)
