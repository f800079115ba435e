from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agent_tui.tui.widgets.panel.text import breaks, cut, fit, json_pieces, one_line, part, spread, width_of
from tests.tui.panel.story import HOSTILE

words = st.text(alphabet="ab c漢字🎉é\u0301", max_size=80)


@given(words, st.integers(2, 30))
def test_rows_hold_the_whole_line_in_their_width(line: str, width: int) -> None:
    rows = breaks(line, width)
    assert all(cell_len(line[start:end]) <= width for start, end in rows)
    shown = "".join(line[start:end] for start, end in rows)
    assert shown.replace(" ", "") == line.replace(" ", "")


def test_lines_are_broken_between_words() -> None:
    line = "the quick brown fox"
    assert [line[start:end] for start, end in breaks(line, 10)] == ["the quick", "brown fox"]


@given(words, st.integers(0, 30))
def test_cut_and_fit_keep_to_the_width(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width
    assert width_of(fit([(text, ""), (text, "dim")], width)) == width
    assert width_of(spread([(text, "")], [("12", "dim")], width + 2)) == width + 2


def test_foreign_text_becomes_one_safe_line() -> None:
    line = one_line(HOSTILE)
    assert not any(unicodedata.category(character) == "Cc" for character in line)
    assert "\u202e" not in line
    assert "[bold red]not markup[/]" in line


def test_json_is_told_apart_without_changing_it() -> None:
    line = '  "key": ["text", 12, -1.5e3, true, null, "open'
    pieces = json_pieces(line)
    assert "".join(text for text, _ in pieces) == line
    kinds = {style for _, style in pieces}
    assert kinds == {"key", "string", "number", "literal", "punctuation"}
    assert "".join(text for text, _ in part(pieces, 3, 20)) == line[3:20]
