"""A person's own theme files: what is wrong is said, what changes is seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_tui.tui.themes import ThemeError, ThemeStore, read_theme, shipped_dir


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('primary = "#zzz"', "primary: '#zzz' is not a colour"),
        ('primary = "red"\nshiny = 1', "shiny: no such key"),
        ('primary = "red"\ndark = "yes"', "dark: must be true or false"),
        ("primary = 7", "primary: must be a colour"),
        ('primary = "red"\nluminosity_spread = "much"', "luminosity_spread: must be a number"),
        ('dark = true', "primary: missing"),
        ('primary = "red"\n[variables]\nborder = "nope"', "variables.border: 'nope' is not a colour"),
        ('primary = "red"\n[variables]\nblock-cursor-text-style = "wavy"', "is not a text style"),
        ('primary = "red', "Unterminated string"),
        ('primary = "red"\nname = ""', "name: must be a word"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ThemeError) as caught:
        read_theme(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_bad_file_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("primary = 1")
    (tmp_path / "good.toml").write_text('primary = "#336699"')
    store = ThemeStore([shipped_dir(), tmp_path])
    assert "good" in store.load()
    assert len(store.problems) == 1


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    store = ThemeStore([tmp_path])
    assert store.load() == {}
    assert "not a regular file" in str(store.problems[0])


def test_own_theme_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "midnight.toml").write_text('primary = "#010203"')
    store = ThemeStore([shipped_dir(), tmp_path])
    found = store.find("midnight")
    assert found is not None
    assert found.primary == "#010203"
    assert store.load()["midnight"].primary == "#010203"


def test_changes_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('primary = "#010203"')
    store = ThemeStore([tmp_path])
    store.load()
    assert not store.changed()
    os.utime(path, ns=(1, 1))
    assert store.changed()
    store.load()
    (tmp_path / "other.toml").write_text('primary = "#010203"')
    assert store.changed()


def test_unknown_names_and_missing_folders_are_none(tmp_path: Path) -> None:
    assert ThemeStore([tmp_path / "nowhere"]).find("x") is None
