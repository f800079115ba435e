"""Cancellation beside ``asyncio``'s own.

``CancelToken`` is for code that can only ask: threads and tight loops. ``Lines`` is for what must not wait
until a cancelled task comes to its next turn.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable


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


class Lines:
    """What a run has open towards others, to be cut at the moment it is cancelled.

    A cancel reaches the task that reads a stream some turns of the event loop later, and between them
    a frame may be painted.
    """

    def __init__(self) -> None:
        self._cuts: set[Callable[[], None]] = set()

    def add(self, cut: Callable[[], None]) -> None:
        """Notes how to cut one; ``cut`` must neither wait nor raise, and may be called again."""
        self._cuts.add(cut)

    def discard(self, cut: Callable[[], None]) -> None:
        self._cuts.discard(cut)

    def cut(self) -> None:
        for cut in list(self._cuts):
            cut()


lines_of_run: contextvars.ContextVar[Lines | None] = contextvars.ContextVar("lines_of_run", default=None)
"""The lines of the run that the present task belongs to, if it belongs to one."""
