"""Units become the keys that Textual's own tables name."""

from __future__ import annotations

import pytest
from textual import events

from agent_tui.tui.escape import InputSplitter
from agent_tui.tui.translate import Translator


def keys(text: str) -> list[tuple[str, str | None]]:
    splitter, translator = InputSplitter(), Translator()
    units = [*splitter.feed(text), *splitter.expire()]
    found = [message for unit in units for message in translator.messages(unit)]
    return [(key.key, key.character) for key in found if isinstance(key, events.Key)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("\x1b", ("escape", "\x1b")),
        ("\x1b[27u", ("escape", None)),
        ("\x1b[27;65u", ("escape", None)),  # with caps lock
        ("\x1b[27;1:1u", ("escape", None)),
        ("\x1b[13;2u", ("shift+enter", None)),
        ("\x1b[27;2;13~", ("shift+enter", None)),  # xterm's and tmux's form
        ("\x1b[27;2;65~", ("A", "A")),
        ("\x1b\r", ("alt+enter", None)),
        ("\x1ba", ("alt+a", None)),
        ("\x1bA", ("alt+shift+a", None)),
        ("\x1b\x1b[A", ("alt+up", None)),
        ("\x1b[1;3A", ("alt+up", None)),
        ("\n", ("ctrl+j", "\n")),
        ("\x1b[106;5u", ("ctrl+j", None)),
        ("\x1b[104;;104u", ("h", "h")),
    ],
)
def test_key(text: str, wanted: tuple[str, str | None]) -> None:
    assert keys(text) == [wanted]


def test_composed_text_comes_whole() -> None:
    assert keys("\x1b[0;;20320:22909u") == [("你", "你"), ("好", "好")]


@pytest.mark.parametrize(
    "noise",
    [
        "\x1b[27;1:3u",  # a key let go
        "\x1b[4294967295u",
        "\x1b[57441;2u",  # Shift by itself
        "\x1b[<0;NaN;NaNM",
        "\x1b]11;rgb:0/0/0\x07",
        "\x1b[?62;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15c",
        "\x1b[99999999999999999999999;5u",
        "\x1b[12",
    ],
)
def test_noise_types_nothing_and_harms_no_key_after_it(noise: str) -> None:
    splitter, translator = InputSplitter(), Translator()
    for text in (noise, "x"):
        units = [*splitter.feed(text), *splitter.expire()]
        found = [message for unit in units for message in translator.messages(unit)]
    assert [getattr(message, "key", None) for message in found] == ["x"]


def test_mouse_position_is_kept_over_noise() -> None:
    splitter, translator = InputSplitter(), Translator()
    moves = []
    for text in ("\x1b[<35;5;5M", "\x1b[4294967295u", "\x1b[<35;7;5M"):
        for unit in splitter.feed(text):
            moves += translator.messages(unit)
    assert [move.delta_x for move in moves if isinstance(move, events.MouseMove)] == [4, 2]
