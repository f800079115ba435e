"""Journals of older programs are brought up to date, whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from agent_tui.errors import StorageError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.storage import schema
from agent_tui.storage.journal import Journal
from tests.fakes import stories

FORMAT_1 = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, cwd TEXT NOT NULL DEFAULT '', model TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '', created TEXT NOT NULL, last_ts TEXT NOT NULL, last_seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_time ON sessions (last_ts);
CREATE TABLE events (
    session_id TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, line BLOB NOT NULL,
    PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;
CREATE INDEX marks ON events (session_id, type, seq)
    WHERE type IN ('run_start', 'run_done', 'prompt_queued', 'prompt_unqueued');
PRAGMA user_version=1;
"""


def a_journal_of_format_1(path: Path, *, damaged: bool = False) -> list[bytes]:
    """Makes a file as the first program wrote it; the lines in it."""
    events: list[ev.Event] = []
    log = SessionLog("old")
    log.observe(events.append)
    stories.begin(log, "/one")
    stories.start_run(log, "find the zebra")
    stories.stream(log, "it is here")
    stories.end_stream(log)
    log.append(ev.Final, **stories.RUN, answer=ev.AgentAnswer(answer="it is here"))
    usage = ev.Usage(input_tokens=3, output_tokens=4, cost_usd=0.25)
    log.append(ev.RunDone, **stories.RUN, status="completed", steps=1, usage=usage, duration_ms=1.0)
    lines = [codec.encode(event) for event in events]
    with sqlite3.connect(path) as db:
        db.executescript(FORMAT_1)
        for event, line in zip(events, lines, strict=True):
            stored = b"{" if damaged and event.type == "final" else line
            db.execute("INSERT INTO events VALUES ('old', ?, ?, ?)", (event.seq, event.type, stored))
        db.execute(
            "INSERT INTO sessions VALUES ('old', '/one', 'demo', 'find the zebra', ?, ?, ?)",
            (events[0].ts, events[-1].ts, events[-1].seq),
        )
    db.close()
    return lines


async def test_sessions_get_their_totals_and_can_be_searched(tmp_path: Path) -> None:
    lines = a_journal_of_format_1(tmp_path / "journal.db")
    journal = await Journal.open(tmp_path / "journal.db")
    (session,) = await journal.sessions()
    assert (session.runs, session.tokens, session.cost) == (1, 7, 0.25)
    ((hit, snippet),) = await journal.search("zebra")
    assert (hit.id, snippet) == ("old", "find the \x01zebra\x02")
    assert await journal.read("old", 0, 100) == lines
    await journal.close()


async def test_a_new_file_and_an_old_one_have_the_same_tables(tmp_path: Path) -> None:
    a_journal_of_format_1(tmp_path / "old.db")
    tables = []
    for name in ("old.db", "new.db"):
        await (await Journal.open(tmp_path / name)).close()
        with sqlite3.connect(tmp_path / name) as db:
            columns = [row[1:4] for row in db.execute("PRAGMA table_info(sessions)")]
            others = db.execute(
                "SELECT name, sql FROM sqlite_master WHERE name NOT IN ('sessions', 'events')"
            )
            made = {row[0]: " ".join((row[1] or "").split()) for row in others}
            made.pop("marks")
            tables.append((columns, made, db.execute("PRAGMA user_version").fetchone()))
        db.close()
    assert tables[0] == tables[1]


async def test_looking_at_an_old_file_brings_it_up_to_date(tmp_path: Path) -> None:
    a_journal_of_format_1(tmp_path / "journal.db")
    journal = Journal(tmp_path / "journal.db")
    assert [session.id for session, _ in await journal.search("zeb")] == ["old"]
    await journal.close()


async def test_two_programs_may_do_it_at_once(tmp_path: Path) -> None:
    a_journal_of_format_1(tmp_path / "journal.db")
    journals = await asyncio.gather(*(Journal.open(tmp_path / "journal.db") for _ in range(4)))
    assert len(await journals[3].search("zebra")) == 1
    for journal in journals:
        await journal.close()


async def test_a_damaged_old_file_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    a_journal_of_format_1(path, damaged=True)
    with pytest.raises(StorageError, match=r"damaged.*move it away"):
        await Journal.open(path)
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    db.close()
    assert "words" not in names and schema.VERSION > 1
