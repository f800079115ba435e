"""Prompts of before: in memory, in the file, and by search."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from agent_tui.tui.widgets.prompt import history
from agent_tui.tui.widgets.prompt.history import History, HistoryFile


def test_walk_keeps_the_draft() -> None:
    past = History(["one", "two"])
    assert [past.older("draft"), past.older("two"), past.older("one")] == ["two", "one", None]
    assert [past.newer(), past.newer(), past.newer()] == ["two", "draft", None]


def test_equal_prompts_are_one() -> None:
    past = History()
    for text in ("a", "b", "a"):
        past.add(text)
    past.loaded(["x", "b"])
    assert past.entries == ["x", "b", "a"]


def test_search_minds_case_only_when_asked() -> None:
    past = History(["Fix the Test", "fix docs"])
    assert past.search("fix") == ["fix docs", "Fix the Test"]
    assert past.search("Fix") == ["Fix the Test"]


def test_file_keeps_many_lines_and_survives_damage(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.jsonl"
    file = HistoryFile(path)
    assert file.load() == []
    file.append("one\ntwo \u2028 你")
    with path.open("ab") as raw:
        raw.write(b'{"text": "cut o')
    file.append("after")
    assert file.load() == ["one\ntwo \u2028 你", "after"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_file_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    count = history.MOST_ENTRIES * 2 + 10
    path.write_text("".join(json.dumps({"text": f"prompt {n}"}) + "\n" for n in range(count)))
    texts = HistoryFile(path).load()
    assert (len(texts), texts[-1]) == (history.MOST_ENTRIES, f"prompt {count - 1}")
    assert len(path.read_text().splitlines()) == history.MOST_ENTRIES
    HistoryFile(path).append("x" * (history.LONGEST_STORED + 1))
    assert len(path.read_text().splitlines()) == history.MOST_ENTRIES


def test_programs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"

    def write(name: str) -> None:
        file = HistoryFile(path)
        for number in range(50):
            file.append(f"{name} {number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(HistoryFile(path).load()) == 200


async def test_up_and_down_walk_at_the_edges(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        for text in ("one", "two\nlines"):
            app.prompt.text = text
            await pilot.press("enter")
        await pilot.press("d", "up")
        assert app.prompt.text == "two\nlines"
        await pilot.press("up")
        assert app.prompt.text == "two\nlines"  # the cursor went up inside the text
        await pilot.press("up")
        assert app.prompt.text == "one"
        await pilot.press("down", "down", "down")
        assert app.prompt.text == "d"


async def test_history_lives_on_in_the_file(make_app: Any, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    app = make_app(file)
    async with app.run_test() as pilot:
        await pilot.press("h", "i", "enter")
        await app.workers.wait_for_complete()
    app = make_app(file)
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.press("up")
        assert app.prompt.text == "hi"


async def test_a_history_that_cannot_be_kept_is_told(make_app: Any, tmp_path: Path) -> None:
    file = tmp_path / "file" / "history.jsonl"
    file.parent.write_text("not a folder")
    app = make_app(file)
    async with app.run_test() as pilot:
        await pilot.press("h", "i", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert ("submitted", "hi") in app.said
        assert any("will not be remembered" in text for kind, text in app.said if kind == "trouble")


async def test_search(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        for text in ("fix the test", "write docs", "fix docs"):
            app.prompt.text = text
            await pilot.press("enter")
        await pilot.press("d", "ctrl+r", *"fix")
        assert app.prompt.text == "fix docs"
        await pilot.press("ctrl+r")
        assert app.prompt.text == "fix the test"
        assert app.prompt.popup_open
        await pilot.press("escape")
        assert (app.prompt.text, app.cancelled, app.prompt.popup_open) == ("d", 0, False)
        await pilot.press("ctrl+r", *"write", "enter")
        assert (app.prompt.text, len(app.said)) == ("write docs", 3)
        await pilot.press("enter")
        assert app.said[-1] == ("submitted", "write docs")
