"""Searching, copying and really removing what the journal holds."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent_tui.errors import ConflictError, NotFoundError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.storage.journal import Journal
from agent_tui.storage.search import snippet
from tests.fakes import stories


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await Journal.open(tmp_path / "data" / "journal.db")
    yield opened
    await opened.close()


def told(journal: Journal, session_id: str, prompt: str, answer: str = "", cwd: str = "/one") -> SessionLog:
    """A session of one finished run."""
    log = SessionLog(session_id, sink=journal.sink)
    stories.begin(log, cwd)
    stories.start_run(log, prompt)
    stories.stream(log, answer)
    stories.end_stream(log)
    if answer:
        log.append(ev.Final, **stories.RUN, answer=ev.AgentAnswer(answer=answer))
    stories.end_run(log)
    return log


async def found(journal: Journal, query: str, **options: Path) -> list[str]:
    await journal.flush()
    return [session.id for session, _ in await journal.search(query, **options)]


async def test_words_are_found_by_how_they_begin(journal: Journal) -> None:
    told(journal, "a", "fix the parser", "The tokenizer dropped a line.")
    told(journal, "b", "write a poem", "Über allen Gipfeln", cwd="/two")
    assert await found(journal, "token") == ["a"]
    assert await found(journal, "TOKENIZER line") == ["a"]
    assert await found(journal, "uber gipf") == ["b"]
    assert await found(journal, "p") == ["b", "a"]
    assert await found(journal, "p", cwd=Path("/two")) == ["b"]
    assert await found(journal, "izer") == []


async def test_words_may_be_said_at_different_times(journal: Journal) -> None:
    told(journal, "a", "fix the parser", "The tokenizer dropped a line.")
    told(journal, "b", "fix the tokenizer")
    assert await found(journal, "fix tokenizer") == ["b", "a"]
    assert await found(journal, "fix missing") == []


async def test_tools_are_searched_too(journal: Journal) -> None:
    log = SessionLog("a", sink=journal.sink)
    stories.begin(log)
    stories.start_run(log)
    args = {"command": "cargo build", "flags": ["--release", 3]}
    log.append(ev.ToolStart, **stories.TOOL, call_id="c", tool_name="shell", args=args, risk="high")
    log.append(ev.ReactObservation, **stories.TOOL, call_id="c", content="linker not available")
    assert await found(journal, "cargo release") == ["a"]
    assert await found(journal, "linker") == ["a"]


async def test_scripts_without_spaces_are_found_anywhere(journal: Journal) -> None:
    told(journal, "a", "測試為什麼失敗")
    assert await found(journal, "失敗") == ["a"]
    assert await found(journal, "成功") == []


@pytest.mark.parametrize(
    "query", ['"', "'", "*", "NEAR(", "a AND", "body:x", "-", "^", "\0", "()", "x OR (", "%", "_", "\ud800"]
)
async def test_nothing_in_a_query_is_syntax(journal: Journal, query: str) -> None:
    told(journal, "a", "zebra")
    assert await found(journal, query) in ([], ["a"])
    assert await found(journal, f"zebra {query}") in ([], ["a"])


async def test_what_a_killed_program_had_said_is_found(journal: Journal) -> None:
    log = SessionLog("a", sink=journal.sink)
    stories.begin(log)
    stories.start_run(log)
    stories.stream(log, "half ", "of a zeb", "ra")
    await journal.reopen("a")
    assert await found(journal, "zebra") == ["a"]


def test_a_snippet_marks_the_words() -> None:
    text = "x " * 100 + "the parser\nfailed, PARSER!" + " y" * 100
    shown = snippet(text, ["pars", "fail"])
    assert "\x01pars\x02er \x01fail\x02ed, \x01PARS\x02ER!" in shown
    assert shown.startswith("…") and shown.endswith("…") and len(shown) < 140
    assert snippet("a\x01b\x02c", ["zzz"]) == "a b c"


async def test_totals_are_kept(journal: Journal) -> None:
    told(journal, "a", "one")
    log = told(journal, "b", "two")
    usage = ev.Usage(input_tokens=5, output_tokens=2, cost_usd=0.5)
    stories.start_run(log, "three")
    log.append(ev.RunDone, **stories.RUN, status="completed", steps=1, usage=usage, duration_ms=1.0)
    await journal.flush()
    b = await journal.find("b")
    assert (b.runs, b.tokens, b.cost) == (2, 7, 0.5)
    assert (await journal.find("a")).cost is None


def raw_bytes(journal: Journal) -> bytes:
    return b"".join(path.read_bytes() for path in journal.path.parent.iterdir() if path.is_file())


@pytest.mark.parametrize("others", [0, 30])
async def test_what_is_removed_is_in_no_file_any_more(journal: Journal, others: int) -> None:
    for number in range(others):
        told(journal, f"other{number}", "keep quagga", "quagga " * 50)
    told(journal, "a", "the xylophon", "Xylophon " * 2000)
    assert await found(journal, "xylo") == ["a"]
    assert b"ylophon" in raw_bytes(journal)
    await journal.hide("a")
    assert await found(journal, "xylo") == []
    with pytest.raises(NotFoundError):
        await journal.find("a")
    assert await journal.purge() == 1
    assert b"ylophon" not in raw_bytes(journal).lower()
    assert len(await found(journal, "quagga")) == others
    assert await journal.read("a", 0, 10) == []
    assert await journal.purge() == 0


async def test_what_another_program_hid_is_left_to_it(journal: Journal) -> None:
    told(journal, "a", "one")
    await journal.flush()
    other = await Journal.open(journal.path)
    with pytest.raises(ConflictError):
        await other.hide("a")
    await journal.hide("a")
    assert await other.purge() == 0
    await journal.unhide("a")
    assert await found(journal, "one") == ["a"]
    await other.hide("a")
    await other.close()  # as if it had been killed: what it hid is removed by the next
    assert await journal.purge() == 1


async def test_a_copy_has_the_same_lines(journal: Journal) -> None:
    log = told(journal, "a", "one", "two")
    await journal.flush()
    first = ev.SessionStart(seq=1, ts="", session_id="b", cwd="/", model="demo", version="1")
    await journal.copy("a", "b", first=codec.encode(first), up_to=4)
    lines = await journal.read("b", 0, 100)
    assert lines[0] == codec.encode(first)
    assert lines[1:] == [
        line.replace(b'"session_id":"a"', b'"session_id":"b"') for line in (await log.read_lines(1, 3))
    ]
    assert sorted(await found(journal, "one")) == ["a", "b"]


async def test_room_is_given_back(journal: Journal) -> None:
    for number in range(20):
        told(journal, f"s{number}", "x", "word " * 5000)
    await journal.flush()
    for number in range(19):
        await journal.hide(f"s{number}")
    await journal.purge()
    before = journal.path.stat().st_size
    assert await journal.compact()
    assert journal.path.stat().st_size < before / 2
    assert not await journal.compact()
    assert (await journal.sizes()).keys() == {"s19"}


async def test_the_search_index_agrees_with_the_texts(journal: Journal) -> None:
    told(journal, "a", "one", "two")
    told(journal, "b", "three")
    await journal.hide("a")
    await journal.purge()
    await journal.flush()
    with sqlite3.connect(journal.path) as db:
        db.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
