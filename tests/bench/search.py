"""Searching in many stored sessions, as at every key that is typed, and deleting one of them."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.storage.journal import Journal
from tests.bench.harness import Row, median, ms, under
from tests.fakes import stories

RUNS = 5
_WORDS = ["".join(random.Random(seed).choices("aeioubdfgklmnprst", k=2 + seed % 8)) for seed in range(5000)]
QUERIES = ("b", "ba", _WORDS[7], f"{_WORDS[8][:3]} ba")


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choices(_WORDS, k=count))


async def _fill(journal: Journal, sessions: int) -> None:
    rng = random.Random(7)
    for number in range(sessions):
        log = SessionLog(f"s{number}", sink=journal.sink)
        stories.begin(log)
        for _ in range(RUNS):
            stories.start_run(log, _words(rng, 12))
            log.append(ev.ReactObservation, **stories.TOOL, call_id="c", content=_words(rng, 200))
            log.append(ev.Final, **stories.RUN, answer=ev.AgentAnswer(answer=_words(rng, 100)))
            stories.end_run(log)
        if number % 50 == 0:
            await journal.flush()
    await journal.flush()


async def _measure(folder: Path, sessions: int) -> list[Row]:
    journal = await Journal.open(folder / "journal.db")
    await _fill(journal, sessions)
    rows = []
    for query in QUERIES:
        times = []
        for _ in range(9):
            began = time.perf_counter()
            assert await journal.search(query, limit=50)
            times.append(time.perf_counter() - began)
        rows.append(under(f"search {query!r} in {sessions:,} sessions", median(times), 0.02, ms))
    began = time.perf_counter()
    await journal.hide("s1")
    rows.append(under("delete one: no longer to be seen", time.perf_counter() - began, 0.05, ms))
    began = time.perf_counter()
    await journal.purge()
    rows.append(under("… and gone from every file", time.perf_counter() - began, 2.0, ms))
    await journal.close()
    return rows


def run(*, quick: bool = False) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measure(Path(folder), 200 if quick else 1000))
