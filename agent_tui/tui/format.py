"""Numbers as people read them: durations, sizes, counts, rates and money. Nothing here knows a widget."""

from __future__ import annotations

_SIZES = ("kB", "MB", "GB", "TB")


def duration_ms(milliseconds: float) -> str:
    """``4ms``, ``940ms``, ``1.9s``, ``42s``, ``2m03s``, ``1h02m``; a negative time counts as none."""
    ms = max(0.0, milliseconds)
    if ms < 999.5:
        return f"{ms:.0f}ms" if ms >= 0.95 or ms == 0 else f"{ms:.1f}ms"
    seconds = ms / 1000
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m"


def count(number: int) -> str:
    """``1,204``."""
    return f"{number:,}"


def short_count(number: int) -> str:
    """A count in at most five characters: ``940``, ``1.2k``, ``84k``, ``1.3M``."""
    if number < 1000:
        return str(number)
    for unit, scale in (("k", 1_000), ("M", 1_000_000)):
        value = number / scale
        if value < 9.95:
            return f"{value:.1f}{unit}"
        if value < 999.5:
            return f"{value:.0f}{unit}"
    return f"{number / 1_000_000_000:.1f}G"


def size(octets: int) -> str:
    """Bytes in decimal units: ``812 B``, ``1.2 kB``, ``48 kB``, ``3.0 MB``."""
    if octets < 1000:
        return f"{octets} B"
    value = float(octets)
    for unit in _SIZES:
        value /= 1000
        if value < 9.95:
            return f"{value:.1f} {unit}"
        if value < 999.5 or unit == _SIZES[-1]:
            return f"{value:.0f} {unit}"
    raise AssertionError("unreachable: the last unit takes every size")


def money(dollars: float | None) -> str:
    """US dollars with as many digits as they need: ``$0.0004``, ``$0.12``, ``$3.40``; None is ``–``."""
    if dollars is None:
        return "–"
    if dollars == 0:
        return "$0"
    if abs(dollars) < 0.00005:
        return "<$0.0001"
    if abs(dollars) < 0.1:
        return f"${dollars:.4f}"
    return f"${dollars:,.2f}"


def rate(tokens_per_second: float) -> str:
    """``84 tok/s``, with a digit after the point below ten."""
    digits = 1 if tokens_per_second < 9.95 else 0
    return f"{tokens_per_second:.{digits}f} tok/s"


def percent(part: float, whole: float) -> str:
    """``3%``; ``<1%`` where there is something but less than half a percent; ``–`` of nothing."""
    if whole <= 0:
        return "–"
    value = 100 * part / whole
    return "<1%" if 0 < value < 0.5 else f"{value:.0f}%"


def plural(number: int, noun: str, nouns: str = "") -> str:
    """``1 event``, ``1,204 events``."""
    return f"{count(number)} {noun if number == 1 else nouns or noun + 's'}"
