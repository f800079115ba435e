"""Input is cut into the same units however it was cut when it was read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_tui.tui.escape import InputSplitter, Kind, Pending, Unit
from agent_tui.tui.translate import Translator

REPORTS = [
    "\x1b[?2026;2$y", "\x1b[?2048;0$y", "\x1b[?62;1;4;22c", "\x1b[>1;10;0c", "\x1b[12;40R", "\x1b[?25u",
    "\x1b[I", "\x1b[O", "\x1b[<35;12;7M", "\x1b[<0;1;1m", "\x1b[<0;NaN;NaNM", "\x1b[<0;-4;2M", "\x1b[M !!",
    "\x1b[48;24;80;480;800t", "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]10;rgb:ff/ff/ff\x07",
    "\x1bP>|tmux 3.4\x1b\\", "\x1b_Gi=1;OK\x1b\\", "\x1b[200~two\nlines \x1b[31m \x1b\x1b[201~",
]  # fmt: skip
KEYS = [
    "\x1b[A",
    "\x1bOP",
    "\x1b[27u",
    "\x1b[13;2u",
    "\x1b[15~",
    "\x1b[[A",
    "\x1ba",
    "\x1b\r",
    "\x1b\x1b[A",
    "a",
    "é",
]


def units_of(pieces: list[str]) -> list[Unit]:
    splitter, merged = InputSplitter(), list[Unit]()
    units = [unit for piece in pieces for unit in splitter.feed(piece)]
    for unit in [*units, *splitter.expire()]:
        if merged and unit.kind is merged[-1].kind is Kind.TEXT:
            merged[-1] = Unit(Kind.TEXT, merged[-1].text + unit.text)
        else:
            merged.append(unit)
    return merged


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_cut_anywhere_is_one_unit(report: str) -> None:
    for at in range(1, len(report)):
        units = units_of([report[:at], report[at:]])
        assert [unit.kind for unit in units] == [Kind.PASTE if "200~" in report else Kind.SEQUENCE]


@given(st.lists(st.sampled_from([*REPORTS, *KEYS]), max_size=8), st.data())
def test_how_input_is_cut_does_not_matter(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = units_of([text])
    assert units_of(pieces) == whole
    assert not any(unit.kind is Kind.ESCAPE for unit in whole)


@given(st.lists(st.text(st.sampled_from("\x1b[<>?;:0123456789MmuROIP_]\\~$yNa\x07é\n") | st.characters())))
def test_no_input_raises_and_none_is_stuck(pieces: list[str]) -> None:
    splitter, translator = InputSplitter(), Translator()
    for piece in pieces:
        for unit in splitter.feed(piece):
            translator.messages(unit)
    if splitter.pending is not Pending.PASTE:
        for unit in splitter.expire():
            translator.messages(unit)
        assert splitter.pending is Pending.NOTHING
        (unit,) = splitter.feed("z")
        assert translator.messages(unit)


def test_what_is_pending_is_named() -> None:
    for text, pending in [
        ("a", Pending.NOTHING), ("\x1b", Pending.ESCAPE), ("\x1b\x1b", Pending.ESCAPE),
        ("\x1b[", Pending.PREFIX), ("\x1b[<3", Pending.SEQUENCE), ("\x1b[200~x\x1b", Pending.PASTE),
    ]:  # fmt: skip
        splitter = InputSplitter()
        splitter.feed(text)
        assert splitter.pending is pending, text


def test_the_rest_of_a_report_is_left_out_when_its_escape_was_taken_for_the_key() -> None:
    splitter = InputSplitter()
    splitter.feed("\x1b")
    assert splitter.expire() == [Unit(Kind.ESCAPE, "\x1b")]
    assert splitter.feed("[<35;12;7M", after_escape=True) == []
    assert splitter.feed("[x] is text", after_escape=True) == [Unit(Kind.TEXT, "[x] is text")]


def test_a_long_paste_costs_no_more_than_its_length() -> None:
    text = "x" * 4_096
    splitter = InputSplitter()
    splitter.feed("\x1b[200~")
    for _ in range(500):
        assert splitter.feed(text) == []
    (unit,) = splitter.feed("\x1b[201~")
    assert len(unit.text) == 500 * 4_096
