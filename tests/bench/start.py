"""Starting: ``--version``, exec to prompt painted, memory, and doing nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import Pty, Row, agent_tui, cpu_s, median, ms, rss_mb, under, wakeups

HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello-painted")
Hello().run()
"""
PROMPT_MARK = "❯"


def _elapsed(argv: list[str], cwd: Path) -> float:
    began = time.perf_counter()
    subprocess.run(argv, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _painted(argv: list[str], mark: str, cwd: Path) -> float:
    with Pty(argv, cwd=cwd) as program:
        when, _ = program.seen(mark)
        return when - program.began


def run(*, quick: bool = False) -> Iterator[Row]:
    rounds = 5 if quick else 15
    with tempfile.TemporaryDirectory() as folder:
        cwd = Path(folder)
        nothing, version, hello, ours = [], [], [], []
        _painted(agent_tui(), PROMPT_MARK, cwd)  # the first start writes files and caches
        for _ in range(rounds):
            nothing.append(_elapsed([sys.executable, "-c", "pass"], cwd))
            version.append(_elapsed(agent_tui("--version"), cwd))
        yield under(
            "agent-tui --version / python -c pass",
            median(version) / median(nothing),
            2.5,
            lambda value: f"{value:.2f}×",
        )
        for _ in range(rounds):
            hello.append(_painted([sys.executable, "-c", HELLO], "hello-painted", cwd))
            ours.append(_painted(agent_tui(), PROMPT_MARK, cwd))
        yield Row("Textual hello-world painted", ms(median(hello)))
        yield Row("exec → prompt painted", ms(median(ours)))
        yield under(
            "exec → prompt / Textual hello-world",
            median(ours) / median(hello),
            2.0,
            lambda value: f"{value:.2f}×",
        )
        yield from _idle(cwd, 5 if quick else 20)


def _idle(cwd: Path, seconds: float) -> Iterator[Row]:
    with Pty(agent_tui(), cwd=cwd) as program:
        program.seen(PROMPT_MARK)
        time.sleep(3)
        yield under("memory at rest", rss_mb(program.pid), 100, lambda value: f"{value:.0f} MB")
        cpu, woken, printed = cpu_s(program.pid), wakeups(program.pid), program.offset
        time.sleep(seconds)
        used = (cpu_s(program.pid) - cpu) / seconds * 100
        yield under("idle, part of a core", used, 0.5, lambda value: f"{value:.2f} %")
        rate = (wakeups(program.pid) - woken) / seconds
        yield Row("idle, wakeups a second", f"{rate:.2f}", "none of ours", rate < 1)
        yield Row("idle, bytes printed", str(program.offset - printed), "0", program.offset == printed)
