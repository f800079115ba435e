"""What a running tool prints, on its way to the event stream: from any thread, in order, in few events."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from agent_tui.events.types import OutputStream
from agent_tui.safetext import encodable
from agent_tui.tools.limits import HeadTail

FRAME_S = 0.016
"""Shortest time between two flushes: one frame of the screen."""

FLUSH_CHARACTERS = 4096
"""Text that is flushed without waiting for the frame to end."""

SHOWN_CHARACTERS = 1_000_000
"""Most characters of one call that become events."""

PARTIAL_CHARACTERS = 30_000
"""Most characters kept of what a call printed."""


class OutputChannel:
    """Collects a call's output and emits it in pieces.

    The first piece goes out at once, later ones at most one per frame or per 4,096 characters; each
    holds consecutive text of one stream. Made and closed on the event loop's thread.

    Args:
        emit: Called on the loop's thread as ``emit(text, stream)``.
    """

    def __init__(self, emit: Callable[[str, OutputStream], None]) -> None:
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._lock = threading.Lock()
        self._pending: list[tuple[OutputStream, list[str]]] = []
        self._pending_length = 0
        self._shown = 0
        self._kept = HeadTail(PARTIAL_CHARACTERS)
        self._closed = False
        self._woken = False
        self._timer: asyncio.TimerHandle | None = None
        self._last_flush = float("-inf")

    def write(self, text: str, stream: OutputStream = "stdout") -> None:
        """Takes text. After ``close`` it is dropped: nobody waits for it any more."""
        if not text:
            return
        text = encodable(text)
        with self._lock:
            if self._closed:
                return
            self._keep(text, stream)
            if not self._pending_length or self._woken:
                return
            if self._timer is not None and self._pending_length < FLUSH_CHARACTERS:
                return
            self._woken = True
        if threading.get_ident() == self._loop_thread:
            self._due()
            return
        try:
            self._loop.call_soon_threadsafe(self._due)
        except RuntimeError:  # the loop is closed, and with it everybody who could read this
            return

    def partial(self) -> str:
        """What was printed so far, its middle cut if it is long."""
        with self._lock:
            return self._kept.text()

    def close(self) -> None:
        """Flushes what is pending; later output is dropped."""
        with self._lock:
            self._closed = True
        self._flush()

    def _keep(self, text: str, stream: OutputStream) -> None:
        if stream != "progress":
            self._kept.add(text)
        room = SHOWN_CHARACTERS - self._shown
        if room <= 0:
            return
        self._shown += len(text)
        if len(text) > room:
            text = text[:room]
        self._append(text, stream)
        if self._shown >= SHOWN_CHARACTERS:
            self._append(
                f"\n[more than {SHOWN_CHARACTERS:,} characters: the rest is not shown live]\n", "progress"
            )

    def _append(self, text: str, stream: OutputStream) -> None:
        self._pending_length += len(text)
        if self._pending and self._pending[-1][0] == stream:
            self._pending[-1][1].append(text)
        else:
            self._pending.append((stream, [text]))

    def _due(self) -> None:
        """Flushes now, or when the frame is over. On the loop's thread."""
        wait = self._last_flush + FRAME_S - self._loop.time()
        with self._lock:
            self._woken = False
            enough = self._pending_length >= FLUSH_CHARACTERS
        if wait <= 0 or enough:
            self._flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self._lock:
            pending, self._pending, self._pending_length = self._pending, [], 0
        if pending:
            self._last_flush = self._loop.time()
        for stream, pieces in pending:
            self._emit("".join(pieces), stream)
