"""A terminal driver whose input thread sleeps until there is input, and tells the Esc key from a report.

The screen's side of the terminal is Textual's own ``LinuxDriver``; it also serves macOS.
"""

from __future__ import annotations

import atexit
import contextvars
import os
import re
import select
import signal
import termios
import time
from codecs import getincrementaldecoder
from types import FrameType
from typing import IO, TYPE_CHECKING, Any, cast

from textual.drivers.linux_driver import LinuxDriver

from agent_tui.tui.escape import InputSplitter, Kind, Pending
from agent_tui.tui.translate import Translator

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver
    from textual.message import Message

LOCAL_DELAY_MS = 3
"""On one machine a terminal writes a sequence with one call, and it is read with one."""
REMOTE_DELAY_MS = 30
"""Over a network the bytes of one sequence may come in two packets."""
REPORT_WAIT_S = 0.1
"""How long an ESC waits while an answer from the terminal is due."""
NEAR_REPORT_WAIT_S = 0.03
"""How long an ESC waits that did not come alone, or came just after a report."""
NEAR_REPORT_S = 0.1
PREFIX_WAIT_S = 0.1
SEQUENCE_WAIT_S = 1.0
QUERY_LIFE_S = 1.0
"""How long an answer to a query is waited for: terminals need not answer."""
LATE_REST_S = 0.3
READ_SIZE = 65_536

_QUERY = re.compile(r"\x1b\[(?:\?\d+\$p|[>=]?0?c|\??[56]n|\?u|>0?q|1[48]t)|\x1b\][\d;]*\?(?:\x07|\x1b\\)")
_QUERY_LONGEST = 64
_REPORT = re.compile(r"\x1b(?:\[<|\[M|\[[IO]\Z|\[\?|\[[\d;]+(?:R|t|\$y|M)\Z|\]|P|_)")
_RESTORE = (
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[>4m\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)


def driver_class(esc_delay_ms: int | None = None) -> type[Driver]:
    """The driver for ``App(driver_class=…)``.

    Args:
        esc_delay_ms: How long a lone ESC waits to become something longer, in milliseconds; None
            takes 3 on this machine and 30 over SSH. It goes before the variable ``ESCDELAY``.
    """
    delay = default_delay_ms(os.environ) if esc_delay_ms is None else max(0, esc_delay_ms)
    return type("PromptDriver", (QuickDriver,), {"esc_delay_s": delay / 1000})


def default_delay_ms(environ: os._Environ[str] | dict[str, str]) -> int:
    """The wait that suits the connection; ``ESCDELAY`` in the environment is followed if it is a number."""
    wanted = environ.get("ESCDELAY", "")
    if wanted.isdecimal():
        return int(wanted)
    remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))
    return REMOTE_DELAY_MS if remote else LOCAL_DELAY_MS


class EscapeWait:
    """How long to wait for the rest of what has begun."""

    def __init__(self, esc_delay_s: float) -> None:
        self._esc_delay_s = esc_delay_s
        self._queries = 0
        self._queries_until = 0.0
        self._report_at = float("-inf")

    def asked(self, count: int, now: float) -> None:
        """Queries went to the terminal."""
        self._queries += count
        self._queries_until = now + QUERY_LIFE_S

    def reported(self, now: float) -> None:
        """A report came from the terminal."""
        self._report_at = now

    def answered(self) -> None:
        """A report that answers a query came."""
        self._queries = max(0, self._queries - 1)

    def seconds(self, pending: Pending, *, alone: bool, now: float) -> float | None:
        """The wait, None for as long as it takes.

        Args:
            pending: What has begun.
            alone: Whether the last read held nothing else.
            now: On the monotonic clock.
        """
        match pending:
            case Pending.NOTHING | Pending.PASTE:
                return None
            case Pending.SEQUENCE:
                return max(SEQUENCE_WAIT_S, self._esc_delay_s)
            case Pending.PREFIX:
                return max(PREFIX_WAIT_S, self._esc_delay_s)
            case Pending.ESCAPE:
                if self._queries and now < self._queries_until:
                    return max(REPORT_WAIT_S, self._esc_delay_s)
                if not alone or now - self._report_at < NEAR_REPORT_S:
                    return max(NEAR_REPORT_WAIT_S, self._esc_delay_s)
                return self._esc_delay_s


class _Output:
    """The terminal to write to. Once it is gone, writing to it does nothing."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.gone = False

    def write(self, text: str) -> int:
        if not self.gone:
            try:
                return self._file.write(text)
            except OSError:  # the terminal hung up; the input thread ends the program
                self.gone = True
        return len(text)

    def flush(self) -> None:
        if not self.gone:
            try:
                self._file.flush()
            except OSError:
                self.gone = True

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()


class QuickDriver(LinuxDriver):
    """Textual's driver with its own way of reading. ``driver_class`` makes the one to use."""

    esc_delay_s = LOCAL_DELAY_MS / 1000

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._output = _Output(cast(IO[str], self._file))
        self._file = cast(Any, self._output)
        self._wait = EscapeWait(self.esc_delay_s)
        self._wake: tuple[int, int] | None = None
        self._active = False
        self._signalled = False
        self._context = contextvars.copy_context()
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._on_fatal_signal)
        atexit.register(self._restore_terminal)

    # Output

    def write(self, data: str) -> None:
        """Writes to the terminal. While another program has it (an editor), nothing is written."""
        if not self._active:
            return
        if len(data) <= _QUERY_LONGEST and (count := len(_QUERY.findall(data))):
            self._wait.asked(count, time.monotonic())
        super().write(data)

    # Begin and end

    def start_application_mode(self) -> None:
        if self._active:  # continued after a stop that it was not asked about
            self.suspend_application_mode()
        self._close_wake()
        self._wake = os.pipe()
        self._active = True
        self._context = contextvars.copy_context()  # what handles a key at once must know its app
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._active = self._writer_thread is not None
        if self._active:
            # Shift+Enter and its like, in terminals that have no kitty protocol (xterm, tmux).
            self.write("\x1b[>4;1m")

    def disable_input(self) -> None:
        if self._wake is not None:
            os.write(self._wake[1], b"x")
        super().disable_input()
        self._close_wake()

    def stop_application_mode(self) -> None:
        if not self._active:
            return
        self.write("\x1b[>4m")
        if self._mouse_pixels:
            self.write("\x1b[?1016l")
        super().stop_application_mode()
        self._active = False

    def close(self) -> None:
        super().close()
        self._writer_thread = None

    def _close_wake(self) -> None:
        if self._wake is not None:
            wake, self._wake = self._wake, None
            for end in wake:
                os.close(end)

    def _on_fatal_signal(self, number: int, frame: FrameType | None) -> None:
        """Ends the program in order; at the second signal, at once."""
        del frame
        if not self._signalled:
            self._signalled = True
            self._loop.call_soon_threadsafe(self._end)
            return
        self._restore_terminal()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _end(self) -> None:
        """Leaves as the person would, so that what runs is cancelled and what is unsaved is saved."""
        self._app.call_later(self._app.action_quit)

    def _restore_terminal(self) -> None:
        """Gives the terminal back without help from any thread: the way out of a crash."""
        if not self._active:
            return
        self._active = False
        try:
            os.write(self._output.fileno(), _RESTORE.encode())
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        except (OSError, termios.error):
            return  # no terminal is left to restore

    # Input

    def send_message(self, message: Message) -> None:
        """Hands a message to the app, without the task and the turn of the loop that Textual takes."""
        self._loop.call_soon_threadsafe(self._app.post_message, message, context=self._context)

    def run_input_thread(self) -> None:
        """Reads until told to stop. Sleeps without a timeout unless something has begun."""
        assert self._wake is not None
        wake = self._wake[0]
        splitter, translator = InputSplitter(), Translator(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        escape_at = float("-inf")
        deadline: float | None = None
        # What was typed before the terminal was ours has had its Enter turned into a line feed.
        typed_ahead = bool(select.select([self.fileno], [], [], 0)[0])
        while True:
            timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = select.select([self.fileno, wake], [], [], timeout)[0]
            if wake in ready:
                return
            if not ready:
                units, deadline = splitter.expire(), None
                escape_at = (
                    time.monotonic() if any(unit.kind is Kind.ESCAPE for unit in units) else escape_at
                )
            else:
                data = self._read()
                if not data:
                    self._input_ended()
                    return
                if typed_ahead:
                    data, typed_ahead = data.replace(b"\n", b"\r"), False
                now = time.monotonic()
                units = splitter.feed(decode(data), after_escape=now - escape_at < LATE_REST_S)
                for unit in units:
                    if unit.kind is Kind.SEQUENCE and _REPORT.match(unit.text):
                        self._wait.reported(now)
                        if not unit.text.startswith(("\x1b[<", "\x1b[M", "\x1b[I", "\x1b[O")):
                            self._wait.answered()
                # At the end of a longer read, an ESC may have been cut from what follows it.
                alone = not data.strip(b"\x1b")
                wait = self._wait.seconds(splitter.pending, alone=alone, now=now)
                deadline = None if wait is None else now + wait
            for unit in units:
                for message in translator.messages(unit):
                    self.process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError:  # EIO: the terminal hung up
            return b""

    def _input_ended(self) -> None:
        """A terminal that is gone ends the program; a pipe that is empty does not."""
        if self.input_tty:
            self._loop.call_soon_threadsafe(self._end)
