"""Kills a writing process with SIGKILL at random moments and looks at what its journal holds.

``python -m tests.soak.crash --count 200``. Each round a child appends events as fast as a run does
and prints, for each, when; after the kill the journal must be whole, without a gap, hold all that
the child had been told is durable and all that was more than 50 ms old, and be mendable.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.log import SessionLog
from agent_tui.storage.journal import Journal
from tests.fakes import stories

PROMISE_S = 0.050


async def write_until_killed(path: Path, session_id: str, rate: float) -> None:
    """The child: appends, prints ``a SEQ TIME`` for each event and ``d SEQ`` for what is durable."""
    journal = await Journal.open(path)
    stored = (
        await journal.reopen(session_id) if session_id in [s.id for s in await journal.sessions()] else None
    )
    log = SessionLog(
        session_id,
        sink=journal.sink,
        last_seq=stored.last_seq if stored else 0,
        last_ts=stored.last_ts if stored else "",
    )
    if stored is None:
        stories.begin(log)
    stories.start_run(log)
    stories.stream(log)
    while True:
        event = log.append(ev.LlmDelta, **stories.LLM, text="token " * random.randint(1, 20))
        print("a", event.seq, time.monotonic(), flush=True)
        if random.random() < 0.02:
            await journal.flush()
            print("d", event.seq, flush=True)
        await asyncio.sleep(random.expovariate(rate))


@dataclass
class Round:
    """What one kill showed: ``lost_s`` is the age of the oldest event that is missing."""

    appended: int
    durable: int
    kept: int
    lost_s: float


async def one_round(path: Path, session_id: str, life_s: float, rate: float) -> Round:
    """Starts a child, kills it after ``life_s`` of writing, checks the journal.

    Raises:
        AssertionError: A promise was broken.
    """
    code = (
        "import asyncio, sys, pathlib; from tests.soak.crash import write_until_killed as w; "
        "asyncio.run(w(pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), session_id, str(rate), stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    first = await child.stdout.readline()
    await asyncio.sleep(life_s)
    child.kill()
    killed = time.monotonic()
    said = first + await child.stdout.read()
    await child.wait()
    lines = said[: said.rfind(b"\n") + 1].splitlines()  # the kill may have cut the last one
    appended = {int(line.split()[1]): float(line.split()[2]) for line in lines if line[:1] == b"a"}
    durable = max((int(line.split()[1]) for line in lines if line[:1] == b"d"), default=0)
    return await check(path, session_id, appended, durable, killed)


async def check(
    path: Path, session_id: str, appended: dict[int, float], durable: int, killed: float
) -> Round:
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = db.execute("SELECT max(seq) FROM events WHERE session_id = ?", (session_id,)).fetchone()[0] or 0
    db.close()
    assert kept >= durable, f"told that {durable} is durable, but the journal ends at {kept}"
    missing = [moment for seq, moment in appended.items() if seq > kept]
    lost_s = killed - min(missing) if missing else 0.0
    if kept == 0:  # killed before its first event was old enough to be promised
        return Round(len(appended), durable, kept, lost_s)
    journal = await Journal.open(path)
    await journal.reopen(session_id)
    position, fold = 0, Fold()
    while batch := await journal.read(session_id, position, 1000):
        events = [codec.decode(line) for line in batch]
        assert [event.seq for event in events] == list(range(position + 1, position + len(events) + 1))
        fold.apply_all(events)
        position = events[-1].seq
    assert fold.view.run is None
    assert not await journal.open_runs(session_id)
    assert await journal.close()
    return Round(len(appended), durable, kept, lost_s)


async def soak(
    count: int, folder: Path, *, tolerance_s: float = PROMISE_S, rate: float = 500.0
) -> list[Round]:
    """``count`` kills on one journal, a few sessions of which are written again and again."""
    rounds = []
    for number in range(count):
        rounds.append(
            await one_round(folder / "journal.db", f"s{number % 5}", random.uniform(0.0, 0.4), rate)
        )
        assert rounds[-1].lost_s <= tolerance_s, f"round {number} lost {rounds[-1].lost_s * 1000:.0f} ms"
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rate", type=float, default=500.0, help="events a second")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        rounds = asyncio.run(soak(options.count, Path(folder), rate=options.rate))
    lost = sorted(result.lost_s * 1000 for result in rounds)
    print(
        f"{len(rounds)} kills, {sum(result.appended for result in rounds)} events; lost at a kill: "
        f"median {lost[len(lost) // 2]:.1f} ms, worst {lost[-1]:.1f} ms; no gap, no damage"
    )


if __name__ == "__main__":
    main()
