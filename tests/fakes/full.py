"""A disk that gets full under a journal, and has room again."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.storage.journal import Journal
from tests.fakes import stories


async def outlive_a_full_disk(path: Path, full: AbstractContextManager[object]) -> None:
    """Writes a session to a journal before, while and after there is no room: nothing of it is missing.

    Args:
        path: Where the journal is made.
        full: As long as it is entered, there is no room for more than 100 kB.
    """
    problems: list[str] = []
    journal = await Journal.open(path, on_problem=problems.append)
    log = SessionLog("s1", sink=journal.sink)
    stories.begin(log)
    assert await journal.flush()
    with full:
        for _ in range(3):
            for _ in range(20):
                log.append(ev.SteerQueued, text="x" * 10_000)
            assert not await journal.flush()
        assert len(problems) == 1
        assert "not being saved" in problems[0]
        kept = await journal.read("s1", 0, 1000)  # what was stored before is there all the while
        assert kept and [codec.decode(line).seq for line in kept] == list(range(1, len(kept) + 1))
    assert await journal.flush()
    assert len(await journal.read("s1", 0, 1000)) == log.last_seq
    assert await journal.close()
    assert len(problems) == 1
