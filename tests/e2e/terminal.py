"""A real program in a real pseudo-terminal, read through a terminal emulator."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

from tests.fakes.surroundings import environment, open_terminal, set_size

DEADLINE_S = 45.0
"""Against hanging only: what is waited for comes within a second or two on a machine that has nothing else
to do."""

ANSWERABLE_S = 0.4
"""How long a question stands before a key is tried: it takes none that may have been typed ahead."""

AGAIN_S = 1.5
"""After a key that came too early all the same, a pause must come before the next."""

READY = "○ ready"
"""The header while nothing runs."""

ESC = "\x1b"
ENTER = "\r"

_MAY_I = b"\x1b[?2026$p"
_YOU_MAY = b"\x1b[?2026;2$y"
_PAINTING, _PAINTED = b"\x1b[?2026h", b"\x1b[?2026l"
"""Synchronized output: whether it is understood, that it is, and both ends of a frame."""

_LAST = b"\0"
"""No program writes it, and a terminal shows nothing for it."""

_CUT = re.compile(rb"\x1b(?:\[[0-9;?<>=$]*|P[^\x1b]*\x1b?)?\Z")
"""A sequence whose end has not been read yet."""


class ScreenTimeout(AssertionError):
    """What was waited for did not appear; the message holds the screen."""


class Terminal:
    """A program on a screen of its own, which shows whole frames, as a terminal with synchronized output.

    Args:
        argv: The program; ``agent-tui`` of this environment is ``AGENT_TUI``.
        cwd: Its working folder.
        env: Added to a bare environment.
        size: Columns and rows.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        size: tuple[int, int] = (120, 40),
    ) -> None:
        columns, rows = size
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self._rest = b""
        self._unshown = b""
        self._painting = False
        self._master, slave = open_terminal(size)
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment(cwd, env),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            close_fds=True,
        )
        self._slave = slave

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for descriptor in (self._master, self._slave):
            os.close(descriptor)

    # The keyboard

    def type(self, text: str) -> None:
        """Sends keys, in pieces that the pseudo-terminal can hold, reading the screen meanwhile."""
        data = text.encode()
        while data:
            self._read(0)
            _, writable, _ = select.select([], [self._master], [], 1)
            if writable:
                data = data[os.write(self._master, data[:512]) :]

    def submit(self, text: str) -> None:
        self.type(text)
        self.wait_for(lambda: text.splitlines()[-1][-20:] in self.text())
        self.type(ENTER)

    def ask(self, question: str, answer: str) -> None:
        """Submits a question and waits for the end of its run: the answer stands there and nothing runs.

        What is only a part of the answer, or a tool's output, is on the screen while the run still goes on.
        ``answer`` must not be on the screen before.
        """
        self.submit(question)
        self.wait_for(lambda: answer in self.text() and READY in self.text())

    def answer(self, key: str, until: Callable[[], object] | str) -> None:
        """Answers the question on the screen, again if it was too early; then waits for ``until``."""
        holds = (lambda: until in self.text()) if isinstance(until, str) else until
        due = time.monotonic() + ANSWERABLE_S

        def answered() -> object:
            nonlocal due
            came = holds()
            if not came and time.monotonic() > due:
                due = time.monotonic() + AGAIN_S
                self.type(key)
            return came

        self.wait_for(answered)

    def resize(self, columns: int, rows: int) -> None:
        set_size(self._master, (columns, rows))
        self.screen.resize(rows, columns)
        os.killpg(self.process.pid, signal.SIGWINCH)

    # The screen

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def conversation(self) -> str:
        """The left side of the screen: the trace at the right tells of the same things in its own way."""
        return "\n".join(line[:70].rstrip() for line in self.screen.display)

    def wait_for(self, condition: Callable[[], object] | str, *, deadline_s: float = DEADLINE_S) -> None:
        """Reads the screen until ``condition`` holds; a string has to be somewhere on it.

        While half a frame has been read, nothing is asked: old and new lines stand side by side then.
        """
        holds = (lambda: condition in self.text()) if isinstance(condition, str) else condition
        end = time.monotonic() + deadline_s
        while self._painting or not holds():
            if time.monotonic() > end:
                raise ScreenTimeout(f"{condition!r} did not come; the screen:\n{self.text()}")
            if not self._read(0.05) and self.process.poll() is not None:
                self._drain()
                if holds():
                    return
                raise ScreenTimeout(f"the program ended; the screen:\n{self.text()}")

    def wait_exit(self, *, deadline_s: float = DEADLINE_S) -> int:
        end = time.monotonic() + deadline_s
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise ScreenTimeout(f"the program did not end; the screen:\n{self.text()}")
            self._read(0.02)
        self._drain()
        return self.process.returncode

    def _drain(self) -> None:
        """Reads all that a program wrote which has ended: the kernel hands it over when it finds the time.

        What is written here comes after it.
        """
        os.write(self._slave, _LAST)
        end = time.monotonic() + DEADLINE_S
        while self._unshown or not self.raw.endswith(_LAST):
            assert time.monotonic() < end, "what the program wrote last did not come"
            self._read(0.05)
        del self.raw[-len(_LAST) :]
        self._painting = False

    def _read(self, timeout_s: float) -> bool:
        """Shows the next frame, or what there is of it; false if nothing has come in time."""
        if not self._unshown:
            readable, _, _ = select.select([self._master], [], [], timeout_s)
            if not readable:
                return False
            data = os.read(self._master, 65536)
            self.raw += data
            if asked := (self._rest + data).count(_MAY_I):
                os.write(self._master, _YOU_MAY * asked)
            self._unshown = self._rest + data
            self._rest = b""
            if cut := _CUT.search(self._unshown):
                self._unshown, self._rest = self._unshown[: cut.start()], cut[0]
        frame, end, self._unshown = self._unshown.partition(_PAINTED)
        self._painting = not end and (self._painting or _PAINTING in frame)
        self._stream.feed(_for_pyte(frame))
        return True

    def modes(self) -> list[int]:
        """The terminal's own line settings, to compare before and after."""
        attributes = termios.tcgetattr(self._slave)
        return [int(part) for part in attributes[:4]]


def _for_pyte(data: bytes) -> bytes:
    """pyte takes the kitty protocol's ``CSI > u`` and its kind for text: they are left out."""

    return re.sub(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1bP.*?\x1b\\", b"", data)


def alive(pid: int) -> bool:
    """Whether a process still runs; one that is dead and not yet reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone before it was opened, or before it was read
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
