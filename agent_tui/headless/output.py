"""Where headless text goes: answers to stdout, everything else to stderr. Knows nothing of events."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from typing import BinaryIO, TextIO

from agent_tui.safetext import visible


class Output:
    """Collects text and writes it off the event loop, so that a slow reader delays nobody.

    Text for a terminal is made harmless; a pipe or a file gets the answer as the model gave it,
    because what reads it may need every byte. Errors and tool lines are always made harmless.

    Args:
        out: For answers.
        err: For everything else.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self._guard = self._out.isatty()
        self._shared = self._guard and self._err.isatty()
        self._waiting: list[tuple[TextIO, str]] = []
        self._raw: list[bytes] = []
        self._last = "\n"
        self._writing = asyncio.Lock()
        _replace_what_cannot_be_encoded(self._out)
        _replace_what_cannot_be_encoded(self._err)

    @property
    def mid_line(self) -> bool:
        """Whether the last answer text did not end its line."""
        return self._last != "\n"

    @property
    def unicode(self) -> bool:
        return (self._err.encoding or "").lower().replace("-", "").startswith("utf")

    def answer(self, text: str) -> None:
        """Text of the answer, as it streams."""
        if text:
            self._waiting.append((self._out, visible(text) if self._guard else text))
            self._last = text[-1]

    def end_line(self) -> None:
        if self.mid_line:
            self.answer("\n")

    def note(self, line: str) -> None:
        """One line that is not the answer; on a terminal shared with it, never in the middle of a line."""
        if self._shared:
            self.end_line()
        self._waiting.append((self._err, visible(line) + "\n"))

    def ask(self, text: str) -> None:
        """A question on stderr whose answer is typed behind it."""
        if self._shared:
            self.end_line()
        self._waiting.append((self._err, visible(text)))

    def line(self, encoded: bytes) -> None:
        """One encoded event, byte for byte."""
        self._raw.append(encoded)

    async def flush(self) -> None:
        """Writes what was collected.

        Raises:
            BrokenPipeError: Nobody reads any more: the other end is closed, or the terminal is gone.
        """
        async with self._writing:  # two at once would mix their lines
            waiting, self._waiting = self._waiting, []
            raw, self._raw = self._raw, []
            if not waiting and not raw:
                return
            try:
                await asyncio.to_thread(self._write, waiting, raw)
            except OSError as error:
                if error.errno == errno.EIO and self._guard:
                    raise BrokenPipeError(error.errno, "the terminal is gone") from error
                raise

    def discard(self) -> None:
        """Makes answers vanish, after their reader has gone; else Python complains at exit."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, self._out.fileno())
        os.close(nothing)

    def _write(self, waiting: list[tuple[TextIO, str]], raw: list[bytes]) -> None:
        if raw:
            binary: BinaryIO = self._out.buffer
            binary.write(b"\n".join(raw) + b"\n")
            binary.flush()
        previous = None
        for stream, text in waiting:
            if previous is not None and stream is not previous:
                previous.flush()
            stream.write(text)
            previous = stream
        if previous is not None:
            previous.flush()


def _replace_what_cannot_be_encoded(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
