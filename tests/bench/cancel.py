"""Esc: how soon the connection is closed and the screen says so, and a command's processes are gone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import FakeGemini, Pty, Row, agent_tui, median, ms, percentile
from tests.bench.start import PROMPT_MARK
from tests.e2e.terminal import alive

LONE = "\x1b"
ENDED = "○ ready"
KITTY = "\x1b[27u"


def _presses(key: str, count: int, cwd: Path) -> tuple[list[float], list[float]]:
    closed, shown = [], []
    with FakeGemini("markdown:20000@500") as server, Pty(agent_tui(), cwd=cwd, env=server.env) as program:
        program.seen(PROMPT_MARK)
        program.quiet(1.0)
        for _ in range(count):
            sent = program.write("go\r")
            server.when("first", sent)
            time.sleep(0.25)  # some way into the stream
            offset = program.offset
            pressed = program.write(key)
            closed.append(server.when("closed", pressed) - pressed)
            # An earlier press's line may be painted again while the text scrolls: the one that is
            # meant comes with, and so below, the header's word for a run that has ended.
            _, behind = program.seen(ENDED, offset)
            shown.append(program.seen("cancelled in", behind)[0] - pressed)
            program.quiet(0.05)
    return closed, shown


def run(*, quick: bool = False) -> Iterator[Row]:
    count = 10 if quick else 200
    for name, key, limits in (
        ("lone Esc", LONE, (10, 30, 30, 60)),
        ("kitty Esc", KITTY, (None, 10, None, 40)),
    ):
        with tempfile.TemporaryDirectory() as folder:
            closed, shown = _presses(key, count, Path(folder))
        for what, values, middle, most in (
            ("connection closed", closed, limits[0], limits[1]),
            ("word on the screen", shown, limits[2], limits[3]),
        ):
            p50, p99 = median(values), percentile(values, 0.99)
            ok = p99 * 1000 < most and (middle is None or p50 * 1000 < middle)
            budget = f"p99 under {most} ms" + (f", median under {middle} ms" if middle else "")
            yield Row(f"{name} → {what}, {count} presses", f"p50 {ms(p50)}, p99 {ms(p99)}", budget, ok)
    yield from _commands()


def _gone(command: str, cwd: Path) -> float:
    with Pty(agent_tui(), cwd=cwd) as program:
        program.seen(PROMPT_MARK)
        program.quiet(1.0)
        program.write(f"!{command}\r")
        pid_file = cwd / "pid"
        while not (pid_file.exists() and pid_file.read_text().strip()):
            time.sleep(0.01)
        pid = int(pid_file.read_text())
        time.sleep(0.2)
        pressed = program.write(KITTY)
        while alive(pid):
            time.sleep(0.001)
        return time.monotonic() - pressed


def _commands() -> Iterator[Row]:
    for name, command, limit in (
        ("Esc → tree gone, dies on TERM", "sleep 300 & echo $! > pid; wait", 0.1),
        (
            "Esc → tree gone, refuses TERM",
            "sh -c 'trap \"\" TERM; echo $$ > pid; while :; do sleep 1; done'",
            2.0,
        ),
    ):
        with tempfile.TemporaryDirectory() as folder:
            took = _gone(command, Path(folder))
        yield Row(name, ms(took), f"under {ms(limit)}", took < limit)
