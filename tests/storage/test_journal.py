"""The journal: what is written, when it is durable, how it is read and listed."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent_tui.errors import ConflictError, NotFoundError, StorageError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.storage import schema
from agent_tui.storage.journal import Journal
from tests.fakes import stories


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await Journal.open(tmp_path / "data" / "journal.db")
    yield opened
    await opened.close()


def a_log(journal: Journal, session_id: str = "s1") -> SessionLog:
    return SessionLog(session_id, sink=journal.sink)


async def test_what_was_appended_is_read_back_byte_for_byte(journal: Journal) -> None:
    log = a_log(journal)
    stories.begin(log)
    stories.start_run(log)
    stories.stream(log, "a", "b")
    assert await journal.flush()
    lines = await journal.read("s1", 0, 100)
    assert lines == await log.read_lines(0, 100)
    assert [codec.decode(line).seq for line in await journal.read("s1", 2, 2)] == [3, 4]


async def test_a_reopened_log_reads_its_past_from_the_journal(journal: Journal) -> None:
    log = a_log(journal)
    stories.begin(log)
    stories.start_run(log)
    stories.end_run(log)
    await journal.flush()
    stored = await journal.reopen("s1")
    again = SessionLog(
        "s1", sink=journal.sink, last_seq=stored.last_seq, last_ts=stored.last_ts, older=journal
    )
    again.append(ev.SessionUpdate, title="second life")
    again.close()
    assert [event.seq async for event in again.follow()] == [1, 2, 3, 4]


async def test_sessions_are_listed_from_their_events(journal: Journal) -> None:
    first, second = a_log(journal, "s1"), a_log(journal, "s2")
    stories.begin(first, "/one")
    stories.start_run(first, "fix the test\nplease")
    stories.begin(second, "/two")
    await journal.flush()
    second.append(ev.SessionUpdate, title="named", model="gemini:x")
    await journal.flush()
    newest, oldest = await journal.sessions()
    assert (newest.id, newest.title, newest.model, newest.cwd, newest.last_seq) == (
        "s2", "named", "gemini:x", "/two", 2,
    )  # fmt: skip
    assert (oldest.title, oldest.created <= oldest.updated) == ("fix the test", True)
    assert [session.id for session in await journal.sessions(cwd=Path("/one"))] == ["s1"]


async def test_text_that_looks_like_a_type_is_not_one(journal: Journal) -> None:
    log = a_log(journal)
    stories.begin(log)
    stories.start_run(log)
    log.append(
        ev.ToolStart, **stories.TOOL, call_id="c", tool_name="t", risk="low",
        args={"type": "session_update", "title": "forged"},
    )  # fmt: skip
    log.append(ev.SteerQueued, text='"type":"run_done"')
    await journal.flush()
    (session,) = await journal.sessions()
    assert session.title == "hello"
    assert list(await journal.open_runs("s1")) == [2]


async def test_a_session_is_found_by_a_prefix(journal: Journal) -> None:
    for name in ("abc1", "abc2", "abc"):
        stories.begin(a_log(journal, name))
    await journal.flush()
    assert (await journal.find("abc1")).id == "abc1"
    assert (await journal.find("abc")).id == "abc"
    with pytest.raises(NotFoundError, match="several"):
        await journal.find("ab")
    with pytest.raises(NotFoundError, match="no session"):
        await journal.find("x%")
    with pytest.raises(NotFoundError, match="no session"):
        await journal.reopen("unknown")
    assert not list(journal.path.with_name("journal.db-live").glob("unknown*"))


async def test_lines_reach_the_disk_without_anybody_asking(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db")
    stories.begin(a_log(journal))
    other = await Journal.open(tmp_path / "journal.db")
    while not await other.read("s1", 0, 1):  # the test's deadline ends this
        pass
    await journal.close()
    await other.close()


async def test_a_session_has_one_writer(journal: Journal) -> None:
    stories.begin(a_log(journal))
    await journal.flush()
    problems: list[str] = []
    other = await Journal.open(journal.path, on_problem=problems.append)
    assert not await other.claim("s1")
    assert await other.repair("s1") == 0
    with pytest.raises(ConflictError):
        await other.reopen("s1")
    other.sink("s1", 2, codec.encode(ev.SteerQueued(seq=2, ts="", session_id="s1", text="intruder")))
    await other.flush()
    assert "another program" in problems[0]
    await journal.release("s1")
    assert (await other.reopen("s1")).last_seq == 1
    await other.close()


async def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await (await Journal.open(path)).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer agent-tui"):
        await Journal.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to look at" * 50, b"SQLite format 3\0junk" * 300]
)
async def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(StorageError, match="move it away"):
        await Journal.open(path)
    assert path.read_bytes() == content


async def test_the_file_is_private(journal: Journal) -> None:
    assert journal.path.stat().st_mode & 0o077 == 0


async def test_after_close_nothing_more_is_asked_of_it(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db")
    stories.begin(a_log(journal))
    assert len(await journal.sessions()) <= 1
    assert await journal.close()
    assert await journal.close()
    assert not (tmp_path / "journal.db-wal").exists()
    with pytest.raises(StorageError, match="closed"):
        await journal.flush()
    again = await Journal.open(tmp_path / "journal.db")
    assert len(await again.read("s1", 0, 10)) == 1
    await again.close()
