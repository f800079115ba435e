"""Kills a running ``agent-tui`` with SIGKILL at random moments, and goes on with what it left.

``python -m tests.soak.kill --count 200``. Each round runs the real program in one session, on and on,
and reads the events it prints; after the kill the journal must be whole, hold every event that was
more than 50 ms old, keep the contract's invariants once it is mended, and be found by a search.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from agent_tui.events import codec
from agent_tui.paths import user_paths
from agent_tui.storage.journal import Journal
from tests.fakes.invariants import check_stream

PROMISE_S = 0.050
LIFE_S = 1.2


def _script(folder: Path) -> Path:
    """A model that thinks and calls tools for seconds, word by word."""
    thoughts = [item for _ in range(30) for item in ({"thought": "hm "}, {"delay_s": 0.003})]
    answer = [{"text": '{"type": "final", "final": "'}]
    answer += [item for _ in range(60) for item in ({"text": "word "}, {"delay_s": 0.003})]
    turn = [*thoughts, {"tool": "calc", "args": {"expression": "6*7"}}]
    turns = [turn, turn, [*answer, {"text": '"}'}]]
    path = folder / "script.json"
    path.write_text(json.dumps(turns * 20))
    return path


async def one_round(folder: Path, session_id: str | None, life_s: float) -> tuple[str | None, float]:
    """One run that is killed ``life_s`` after its first event: its session, and how much it lost.

    A session that was killed before anything of it had to be kept is None.

    Raises:
        AssertionError: A promise was broken.
    """
    argv = ["run", "go", "--json", "-m", "script:script.json", *(["-s", session_id] if session_id else [])]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent_tui", *argv,
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"AGENT_TUI_HOME": str(folder / "home"), "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert child.stdout is not None
    first = await child.stdout.readline()
    assert first, "the program printed nothing"
    reading = asyncio.create_task(child.stdout.read())  # as it comes: a full pipe would hold it up
    await asyncio.wait([reading], timeout=life_s)
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)  # not by the child's handle, which may take its end in
    killed = time.time()
    rest = await reading
    await child.wait()
    printed = [
        codec.decode(line) for line in (first + rest).splitlines(keepends=True) if line[-1:] == b"\n"
    ]
    session_id = printed[0].session_id
    path = user_paths({"AGENT_TUI_HOME": str(folder / "home")}).journal
    kept = _whole(path, session_id)
    lost = [datetime.fromisoformat(event.ts).timestamp() for event in printed if event.seq > kept]
    if kept:
        await _mended(path, session_id)
    return session_id if kept else None, killed - min(lost) if lost else 0.0


def _whole(path: Path, session_id: str) -> int:
    """Checks the file as it is; the last event in it."""
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        last = db.execute("SELECT max(seq) FROM events WHERE session_id = ?", (session_id,)).fetchone()[0]
        return int(last or 0)
    finally:
        db.close()


async def _mended(path: Path, session_id: str) -> None:
    journal = await Journal.open(path)
    stored = await journal.reopen(session_id)
    lines = await journal.read(session_id, 0, 1_000_000)
    assert len(lines) == stored.last_seq
    check_stream(codec.decode(line) for line in lines)
    assert [hit.id for hit, _ in await journal.search("go")] == [session_id]
    await journal.close()


async def soak(count: int, folder: Path, *, tolerance_s: float = PROMISE_S) -> list[float]:
    """``count`` kills of runs in one session; what each lost, in seconds.

    Raises:
        AssertionError: A promise was broken.
    """
    _script(folder)
    session_id: str | None = None
    lost: list[float] = []
    for number in range(count):
        session_id, seconds = await one_round(folder, session_id, random.uniform(0.0, LIFE_S))
        lost.append(seconds)
        assert seconds <= tolerance_s, f"round {number} lost {seconds * 1000:.0f} ms"
    return lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        lost = asyncio.run(soak(options.count, Path(folder)))
    hit = [seconds for seconds in lost if seconds]
    print(f"{len(lost)} kills; {len(hit)} lost something, at most {max(lost) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
