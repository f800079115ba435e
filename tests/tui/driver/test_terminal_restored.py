"""However the program ends, the terminal is as it was."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

APP = """
import os, sys
from textual.app import App
from agent_tui.tui.driver import driver_class

class Probe(App):
    def on_ready(self):
        os.write(1, b"ready")  # at once: the terminal may be gone as soon as this was read
    def key_x(self):
        raise RuntimeError("on purpose")
    def key_q(self):
        self.exit()
    def key_e(self):
        sys.modules["atexit"]._run_exitfuncs()
        os._exit(3)

Probe(driver_class=driver_class()).run()
"""


def read_until(master: int, wanted: bytes) -> bytes:
    seen, stop_at = b"", time.monotonic() + 20
    while wanted not in seen and time.monotonic() < stop_at:
        if select.select([master], [], [], 0.2)[0]:
            try:
                seen += os.read(master, 65_536)
            except OSError:  # the other side is closed
                break
    assert wanted in seen, seen[-500:]
    return seen


@pytest.mark.parametrize("end", ["q", "x", "e", signal.SIGTERM, signal.SIGHUP])
def test_terminal_is_given_back(end: str | signal.Signals) -> None:
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[3])}
    child = subprocess.Popen(
        [sys.executable, "-c", APP],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env,
        start_new_session=True,
    )
    try:
        read_until(master, b"ready")
        assert termios.tcgetattr(slave) != before
        if isinstance(end, str):
            os.write(master, end.encode())
        else:
            child.send_signal(end)
        seen = read_until(master, b"\x1b[?1004l")
        child.wait(20)
        assert b"\x1b[?1049l" in seen
        assert b"\x1b[<u" in seen
        assert termios.tcgetattr(slave) == before
    finally:
        child.kill()
        child.wait(10)
        os.close(master)
        os.close(slave)


def test_a_window_that_is_closed_ends_the_program() -> None:
    master, slave = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", APP]
    child = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
    )
    os.close(slave)
    try:
        read_until(master, b"ready")
        os.close(master)
        assert child.wait(20) in (0, 120)  # 120: Python could not flush to the terminal that is gone
    finally:
        child.kill()
        child.wait(10)
