"""How long the Esc key takes from the terminal to its handler: our driver beside Textual's own."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import Row, median, percentile

CHILD = """
import os, sys, time
from textual.app import App

class Probe(App):
    def on_ready(self):
        os.write(OUT, b"ready\\n")
    def on_key(self, event):
        os.write(OUT, f"{event.key} {time.monotonic_ns()}\\n".encode())

OUT = int(sys.argv[1])
if sys.argv[2] == "ours":
    from agent_tui.tui.driver import driver_class
    Probe(driver_class=driver_class()).run()
else:
    Probe().run()
"""
SEQUENCES = {"lone": b"\x1b", "kitty": b"\x1b[27u"}


class Probe:
    """A small app in a pseudo-terminal that tells of every key it is given."""

    def __init__(self, driver: str) -> None:
        self.master, slave = pty.openpty()
        read, write = os.pipe()
        self._keys = os.fdopen(read, "r")
        env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2])}
        env.pop("ESCDELAY", None)
        for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"):
            env.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(write), driver],
            stdin=slave, stdout=slave, stderr=slave, pass_fds=(write,), env=env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        os.close(write)
        threading.Thread(target=self._drain, daemon=True).start()
        assert self._keys.readline() == "ready\n"

    def _drain(self) -> None:
        with contextlib.suppress(OSError):  # the pseudo-terminal closes with the child
            while os.read(self.master, 65_536):
                pass

    def press(self, data: bytes) -> float:
        """Milliseconds from the write to the handler."""
        began = time.monotonic_ns()
        os.write(self.master, data)
        if not select.select([self._keys], [], [], 5)[0]:
            raise TimeoutError("the key never came")
        key, at = self._keys.readline().split()
        assert key == "escape", key
        return (int(at) - began) / 1e6

    def cpu_seconds(self) -> float:
        """CPU time the app has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wakeups(self) -> int:
        """How often its threads were put to sleep by their own wish."""
        total = 0
        for status in Path(f"/proc/{self._process.pid}/task").glob("*/status"):
            text = status.read_text()
            total += int(text.split("nonvoluntary_ctxt_switches")[0].rsplit(":", 1)[1])
        return total

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        os.close(self.master)
        self._keys.close()


def measure(driver: str, presses: int, rng: random.Random) -> tuple[str, dict[str, list[float]]]:
    """What the driver costs at rest, and its latencies in ms by kind of Esc."""
    probe = Probe(driver)
    try:
        time.sleep(1.5)  # once the terminal's answers are no longer waited for
        cpu, wakeups = probe.cpu_seconds(), probe.wakeups()
        time.sleep(3)
        idle, woken = (probe.cpu_seconds() - cpu) / 3, (probe.wakeups() - wakeups) / 3
        found: dict[str, list[float]] = {}
        for name, data in SEQUENCES.items():
            for _ in range(presses):
                found.setdefault(name, []).append(probe.press(data))
                time.sleep(rng.uniform(0.02, 0.05))
        return f"{idle:.2%} of a core, {woken:.1f} wake-ups/s", found
    finally:
        probe.close()


def run(*, quick: bool = False) -> Iterator[Row]:
    presses = 30 if quick else 200
    rng = random.Random(1)
    idle, ours = measure("ours", presses, rng)
    their_idle, theirs = measure("textual", presses, rng)
    yield Row("our terminal driver at rest", idle, f"Textual's: {their_idle}")
    for name, values in ours.items():
        yield Row(
            f"{name} Esc to its handler, {presses} presses",
            _shown(values),
            _shown(theirs[name], "Textual's: "),
        )


def _shown(values: list[float], whose: str = "") -> str:
    return f"{whose}p50 {median(values):.1f}, p99 {percentile(values, 0.99):.1f} ms"
