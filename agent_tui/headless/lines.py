"""Where linear mode's lines come from: a terminal, a pipe or a file. Knows nothing of what they mean."""

from __future__ import annotations

import asyncio
import threading
from typing import TextIO

_AHEAD = 64
"""Lines that are read before somebody takes them: enough for a fast typist, too few to fill memory."""


class Lines:
    """The lines of a stream, in order.

    They are read on a thread of its own: one that blocks in a read cannot be cancelled, only left.

    Args:
        stream: Where they are read; bytes that are no text are replaced.

    Attributes:
        terminal: Whether a person types them, and sees what is asked before.
    """

    def __init__(self, stream: TextIO) -> None:
        self.terminal = stream.isatty()
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._read: asyncio.Queue[str | None] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        threading.Thread(target=self._read_all, name="stdin", daemon=True).start()

    async def next(self) -> str | None:
        """The next line without its end; None, once, when there are no more."""
        line = await self._read.get()
        self._room.release()
        return line

    def _read_all(self) -> None:
        try:
            for line in self._stream:
                if not self._deliver(line.rstrip("\r\n")):
                    return
        except (OSError, ValueError):
            pass  # the terminal is gone, which is an end of input like any other
        self._deliver(None)

    def _deliver(self, line: str | None) -> bool:
        self._room.acquire()
        try:
            self._loop.call_soon_threadsafe(self._read.put_nowait, line)
        except RuntimeError:
            return False  # the loop is closed: the person has left
        return True
