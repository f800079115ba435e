"""Prompts of before: kept in memory, and in a file of JSON lines that several programs may share."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MOST_ENTRIES = 1_000
LONGEST_STORED = 20_000
"""Characters; a longer prompt is remembered for this session only."""
_SLACK = 2
"""The file may grow to this many times ``MOST_ENTRIES`` lines before it is written anew."""


class HistoryFile:
    """The file. Its methods block; call them in a thread. They raise ``OSError``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> list[str]:
        """What is stored, oldest first, each prompt once. Lines that are not ours are passed over."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return []
        lines = raw.decode("utf-8", "replace").splitlines()
        texts = _unique(text for line in lines if (text := _parse(line)))
        if len(lines) > MOST_ENTRIES * _SLACK:
            self._rewrite()
        return texts

    def append(self, text: str) -> None:
        """Adds one prompt with a single write, so that a crash leaves at most one broken last line."""
        if len(text) > LONGEST_STORED:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"text": text}, ensure_ascii=True) + "\n"
        with self._locked() as descriptor:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = "\n" + line
            os.write(descriptor, line.encode())

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, locked, and certain to be the one that the path names."""
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if self._is_current(descriptor):
                    yield descriptor
                    return
            finally:
                os.close(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False

    def _rewrite(self) -> None:
        """Replaces the file by one that holds only what is still of use."""
        with self._locked():
            lines = self.path.read_text("utf-8", "replace").splitlines()
            texts = _unique(text for line in lines if (text := _parse(line)))
            fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)


def _parse(line: str) -> str | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    text = entry.get("text") if isinstance(entry, dict) else None
    return text if isinstance(text, str) and text.strip() else None


def _unique(texts: Iterator[str]) -> list[str]:
    """The last ``MOST_ENTRIES`` of ``texts``; of equal ones only the latest."""
    latest: dict[str, None] = {}
    for text in texts:
        latest.pop(text, None)
        latest[text] = None
    return list(latest)[-MOST_ENTRIES:]


@dataclass
class History:
    """A walk through the prompts of before. Where the walk began, the draft is kept.

    Attributes:
        entries: Oldest first.
    """

    entries: list[str] = field(default_factory=list)
    _at: int | None = None
    _draft: str = ""

    def loaded(self, entries: list[str]) -> None:
        """Puts stored prompts before those of this session."""
        self.entries = _unique(iter([*entries, *self.entries]))
        self._at = None

    def add(self, text: str) -> None:
        if text in self.entries:
            self.entries.remove(text)
        self.entries = [*self.entries, text][-MOST_ENTRIES:]
        self._at = None

    def older(self, draft: str) -> str | None:
        """The prompt before; None at the oldest. ``draft`` is what stands in the prompt now."""
        at = len(self.entries) if self._at is None else self._at
        if at == 0:
            return None
        if self._at is None:
            self._draft = draft
        self._at = at - 1
        return self.entries[self._at]

    def newer(self) -> str | None:
        """The prompt after, at the end the draft; None when there was no walk."""
        if self._at is None:
            return None
        self._at += 1
        if self._at >= len(self.entries):
            self._at = None
            return self._draft
        return self.entries[self._at]

    def stop(self) -> None:
        """Ends the walk: what stands in the prompt is the person's own again."""
        self._at = None

    def search(self, query: str) -> list[str]:
        """Prompts that hold ``query``, newest first. Case counts only if the query has capitals."""
        if not query:
            return []
        if query == query.lower():
            return [entry for entry in reversed(self.entries) if query in entry.lower()]
        return [entry for entry in reversed(self.entries) if query in entry]
