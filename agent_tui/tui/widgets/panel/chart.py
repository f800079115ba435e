"""Small charts in block characters. Pure: numbers in, text out."""

from __future__ import annotations

from collections.abc import Sequence

_LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def sparkline(values: Sequence[float], width: int) -> str:
    """The last ``width`` values as columns, the highest one full; a zero is the lowest column."""
    shown = values[-width:] if width > 0 else ()
    top = max(shown, default=0.0)
    if top <= 0:
        return _LEVELS[0] * len(shown)
    return "".join(_LEVELS[min(7, round(max(0.0, value) / top * 7))] for value in shown)


def meter(value: float, most: float, width: int) -> str:
    """A bar of ``value`` out of ``most``, padded to ``width`` cells; something is never nothing."""
    if most <= 0 or width <= 0:
        return " " * max(0, width)
    eighths = min(width * 8, round(value / most * width * 8))
    if value > 0:
        eighths = max(1, eighths)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)
