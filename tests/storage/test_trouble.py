"""Disks that are full, folders that are not writable, locks that do not go away."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent_tui.errors import StorageError
from agent_tui.events.log import SessionLog
from agent_tui.storage import schema
from agent_tui.storage.journal import Journal
from tests.fakes import stories
from tests.fakes.full import outlive_a_full_disk


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """What a full disk looks like to a program: writes beyond ``size`` fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_one_notice_and_nothing_is_missing_once_there_is_room(tmp_path: Path) -> None:
    await outlive_a_full_disk(tmp_path / "journal.db", files_no_larger_than(100_000))


async def test_a_folder_that_cannot_be_made_is_one_notice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    problems: list[str] = []
    journal = await Journal.open(tmp_path / "file" / "journal.db", on_problem=problems.append)
    log = SessionLog("s1", sink=journal.sink)
    stories.begin(log)
    stories.start_run(log)
    assert not await journal.flush()
    assert await journal.sessions() == []
    assert not await journal.close()
    assert len(problems) == 1


async def test_a_lock_that_stays_is_one_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.02)
    problems: list[str] = []
    told = asyncio.Event()
    journal = await Journal.open(
        tmp_path / "journal.db", on_problem=lambda message: (problems.append(message), told.set())
    )
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    log = SessionLog("s1", sink=journal.sink)
    stories.begin(log)
    await told.wait()
    assert not await journal.flush()
    other.execute("ROLLBACK")
    other.close()
    assert await journal.flush()
    assert await journal.close()
    assert len(problems) == 1
    assert "locked" in problems[0]


async def test_a_file_that_is_only_locked_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.02)
    journal = await Journal.open(tmp_path / "journal.db")
    log = SessionLog("s1", sink=journal.sink)
    stories.begin(log)
    assert await journal.flush()
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="try again") as caught:
        await journal.reopen("s1")
    assert "move it away" not in str(caught.value)
    other.execute("ROLLBACK")
    other.close()
    assert (await journal.reopen("s1")).id == "s1"
    await journal.close()


async def test_a_journal_that_cannot_be_opened_to_read_says_what_to_check(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.mkdir()  # for whoever may read everything, the nearest to a file that may not be read
    with pytest.raises(StorageError, match="permissions"):
        schema.connect_reader(path)


async def test_a_file_found_damaged_while_it_is_written_is_one_notice_that_says_how_to_mend_it(
    tmp_path: Path,
) -> None:
    journal = await Journal.open(tmp_path / "journal.db")
    stories.begin(SessionLog("s0", sink=journal.sink))
    await journal.close()
    with journal.path.open("r+b") as file:  # all but the first page, which is what is looked at to open it
        file.seek(4096)
        file.write(b"\xa5" * (journal.path.stat().st_size - 4096))
    before = journal.path.read_bytes()
    problems: list[str] = []
    told = asyncio.Event()
    journal = await Journal.open(journal.path, on_problem=lambda text: (problems.append(text), told.set()))
    stories.begin(SessionLog("s1", sink=journal.sink))
    await asyncio.wait_for(told.wait(), 10)
    assert not await journal.close()
    assert len(problems) == 1 and "agent-tui doctor" in problems[0]
    assert journal.path.read_bytes() == before


async def test_a_folder_that_may_not_be_looked_into_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refused)  # whoever runs this may be allowed everything
    with pytest.raises(StorageError, match="Permission denied; make its folder readable"):
        await Journal(tmp_path / "journal.db").sessions()
    with pytest.raises(StorageError, match="Permission denied"):
        schema.connect_reader(tmp_path / "journal.db")
