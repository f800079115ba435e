"""A driver whose input thread reads a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import queue
import select
import signal
import termios
import threading
import tty
from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual.app import App
from textual.message import Message

from agent_tui.tui.driver import QuickDriver

DEADLINE_S = 20.0
SIGNALS = (signal.SIGTSTP, signal.SIGCONT, signal.SIGTERM, signal.SIGHUP)


class Terminal(QuickDriver):
    """Tells of every message, and of how much it has read."""

    def __init__(self, app: App[Any], esc_delay_s: float, typed_ahead: bytes = b"") -> None:
        self.esc_delay_s = esc_delay_s
        super().__init__(app)
        self.master, self.fileno = pty.openpty()
        if typed_ahead:
            os.write(self.master, typed_ahead)
            assert select.select([self.fileno], [], [], DEADLINE_S)[0]
        tty.setraw(self.fileno, termios.TCSANOW)
        self.input_tty = True
        self._wake = os.pipe()
        self.messages: queue.Queue[Message] = queue.Queue()
        self.ended = asyncio.Event()
        self._read_bytes = 0
        self._has_read = threading.Condition()
        self.thread = threading.Thread(target=self.run_input_thread, daemon=True)
        self.thread.start()

    def _read(self) -> bytes:
        data = super()._read()
        with self._has_read:
            self._read_bytes += len(data)
            self._has_read.notify_all()
        return data

    def _end(self) -> None:
        self.ended.set()

    def process_message(self, message: Message) -> None:
        self.messages.put(message)

    def type(self, data: bytes) -> None:
        """Writes, and waits until it was read."""
        wanted = self._read_bytes + len(data)
        os.write(self.master, data)
        with self._has_read:
            assert self._has_read.wait_for(lambda: self._read_bytes >= wanted, DEADLINE_S)

    def until(self, key: str) -> list[Message]:
        """What came, up to and with a key."""
        found: list[Message] = []
        while not found or getattr(found[-1], "key", None) != key:
            found.append(self.messages.get(timeout=DEADLINE_S))
        return found

    def stop(self) -> None:
        assert self._wake is not None
        os.write(self._wake[1], b"x")
        self.thread.join(DEADLINE_S)
        assert not self.thread.is_alive()
        self._close_wake()
        for end in (self.master, self.fileno):
            with contextlib.suppress(OSError):  # a test may have hung up
                os.close(end)


@pytest.fixture
async def terminals() -> AsyncIterator[Any]:
    """Makes terminals: ``terminals(esc_delay_s, typed_ahead=b"")``."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    made: list[Terminal] = []

    def make(esc_delay_s: float, typed_ahead: bytes = b"") -> Terminal:
        made.append(Terminal(App(), esc_delay_s, typed_ahead))
        return made[-1]

    yield make
    for terminal in made:
        terminal.stop()
    for number, handler in before.items():
        signal.signal(number, handler)
