"""``agent-tui sessions``: each command on a real journal."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from pathlib import Path

import pytest

from agent_tui.cli.main import main
from agent_tui.cli.session_text import parse_age, shown, size_text, when
from agent_tui.errors import UsageError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.paths import user_paths
from agent_tui.storage import schema
from agent_tui.storage.journal import Journal
from tests.fakes import stories

OLD = "2020-01-02T03:04:05.000006Z"


class Store:
    """A home with sessions in it, and the command line over it."""

    def __init__(self, home: Path, cwd: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.cwd, self.capsys = home, cwd, capsys

    def add(self, session_id: str, prompt: str = "", *, cwd: str | None = None, old: bool = False) -> None:
        async def work() -> None:
            journal = await Journal.open(self.path)
            events: list[ev.Event] = []
            log = SessionLog(session_id)
            log.observe(events.append)
            stories.begin(log, cwd or str(self.cwd))
            if prompt:
                stories.start_run(log, prompt)
                stories.stream(log, "it is done")
                stories.end_stream(log)
                stories.end_run(log)
            for event in events:
                line = event.model_copy(update={"ts": OLD}) if old else event
                journal.sink(session_id, event.seq, line.model_dump_json(exclude_none=True).encode())
            await journal.close()

        asyncio.run(work())

    @property
    def path(self) -> Path:
        return user_paths({"AGENT_TUI_HOME": str(self.home)}).journal

    def run(self, *args: str, code: int = 0) -> tuple[str, str]:
        """What ``agent-tui sessions …`` prints on stdout and stderr."""
        self.capsys.readouterr()
        assert main(["sessions", *args]) == code
        out, err = self.capsys.readouterr()
        return out, err


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Store:
    monkeypatch.setenv("AGENT_TUI_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return Store(tmp_path / "home", tmp_path / "work", capsys)


def test_nothing_is_stored_yet(store: Store) -> None:
    out, err = store.run("list")
    assert (out, "0 sessions" in err) == ("", True)
    assert "nothing was found" in store.run("search", "x", code=1)[1]
    assert "there is no session 'x'" in store.run("show", "x", code=2)[1]
    assert not store.path.exists()


def test_sessions_are_listed_by_folder(store: Store) -> None:
    store.add("here1", "fix the test")
    store.add("there1", "something else", cwd="/elsewhere")
    store.add("unused1")
    out, err = store.run("list")
    assert re.search(r"^here1 .* 1 run .* \d+ B  fix the test$|^here1 .*fix the test$", out, re.M)
    assert "there1" not in out and "unused1" not in out and "1 session of" in err
    assert "/elsewhere" in store.run("list", "--all")[0]
    listed = json.loads(store.run("list", "--all", "--json")[0])
    assert [session["id"] for session in listed] == ["there1", "here1"]
    assert listed[0]["runs"] == 1 and listed[0]["size"] > 100


def test_one_is_shown_with_its_runs(store: Store) -> None:
    store.add("abc1", "fix the test\nplease")
    out, _ = store.run("show", "ab")
    assert "fix the test" in out and re.search(r"^1 +completed +1 step", out, re.M)
    assert json.loads(store.run("show", "ab", "--json")[0])["runs"][0]["input"] == "fix the test\nplease"


def test_facts_are_shown_in_the_form_that_lists_have() -> None:
    facts = {"created": OLD, "tokens": 11890, "cost_usd": 0.0, "size": 1234, "title": None}
    forms = shown(facts)
    assert forms.pop("created") == when(OLD)
    assert forms == {"tokens": "11,890", "cost": "$0", "size": "1.2 kB", "title": ""}
    assert shown({"cost_usd": None}) == {"cost": "–"}


def test_a_search_says_where(store: Store) -> None:
    store.add("abc1", "fix the \x1b[31m zebra")
    out, _ = store.run("search", "zeb", "fix")
    assert "abc1" in out and "␛[31m zebra" in out and "\x1b" not in out
    (found,) = json.loads(store.run("search", "zeb", "--json")[0])
    assert "\x01" not in found["snippet"]


def test_an_export_is_imported_byte_for_byte(store: Store, tmp_path: Path) -> None:
    store.add("abc1", "fix the test")
    file, again = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    store.run("export", "abc", "-o", str(file))
    assert file.stat().st_mode & 0o077 == 0
    assert "error[conflict]" in store.run("import", str(file), code=1)[1]
    new = store.run("import", str(file), "--as-new")[0].strip()
    assert new != "abc1" and new in store.run("list")[0]
    store.run("delete", "abc1", "--yes")
    assert store.run("import", str(file))[0] == "abc1\n"
    store.run("export", "abc1", "-o", str(again))
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("form", "words"), [("markdown", "> fix"), ("html", "<!doctype html>"), ("otel", '"resourceSpans"')]
)
def test_other_forms(store: Store, tmp_path: Path, form: str, words: str) -> None:
    store.add("abc1", "fix sk-proj-abcdefghijklmnopqrstuv")
    store.run("export", "abc1", "--format", form, "--redact", "-o", str(tmp_path / "out"))
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert words in text and "sk-proj" not in text


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["export", "abc1", "--format", "pdf"], 2, "give one of jsonl, markdown, html, otel"),
        (["export", "abc1", "-o", "/no/such/folder/x"], 1, "cannot be written"),
        (["export", "abc1", "-o", "/"], 1, "/ cannot be written: Is a directory"),
        (["export", "abc1", "-o", ""], 1, "cannot be written: Is a directory"),
        (["export", "abc1", "-o", "/dev/null/x"], 1, "cannot be written: Not a directory"),
        (["export", "abc1", "-o", "x" * 300], 1, "cannot be written: File name too long"),
        (["import", "/no/such/file"], 2, "cannot be read"),
        (["delete", "abc1"], 2, "give --yes"),
        (["fork", "abc1", "--at", "99"], 2, "has no event 99"),
        (["rename", "abc1", " "], 2, "the title is empty"),
        (["prune", "--older-than", "soon"], 2, "'soon' is not an age"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    store: Store, args: list[str], code: int, words: str
) -> None:
    store.add("abc1", "fix the test")
    out, err = store.run(*args, code=code)
    assert words in err and err.startswith("error[") and err.count("\n") == 1 and not out


@pytest.mark.parametrize("name", ["", "-rf", "../x", "a b", "a\x1b[31m", "x" * 65])
def test_an_id_that_nobody_could_type_is_not_imported(store: Store, tmp_path: Path, name: str) -> None:
    start = ev.SessionStart(seq=1, ts=OLD, session_id=name, cwd="/", model="demo", version="1")
    file = tmp_path / "session.jsonl"
    file.write_bytes(codec.encode(start))
    out, err = store.run("import", str(file), code=1)
    assert not out and "is not the id of a session; give --as-new" in err and "\x1b" not in err
    assert store.run("import", "--as-new", str(file))[0].strip().isalnum()


def test_the_group_alone_shows_its_help_and_says_what_is_missing(store: Store) -> None:
    out, err = store.run(code=2)
    assert "prune" in out and err == "error[usage]: a command is missing; see `agent-tui --help`\n"


def test_an_export_goes_into_what_is_there(store: Store, tmp_path: Path) -> None:
    store.add("abc1", "fix the test")
    whole = store.run("export", "abc1")[0]
    pipe, link, name = tmp_path / "pipe", tmp_path / "link", tmp_path / ("x" * 255)
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    store.run("export", "abc1", "-o", str(pipe))
    assert pipe.is_fifo() and os.read(reader, 1_000_000).decode() == whole
    os.close(reader)
    link.symlink_to(name)
    store.run("export", "abc1", "-o", str(link))
    assert link.is_symlink() and name.read_text() == whole


def test_fork_and_rename(store: Store) -> None:
    store.add("abc1", "fix the test")
    fork = store.run("fork", "abc", "--at", "4")[0].strip()
    assert "interrupted" in store.run("show", fork)[0]
    store.run("rename", fork, "another try")
    assert "another try" in store.run("list")[0]


def test_room_is_given_back_also_for_what_was_deleted_elsewhere(store: Store) -> None:
    for name in ("abc1", "abc2"):
        store.add(name, "a long prompt " * 20_000)
    full = store.path.stat().st_size
    store.run("delete", "abc1", "--yes")
    half = store.path.stat().st_size
    assert half < full * 0.7

    async def delete() -> None:  # as the screen does
        journal = await Journal.open(store.path)
        await journal.hide("abc2")
        await journal.purge()
        await journal.close()

    asyncio.run(delete())
    assert store.path.stat().st_size == half
    store.run("prune", "--dry-run")
    assert store.path.stat().st_size == half
    assert "0 sessions gone" in store.run("prune")[1]
    assert store.path.stat().st_size < half / 2


@pytest.mark.parametrize("args", [["delete", "abc1", "--yes"], ["prune", "--keep", "0"]])
def test_what_a_reader_keeps_from_being_wiped_is_not_called_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.02)
    store.add("abc1", "a xylophone")
    reader = sqlite3.connect(store.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    wal = store.path.with_name("journal.db-wal")
    assert "its log holds what was deleted" in store.run(*args)[1]
    assert b"ylophon" in wal.read_bytes() + store.path.read_bytes()
    reader.execute("COMMIT")
    reader.close()
    store.add("abc2", "a marimba")
    assert not wal.exists() and b"ylophon" not in store.path.read_bytes()
    assert "its log holds" not in store.run("delete", "abc2", "--yes")[1]


def test_old_and_unused_sessions_are_pruned(store: Store) -> None:
    for number in range(3):
        store.add(f"old{number}", "xylophone " * 300, old=True)
    store.add("new", "keep me")
    store.add("unused")
    out, err = store.run("prune", "--older-than", "90d", "--keep", "2", "--dry-run")
    assert len(re.findall(r"^old\d", out, re.M)) == 2 and "unused" in out and "3 sessions would go" in err
    assert len(json.loads(store.run("list", "--json")[0])) == 4
    _, err = store.run("prune", "--older-than", "90d", "--keep", "2")
    assert "3 sessions gone" in err and "the journal took" in err
    left = [session["id"] for session in json.loads(store.run("list", "--json")[0])]
    assert left == ["new", "old2"]
    store.run("prune", "--keep", "1")
    assert b"xylophone" not in store.path.read_bytes()


def test_ages_and_sizes() -> None:
    assert [parse_age(text).total_seconds() for text in ("30m", "12h", "1d", "2w")] == [
        1800, 43200, 86400, 1209600,
    ]  # fmt: skip
    with pytest.raises(UsageError):
        parse_age("d")
    assert [size_text(size) for size in (5, 1500, 2_500_000)] == ["5 B", "1.5 kB", "2.5 MB"]
