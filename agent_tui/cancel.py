"""Cooperative cancellation for code that can only ask: threads and tight loops.

Coroutines need none of this: they are cancelled by ``asyncio`` itself.
"""

from __future__ import annotations

import asyncio
import threading


class CancelToken:
    """A flag that is set once and can be asked, or waited for, from any thread."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        self._event.set()

    def checkpoint(self) -> None:
        """Raises ``asyncio.CancelledError`` once the token is cancelled."""
        if self._event.is_set():
            raise asyncio.CancelledError

    def wait(self, timeout_s: float) -> bool:
        """Blocks the calling thread up to ``timeout_s`` seconds; true as soon as cancelled."""
        return self._event.wait(timeout_s)
