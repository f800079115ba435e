"""Time that passes because a test says so: no machine is too slow for what waits."""

from __future__ import annotations

import asyncio


def leap(seconds: float) -> None:
    """Moves the running loop's clock forward: whatever waits for a time before that is due.

    It lasts as long as the loop, which is the test's own. Only the loop's timers heed it.
    """
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]


async def turns(count: int = 10) -> None:
    """Lets everything that is due or ready have its turn, this many times."""
    for _ in range(count):
        await asyncio.sleep(0)
