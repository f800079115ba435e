from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agent_tui.tui.widgets.panel.chart import meter, sparkline
from agent_tui.tui.widgets.panel.text import width_of
from agent_tui.tui.widgets.panel.waterfall import Axis, bar, line

AXIS = Axis(start=100.0, length=10.0, width=10)
times = st.floats(min_value=90, max_value=120, allow_nan=False)


def drawn(*args: float, **more: float) -> str:
    return "".join(text for text, _ in bar(AXIS, args[0], args[1], "llm", **more))  # type: ignore[arg-type]


def test_a_bar_stands_where_its_time_is() -> None:
    assert drawn(102, 105) == "  ███     "
    assert drawn(102, 104.5) == "  ██▌     "
    assert drawn(102.5, 104) == "  ▐█      "


def test_the_shortest_bar_is_still_seen() -> None:
    assert drawn(103, 103).strip() == "▏"
    assert drawn(110, 110).rstrip()[-1] in "▏▕"


def test_the_time_to_the_first_token_is_shaded() -> None:
    assert drawn(101, 106, first=103) == " ░░███    "
    assert drawn(101, 106, first=106) == " ░░░░░    "


def test_the_wait_for_the_next_attempt_is_dotted() -> None:
    assert drawn(100, 102, pause=3) == "██┄┄┄     "


def test_parallel_bars_overlap() -> None:
    one, other = drawn(101, 106), drawn(103, 108)
    assert [column for column in range(10) if one[column] == other[column] == "█"] == [3, 4, 5]


def test_a_line_spans_what_it_holds() -> None:
    assert "".join(text for text, _ in line(AXIS, 101, 104, "step")) == " ───      "


@given(times, times, times, st.floats(0, 30), st.integers(1, 80), st.floats(0, 1e6))
def test_every_bar_fills_its_width(
    start: float, end: float, first: float, pause: float, width: int, length: float
) -> None:
    axis = Axis(100.0, length, width)
    assert width_of(bar(axis, start, end, "llm", first=first, pause=pause)) == width
    assert width_of(line(axis, start, end, "step")) == width


@given(st.lists(st.floats(0, 1e9), max_size=50), st.integers(0, 40))
def test_charts_keep_to_their_width(values: list[float], width: int) -> None:
    assert cell_len(sparkline(values, width)) == min(len(values), width)
    for value in values:
        assert cell_len(meter(value, max(values), width)) == width
