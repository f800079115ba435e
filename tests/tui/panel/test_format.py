from __future__ import annotations

import pytest

from agent_tui.tui import format as fmt


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (-3, "0ms"),
        (0, "0ms"),
        (0.4, "0.4ms"),
        (4, "4ms"),
        (999.4, "999ms"),
        (999.6, "1.0s"),
        (1900, "1.9s"),
        (9960, "10s"),
        (59_400, "59s"),
        (59_600, "1m00s"),
        (123_000, "2m03s"),
        (3_720_000, "1h02m"),
    ],
)
def test_durations(milliseconds: float, text: str) -> None:
    assert fmt.duration_ms(milliseconds) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1230, "1.2 kB"),
        (48_000, "48 kB"),
        (3_000_000, "3.0 MB"),
        (10**16, "10000 TB"),
    ],
)
def test_sizes(octets: int, text: str) -> None:
    assert fmt.size(octets) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (None, "–"),
        (0, "$0"),
        (0.00001, "<$0.0001"),
        (0.0004, "$0.0004"),
        (0.12, "$0.12"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money(dollars: float | None, text: str) -> None:
    assert fmt.money(dollars) == text


def test_counts_rates_and_shares() -> None:
    assert fmt.count(1204) == "1,204"
    assert [fmt.short_count(number) for number in (940, 1200, 84_000, 1_300_000)] == [
        "940",
        "1.2k",
        "84k",
        "1.3M",
    ]
    assert (fmt.rate(84.2), fmt.rate(3.14)) == ("84 tok/s", "3.1 tok/s")
    assert [fmt.percent(part, 1000) for part in (0, 1, 30)] == ["0%", "<1%", "3%"]
    assert (fmt.plural(1, "run"), fmt.plural(2, "retry", "retries")) == ("1 run", "2 retries")
