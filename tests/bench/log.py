"""The event log: appending and following, and whether the cost stays the same as it grows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from agent_tui.events.log import SessionLog
from agent_tui.events.types import LlmDelta
from tests.bench.harness import Row

FOLLOWERS = 3


async def _rate(count: int) -> float:
    log = SessionLog("s")

    async def follow() -> int:
        return sum([1 async for _ in log.follow()])

    followers = [asyncio.create_task(follow()) for _ in range(FOLLOWERS)]
    began = time.perf_counter()
    for number in range(count):
        log.append(LlmDelta, run_id="run_1", span_id="llm_1", parent_id="step_1", text="token ")
        if number % 10 == 0:
            await asyncio.sleep(0)
    log.close()
    assert await asyncio.gather(*followers) == [count] * FOLLOWERS
    return count / (time.perf_counter() - began)


def run(*, quick: bool = False) -> Iterator[Row]:
    small = asyncio.run(_rate(50_000))
    yield Row("append and 3 followers, 50,000 events", f"{small:,.0f} /s", "over 50,000 /s", small > 50_000)
    if not quick:
        large = asyncio.run(_rate(1_000_000))
        yield Row(
            "the same to 1,000,000: rate kept",
            f"{large / small:.2f}",
            "over 0.8 (linear)",
            large / small > 0.8,
        )
