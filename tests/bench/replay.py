"""A replay of 100,000 events: how soon it is there, what it weighs, a jump to its paint, and playing."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from agent_tui.events import codec
from agent_tui.events.timeline import Timeline
from agent_tui.storage.journal import Journal
from tests.bench.harness import Pty, Row, agent_tui, cpu_s, median, ms, percentile, rss_mb, under
from tests.fakes.recorded import recorded

SESSION = "2zzzzzzzzy"
EVENTS = 100_000
MEMORY_MB = 250
JUMP_MS = 50
PLAY_S = 8.0
COLUMNS, BAR_ROW = 120, 38


async def _store(cwd: Path, lines: list[bytes]) -> None:
    journal = await Journal.open(cwd / ".home" / "data" / "journal.db")
    for seq, line in enumerate(lines, 1):
        journal.sink(SESSION, seq, line)
        if seq % 5_000 == 0:
            await asyncio.sleep(0.01)  # the writer's turn
    await journal.close()


def _views(lines: list[bytes], count: int) -> Iterator[Row]:
    timeline = Timeline()
    began, worst = time.perf_counter(), 0.0
    for start in range(0, len(lines), 250):
        part = [codec.decode(line) for line in lines[start : start + 250]]
        at = time.perf_counter()
        timeline.extend(part)
        worst = max(worst, time.perf_counter() - at)
    whole = time.perf_counter() - began
    yield Row("timeline of 100,000 events: reading all; longest slice", f"{whole:.1f} s, {ms(worst)}")
    taken = []
    for seq in random.Random(7).sample(range(1, EVENTS), count):
        began = time.perf_counter()
        timeline.view_at(seq)
        taken.append(time.perf_counter() - began)
    yield under(f"view of any moment, {count} of them, p99", percentile(taken, 0.99), JUMP_MS / 1000, ms)


def _by_number(program: Pty, choice: random.Random) -> Iterator[float]:
    """Seconds from Enter to the paint, for ever."""
    while True:
        seq = choice.randrange(2, EVENTS)
        program.write(f"g{seq}")
        program.quiet(0.1)
        offset = program.offset
        pressed = program.write("\r")
        painted = program.seen(f"event {seq:,} of", offset)[0]
        program.quiet(0.1)
        yield painted - pressed


def _by_click(program: Pty, choice: random.Random) -> Iterator[float]:
    """Seconds from the button to the paint, for ever."""
    at = 0
    while True:
        column = choice.choice([column for column in range(1, COLUMNS - 3) if column != at])
        at = column  # at the same place again there would be nothing to paint
        seq = 1 - (-column * (EVENTS - 1) // (COLUMNS - 3))  # the first event that falls on that column
        offset = program.offset
        pressed = program.write(f"\x1b[<0;{column + 2};{BAR_ROW}M")
        painted = program.seen(f"event {seq:,} of", offset)[0]
        program.write(f"\x1b[<0;{column + 2};{BAR_ROW}m")
        program.quiet(0.1)
        yield painted - pressed


def _screen(cwd: Path, count: int) -> Iterator[Row]:
    with Pty(agent_tui("replay", SESSION, "--at", "1"), cwd=cwd) as program:
        there = program.seen(f"event 1 of {EVENTS:,}")[0] - program.began
        program.quiet(0.5)
        yield Row("replay of 100,000 events: exec to its first moment", f"{there:.1f} s")
        for how, jump in (("a number and Enter", _by_number), ("a click on the bar", _by_click)):
            taken = list(islice(jump(program, random.Random(7)), count))
            p50, p99 = median(taken), percentile(taken, 0.99)
            yield Row(
                f"a jump by {how} to its paint, {count} of them",
                f"p50 {ms(p50)}, p99 {ms(p99)}, worst {ms(max(taken))}",
                f"p99 under {JUMP_MS} ms",
                p99 * 1000 < JUMP_MS,
            )
        yield under("memory after that", rss_mb(program.pid), MEMORY_MB, lambda mb: f"{mb:.0f} MB")
        program.write("g50000\r")
        program.quiet(0.3)
        program.write("+ ")  # 4×: 400 tokens a second in the streamed parts
        began, used = time.monotonic(), cpu_s(program.pid)
        time.sleep(PLAY_S)
        share = (cpu_s(program.pid) - used) / (time.monotonic() - began)
        yield under("playing at 4×, 400 tokens/s", share * 100, 25, lambda percent: f"{percent:.0f} %")


def run(*, quick: bool = False) -> Iterator[Row]:
    count = 30 if quick else 150
    lines = [codec.encode(event) for event in recorded(EVENTS, session_id=SESSION)]
    yield from _views(lines, count * 4)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_store(Path(folder), lines))
        yield from _screen(Path(folder), count)
