"""A disk that is really full: a file system of a few megabytes, where this machine lets one be mounted."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent_tui.cli.session_store import exported, write_file
from agent_tui.errors import StorageError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.storage.journal import Journal
from tests.fakes import stories
from tests.fakes.full import outlive_a_full_disk

SIZE_MB = 8
MOUNT_S = 10.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of a small file system of its own."""
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("there is no mount command here")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = [mount, "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, timeout=MOUNT_S, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], timeout=MOUNT_S, check=True)


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], timeout=MOUNT_S, check=True)


def fill(disk: Path) -> Path:
    """Leaves no room; the file that takes it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4_096):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC
    assert shutil.disk_usage(disk).free == 0
    return filler


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """As long as this lasts, there is no room."""
    filler = fill(disk)
    try:
        yield
    finally:
        filler.unlink()


async def test_a_journal_goes_on_once_a_full_disk_has_room_again(disk: Path) -> None:
    await outlive_a_full_disk(disk / "journal.db", filled(disk))
    with sqlite3.connect(disk / "journal.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


async def test_a_journal_on_a_disk_that_became_read_only_is_read(disk: Path) -> None:
    path = disk / "journal.db"
    journal = await Journal.open(path)
    log = SessionLog("s1", sink=journal.sink)
    stories.begin(log)
    stories.start_run(log, "a xylophone")
    assert await journal.close()
    assert not path.with_name("journal.db-wal").exists()

    remount(disk, "ro")
    problems: list[str] = []
    journal = await Journal.open(path, on_problem=problems.append)
    assert [found.id for found in await journal.sessions()] == ["s1"]
    assert [found.id for found, _ in await journal.search("xylo")] == ["s1"]
    assert len(await journal.read("s1", 0, 100)) == log.last_seq
    with pytest.raises(StorageError, match="Read-only file system") as refused:
        await journal.reopen("s1")
    assert "`agent-tui replay` shows" in refused.value.hint
    other = SessionLog("s2", sink=journal.sink)
    stories.begin(other)
    assert not await journal.flush()
    assert len(problems) == 1 and "Read-only file system" in problems[0]

    remount(disk, "rw")
    assert await journal.flush()
    assert {found.id for found in await journal.sessions()} == {"s1", "s2"}
    assert await journal.close()


def test_an_export_that_has_no_room_leaves_the_one_before_as_it_was(disk: Path) -> None:
    log = SessionLog("s1")
    events: list[ev.Event] = []
    log.observe(events.append)
    stories.begin(log)
    for _ in range(30):
        log.append(ev.SteerQueued, text="x" * 10_000)
    out = disk / "session.jsonl"
    write_file(out, "the export before")

    filler = fill(disk)
    for form in ("jsonl", "markdown", "html", "otel"):
        with pytest.raises(StorageError, match="No space left"):
            write_file(out, exported(events, form) + " " * 70_000)
    assert out.read_text() == "the export before"
    assert sorted(disk.iterdir()) == [filler, out], "nothing half written is left"

    filler.unlink()
    write_file(out, exported(events, "jsonl"))
    assert out.read_bytes().splitlines() == [codec.encode(event) for event in events]
