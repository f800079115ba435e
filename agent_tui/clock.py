"""Time and identifiers, as sources that tests can replace."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_EPOCH_2024 = 1_704_067_200


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def rfc3339(moment: datetime) -> str:
    """A UTC moment as RFC 3339 with microseconds: ``2026-01-02T03:04:05.000006Z``."""
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def _base32(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


class IdSource(Protocol):
    """Where identifiers come from."""

    def session_id(self) -> str: ...

    def new(self, prefix: str) -> str:
        """A fresh id such as ``run_2w9kfq7m3x``, unique across sessions."""
        ...


class RandomIds:
    """Ids that sort by time: six characters of seconds since 2024, then random ones.

    Two sessions started more than half a minute apart differ within the first five characters,
    so a short prefix is enough to name one.
    """

    def session_id(self) -> str:
        return _base32(int(time.time()) - _EPOCH_2024, 6) + _base32(secrets.randbits(20), 4)

    def new(self, prefix: str) -> str:
        return f"{prefix}_{_base32(int(time.time()) - _EPOCH_2024, 6)}{_base32(secrets.randbits(30), 6)}"


class CountingIds:
    """Predictable ids for tests: ``session1``, ``run_1``, ``run_2``, ``call_1`` …"""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def _next(self, prefix: str) -> int:
        self._counts[prefix] = self._counts.get(prefix, 0) + 1
        return self._counts[prefix]

    def session_id(self) -> str:
        return f"session{self._next('session')}"

    def new(self, prefix: str) -> str:
        return f"{prefix}_{self._next(prefix)}"
