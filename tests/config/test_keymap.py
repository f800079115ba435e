"""How keys and the ids of bindings are written."""

from __future__ import annotations

import string

import pytest
from textual.keys import Keys, _character_to_key

from agent_tui.keymap import IDS, wrong_key
from agent_tui.tui.screens.help import known_bindings

UNSENT = {"<any>", "<ignore>", "<scroll-up>", "<scroll-down>", "ctrl-at", "return"}
"""What Textual names and no key press is."""


def test_the_ids_are_those_of_the_screens() -> None:
    assert known_bindings().keys() == IDS


def test_every_default_is_a_key() -> None:
    assert {name: wrong_key(binding.key) for name, binding in known_bindings().items()} == dict.fromkeys(
        IDS
    )


def test_every_key_that_textual_knows_is_one() -> None:
    known = {str(key.value) for key in Keys} - UNSENT
    known |= {_character_to_key(character) for character in string.punctuation + "a7Zé§"}
    assert {key for key in known if wrong_key(key) is not None} == set()


@pytest.mark.parametrize(
    "keys", ["?", "Z", "+", "f2, ctrl+g", "alt+ctrl+x", "ctrl+shift+up", "section_sign"]
)
def test_keys(keys: str) -> None:
    assert wrong_key(keys) is None


@pytest.mark.parametrize(
    ("keys", "wrong", "meant"),
    [
        ("flurb", "flurb", ""),
        ("", "", ""),
        ("f2,", "", ""),
        ("f25", "f25", "f5"),
        ("ctrl+", "ctrl+", ""),
        ("f2,Ctrl-T", "Ctrl-T", "ctrl+t"),
        ("ctrl+T", "ctrl+T", "ctrl+t"),
        ("shift+ctrl+p", "shift+ctrl+p", "ctrl+shift+p"),
        ("ctrl+ctrl+p", "ctrl+ctrl+p", "ctrl+p"),
        ("ctrl+/", "ctrl+/", "ctrl+slash"),
        ("control+esc", "control+esc", "ctrl+escape"),
        ("pgup", "pgup", "pageup"),
        ("F5", "F5", "f5"),
        ("questionmark", "questionmark", "question_mark"),
        ("plus_sign", "plus_sign", "plus"),
        ("not a key", "not a key", ""),
    ],
)
def test_what_is_no_key_and_what_was_meant(keys: str, wrong: str, meant: str) -> None:
    assert wrong_key(keys) == (wrong, meant)
