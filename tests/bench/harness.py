"""What every bench needs: the real program in a pseudo-terminal, a fake provider, CPU and memory.

Clocks are ``time.monotonic()``, which all processes of a machine share.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fakes import surroundings
from tests.fakes.surroundings import environment, open_terminal

DEADLINE_S = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``ok`` is None for figures that only give context."""

    work: str
    measured: str
    budget: str = ""
    ok: bool | None = None


class Pty:
    """A program in a pseudo-terminal, its output drained by a thread and kept with the time it came."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        size: tuple[int, int] = (120, 40),
    ) -> None:
        self._master, slave = open_terminal(size)
        this_tree = {"PYTHONPATH": str(Path(__file__).parents[2])}  # whatever is installed
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment(cwd, {**this_tree, **(env or {})}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.output = bytearray()
        self._chunks: list[tuple[float, int]] = []
        self._grown = threading.Condition()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def __enter__(self) -> Pty:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._thread.join(5)
        os.close(self._master)

    @property
    def pid(self) -> int:
        return self.process.pid

    def _drain(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other end is closed: the program has ended
                data = b""
            with self._grown:
                if data:
                    self.output += data
                    self._chunks.append((time.monotonic(), len(self.output)))
                self._grown.notify_all()
            if not data:
                return

    def write(self, data: str) -> float:
        """Sends keys; the time just before."""
        now = time.monotonic()
        os.write(self._master, data.encode())
        return now

    def seen(self, text: str, after: int = 0, deadline_s: float = DEADLINE_S) -> tuple[float, int]:
        """When ``text`` came, searched from offset ``after``, and the offset behind it.

        Raises:
            TimeoutError: It did not come.
        """
        needle = text.encode()
        end = time.monotonic() + deadline_s
        with self._grown:
            start = after
            while True:
                at = self.output.find(needle, start)
                if at >= 0:
                    behind = at + len(needle)
                    return next(when for when, length in self._chunks if length >= behind), behind
                start = max(after, len(self.output) - len(needle))
                left = end - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    tail = self.output[-600:].decode(errors="replace")
                    raise TimeoutError(f"{text!r} did not come; the end of the output: {tail!r}")
                self._grown.wait(min(left, 0.5))

    def quiet(self, seconds: float, deadline_s: float = DEADLINE_S) -> None:
        """Waits until nothing has been printed for ``seconds``."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            length = len(self.output)
            time.sleep(seconds)
            if len(self.output) == length:
                return

    @property
    def offset(self) -> int:
        return len(self.output)


def cpu_s(pid: int) -> float:
    """CPU seconds that a process and its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise LookupError("no VmRSS")


def wakeups(pid: int) -> int:
    """Times that any thread of a process has gone to sleep and been woken."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


class FakeGemini:
    """The fake provider as a process; its lines are kept as ``(word, time)``."""

    def __init__(self, *replies: str) -> None:
        argv = [sys.executable, "-m", "tests.fakes.gemini_server"]
        for reply in replies:
            argv += ["--reply", reply]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.lines: list[tuple[str, float]] = []
        self._grown = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> FakeGemini:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, _, rest = line.strip().partition(" ")
            with self._grown:
                self.lines.append((word, float(rest.split()[0])))
                self._grown.notify_all()

    def when(self, word: str, after: float, deadline_s: float = DEADLINE_S) -> float:
        """The first time after ``after`` that the server said ``word``."""
        end = time.monotonic() + deadline_s
        with self._grown:
            while True:
                for said, when in self.lines:
                    if said == word and when >= after:
                        return when
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"the server did not say {word!r}: {self.lines[-5:]}")
                self._grown.wait(left)

    @property
    def env(self) -> dict[str, str]:
        return {"GEMINI_API_KEY": "test-key", "GOOGLE_GEMINI_BASE_URL": self.url}


def agent_tui(*args: str) -> list[str]:
    return [surroundings.agent_tui(), *args]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def under(work: str, value: float, limit: float, show: Callable[[float], str]) -> Row:
    """A row whose budget is an upper limit."""
    return Row(work, show(value), f"under {show(limit)}", value < limit)
