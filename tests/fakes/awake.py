"""uvicorn in this process: it notices at once that it is to end."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn.server

TICK_SHARE = 0.05
"""uvicorn looks ten times a second whether it is to end, and then whether everybody has left."""


class _OftenAwake:
    """``asyncio`` as uvicorn's server sees it: it looks twenty times as often."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds * TICK_SHARE)


def keep_awake() -> None:
    """From now on, for every server of this process."""
    uvicorn.server.asyncio = _OftenAwake()  # type: ignore[attr-defined]
