"""Texts as rows: what has grown is broken into rows no differently from what is new."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_tui.tui.widgets.panel import sections
from agent_tui.tui.widgets.panel.sections import Body, Layout, Section
from agent_tui.tui.widgets.panel.text import breaks, safe_lines

texts = st.text(alphabet="ab \n\r\t漢\u202e\x1b", max_size=40)


@given(st.lists(texts, max_size=6), st.integers(-2, 12))
def test_a_text_that_grew_has_the_rows_of_one_that_is_new(pieces: list[str], width: int) -> None:
    body = None
    text = ""
    for piece in pieces:
        text += piece
        body = Body.of(text, width, body)
        new = Body.of(text, width)
        assert (body.lines, body.rows, body.octets) == (new.lines, new.rows, new.octets)
        lines = safe_lines(text)
        assert new.lines == (lines[:-1] if len(lines) > 1 and not lines[-1] else lines)
        assert new.rows == [
            (index, *ends) for index, line in enumerate(new.lines) for ends in breaks(line, max(1, width))
        ]


@given(texts, texts)
def test_another_text_takes_nothing_over_that_it_has_not(one: str, other: str) -> None:
    assert Body.of(other, 9, Body.of(one, 9)) == Body.of(other, 9)


def test_what_is_settled_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(text: str) -> list[str]:
        read.append(text)
        return safe_lines(text)

    monkeypatch.setattr(sections, "safe_lines", counted)
    layout = Layout()
    text = "line\n" * 1000
    for version in range(3):
        text += "and\nmore"
        layout.arrange([Section("answer", text.__str__, version)], 40)
    assert sum(map(len, read)) < 5000 + 3 * 20
    assert layout.count == 1 + len(Body.of(text, 38).rows)


def test_a_text_that_is_too_long_says_how_much_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "_MOST", 10)
    first = Body.of("one\ntwo\nthree\n", 80)
    assert first.lines == ["one", "two", "th", "… 4 more characters: c copies all of them"]
    assert Body.of("one\ntwo\nthree\nfour", 80, first).lines[-1].startswith("… 8 more")
