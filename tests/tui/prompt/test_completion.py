"""Commands and files are completed; Esc closes the popup first."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, MouseScrollDown

from agent_tui.tui.widgets.prompt import files
from agent_tui.tui.widgets.prompt.completion import file_candidates, fuzzy, word_at
from agent_tui.tui.widgets.prompt.files import FileIndex
from agent_tui.tui.widgets.prompt.popup import Popup


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git is asked for as long as it takes, also where many are at work."""
    monkeypatch.setattr(files, "LONGEST_S", 30.0)


def test_the_word_at_the_cursor() -> None:
    assert word_at("/mo", True).text == "mo"  # type: ignore[union-attr]
    assert word_at("/mo", False) is None
    assert word_at("/model x", True) is None
    assert word_at("see @src/a", False).start == 4  # type: ignore[union-attr]
    assert word_at("me@example", False) is None


def test_the_best_path_comes_first() -> None:
    paths = ["docs/driver-notes/x.md", "src/tui/driver.py", "d/r/i/v.txt", "other.py"]
    labels = [candidate.label for candidate in file_candidates("driv", paths)]
    assert labels[0] == "src/tui/driver.py"
    assert "other.py" not in labels
    assert fuzzy("zz", "abc") is None
    assert file_candidates("", ["a b.txt"])[0].insert == '@"a b.txt" '


def test_ignored_files_are_not_listed(tmp_path: Path) -> None:
    for name in ("a.py", "b.log", "deep/c.py", ".hidden/d.py", "node_modules/e.js", "bad\x1bname"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert FileIndex(tmp_path).paths() == ["a.py", "b.log", "deep/c.py"]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("*.log\nnode_modules\n")
    assert [path for path in FileIndex(tmp_path).paths() if not path.startswith(".")] == [
        "a.py",
        "deep/c.py",
    ]


def test_a_repository_runs_nothing(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    subprocess.run(["git", "-C", tmp_path, "config", "core.fsmonitor", str(trap)], check=True)
    assert "trap.sh" in FileIndex(tmp_path).paths()
    assert not (tmp_path / "sprung").exists()


def test_a_large_folder_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 5)
    for number in range(9):
        (tmp_path / f"{number}.txt").touch()
    assert len(FileIndex(tmp_path).paths()) == 5


async def test_a_command_is_completed_and_run(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await app.type(pilot, "/mo")
        assert app.prompt.popup_open
        await pilot.press("enter")
        assert app.said == [("command", "model", "")]
        await app.type(pilot, "/ti")
        await pilot.press("enter")
        assert (app.prompt.text, len(app.said)) == ("/title ", 1)


async def test_what_is_typed_faster_than_the_popup_follows_is_what_is_meant(
    make_app: Any, tmp_path: Path
) -> None:
    """The popup still offers what ``/`` alone began, or a file for ``@n``, when Enter comes."""
    (tmp_path / "notes.md").touch()
    app = make_app()

    def at_once(text: str) -> None:
        for letter in text:
            app.prompt.post_message(Key("enter" if letter == "\r" else letter, letter))

    async with app.run_test() as pilot:
        await app.type(pilot, "/")
        assert app.prompt.popup_open
        at_once("title a name\r")
        await pilot.pause()
        assert (app.prompt.text, app.said) == ("", [("command", "title", "a name")])
        await app.type(pilot, "/")
        at_once("mo\r")
        await pilot.pause()
        assert app.said[1:] == [("command", "model", "")]
        await app.type(pilot, "@n")
        await app.workers.wait_for_complete()
        assert app.prompt.popup_open
        at_once("o, really\r")
        await pilot.pause()
        assert app.said[2:] == [("submitted", "@no, really")]


async def test_tab_completes_and_arrows_choose(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await app.type(pilot, "/")
        await pilot.press("down", "tab")
        assert (app.prompt.text, app.said) == ("/model ", [])
        assert not app.prompt.popup_open


async def test_escape_closes_the_popup_first(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await app.type(pilot, "/h")
        await pilot.press("escape")
        assert (app.prompt.popup_open, app.cancelled, app.prompt.text) == (False, 0, "/h")
        await pilot.press("escape")
        assert app.cancelled == 1


async def test_a_file_is_completed(make_app: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    (tmp_path / "other.txt").touch()
    app = make_app()
    async with app.run_test() as pilot:
        await app.type(pilot, "read @nts")
        await app.workers.wait_for_complete()
        await pilot.press("tab")
        assert app.prompt.text == "read @notes.md "


async def test_what_is_offered_can_be_clicked_and_gone_through_by_wheel(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        await app.type(pilot, "/")
        assert app.prompt.popup_open
        popup = app.screen.query_one(Popup)
        assert await pilot.click(popup, offset=(5, 2))
        chosen = app.prompt.text
        assert chosen.startswith("/")
        assert len(chosen) > 1
        assert (app.prompt.popup_open, app.prompt.has_focus) == (False, True)
        await pilot.press("ctrl+u", "/", "down", "down", "tab")
        assert app.prompt.text == chosen
        await pilot.press("ctrl+u", "/")
        for _ in range(2):
            popup.post_message(MouseScrollDown(popup, 1, 1, 0, 1, 0, False, False, False))
        await pilot.pause()
        await pilot.press("tab")
        assert app.prompt.text == chosen
