"""What every test of a model on the wire is checked for besides what it says."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest


@pytest.fixture
async def quiet_loop() -> AsyncIterator[None]:
    """Nothing may run away: no task left, no exception that nobody retrieved."""
    loop = asyncio.get_running_loop()
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    yield
    gc.collect()
    for _ in range(4):  # turns of the loop in which generators that nobody holds are closed
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    loop.set_exception_handler(None)
    assert not left, f"tasks left behind: {left}"
    assert not complaints, f"the loop complained: {complaints}"
