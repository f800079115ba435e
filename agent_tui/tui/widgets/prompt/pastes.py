"""Text on its way into the prompt: made safe to show, and, where long, stood for by a placeholder."""

from __future__ import annotations

import re

from agent_tui.safetext import visible

MOST_LINES = 10
MOST_CHARACTERS = 2_000
"""Pasted text beyond either of these is shown as a placeholder."""

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


def clean(text: str) -> str:
    """``text`` as it may stand in the prompt.

    Line ends become line feeds; NUL, a byte order mark, colours and other escape sequences go, and
    what else could act on a terminal or hide is spelled out, so that what is read is what is sent.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x1b" in text:
        text = _SEQUENCE.sub("", text)
    return visible(text.removeprefix("\ufeff").replace("\x00", ""))


class Pastes:
    """The long texts that placeholders stand for."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._count = 0

    @staticmethod
    def is_long(text: str) -> bool:
        return len(text) > MOST_CHARACTERS or text.count("\n") >= MOST_LINES

    def keep(self, text: str) -> str:
        """Keeps ``text`` and gives the placeholder that stands for it."""
        self._count += 1
        lines = text.count("\n") + (not text.endswith("\n"))
        size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
        placeholder = f"[pasted {size} #{self._count}]"
        self._texts[placeholder] = text
        return placeholder

    def shorten(self, text: str) -> str:
        """``text`` itself, or a placeholder if it is long."""
        return self.keep(text) if self.is_long(text) else text

    def expand(self, text: str) -> str:
        """``text`` with every placeholder replaced by what it stands for, once."""
        if not self._texts:
            return text
        return self._pattern().sub(lambda match: self._texts[match[0]], text)

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where placeholders stand in ``line``."""
        if not self._texts or "[pasted " not in line:
            return []
        return [match.span() for match in self._pattern().finditer(line)]

    def forget(self) -> None:
        self._texts.clear()

    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self._texts)))
