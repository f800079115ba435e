"""Full-text search over sessions, quick enough to be asked at every key that is typed.

Words are looked for by their beginnings; those of scripts that set no spaces, anywhere. Nothing in
a query is syntax.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from agent_tui.safetext import encodable
from agent_tui.storage.index import COLUMNS, StoredSession

MARK_ON, MARK_OFF = "\x01", "\x02"
"""Around each word that was found, in a snippet."""

SNIPPET = 120
"""Characters of a snippet, about."""

RANKED = 300
"""Texts that are looked at for an order: the best, or the newest where a word is still very short."""

_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0xA4CF), (0xF900, 0xFAFF),
             (0x20000, 0x3FFFF))  # fmt: skip
"""Thai, Lao, Burmese, Khmer and the ideographs: their words follow each other without a space."""

Hit = tuple[StoredSession, str]
"""A session and the snippet where it was found."""


def search(db: sqlite3.Connection, query: str, *, cwd: Path | None, limit: int) -> list[Hit]:
    """The sessions in which every word of ``query`` occurs, those that fit best first."""
    wanted = [word for word in encodable(query).replace("\0", " ").split() if _has_letters(word)]
    if not wanted:
        return []
    best = _best_texts(db, wanted, cwd, limit)
    sessions = _sessions(db, best)
    return [
        (sessions[session_id], snippet(_body(db, text_id), wanted)) for session_id, text_id in best.items()
    ]


def _best_texts(db: sqlite3.Connection, wanted: list[str], cwd: Path | None, limit: int) -> dict[str, int]:
    """The text to show of each session, in order: first those where one text has every word."""
    best: dict[str, int] = {}
    together, apart = _one_text(wanted), [_one_text([word]) for word in wanted] if len(wanted) > 1 else []
    where, values = _folder(cwd)
    found: Iterable[tuple[int, str]] = _ordered(db, *together, where, values, short=_short(wanted))
    for text_id, session_id in found:
        best.setdefault(session_id, text_id)
        if len(best) == limit:
            return best
    if apart:
        everywhere = " INTERSECT ".join(
            f"SELECT session_id FROM texts WHERE {condition}" for condition, _ in apart
        )
        everything = [value for _, given in apart for value in given]
        rows = db.execute(
            f"SELECT max(t.id), t.session_id FROM texts t JOIN sessions s ON s.id = t.session_id "
            f"WHERE t.session_id IN ({everywhere}) AND t.{apart[0][0]} AND {where} "
            "GROUP BY t.session_id ORDER BY max(t.id) DESC LIMIT ?",
            (*everything, *apart[0][1], *values, limit),
        )
        for text_id, session_id in rows:
            if len(best) < limit:
                best.setdefault(session_id, text_id)
    return best


def _ordered(
    db: sqlite3.Connection,
    condition: str,
    given: list[str],
    where: str,
    values: list[str],
    *,
    short: bool,
) -> Iterable[tuple[int, str]]:
    """Texts that match, best first; a first letter matches too much to be worth an order."""
    if condition.startswith("id IN") and not short:
        sql = (
            "SELECT w.rowid, t.session_id FROM words w JOIN texts t ON t.id = w.rowid "
            "JOIN sessions s ON s.id = t.session_id "
            f"WHERE w.words MATCH ? AND {where} ORDER BY w.rank LIMIT {RANKED}"
        )
    else:
        sql = (
            "SELECT t.id, t.session_id FROM texts t JOIN sessions s ON s.id = t.session_id "
            f"WHERE t.{condition} AND {where} ORDER BY t.id DESC LIMIT {RANKED}"
        )
    return db.execute(sql, (*given, *values))


def _one_text(wanted: list[str]) -> tuple[str, list[str]]:
    """A condition on a row of ``texts``: it has all these words."""
    if any(_unspaced(word) for word in wanted):
        pattern = [f"%{_escaped(word)}%" for word in wanted]
        return (
            f"id IN (SELECT id FROM texts WHERE {' AND '.join(['body LIKE ? ESCAPE ?'] * len(wanted))})",
            [value for each in pattern for value in (each, "\\")],
        )
    quoted = " ".join('"' + word.replace('"', '""') + '"*' for word in wanted)
    return "id IN (SELECT rowid FROM words WHERE words MATCH ?)", [quoted]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _folder(cwd: Path | None) -> tuple[str, list[str]]:
    if cwd is None:
        return "s.deleted = 0", []
    return "s.deleted = 0 AND s.cwd = ?", [encodable(str(cwd))]


def _sessions(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, StoredSession]:
    names = list(ids)
    marks = ", ".join("?" * len(names))
    rows = db.execute(f"SELECT {COLUMNS} FROM sessions WHERE id IN ({marks})", names)
    return {row[0]: StoredSession(*row) for row in rows}


def _body(db: sqlite3.Connection, text_id: int) -> str:
    row = db.execute("SELECT body FROM texts WHERE id = ?", (text_id,)).fetchone()
    return str(row[0]) if row else ""


def _has_letters(word: str) -> bool:
    return any(letter.isalnum() for letter in word)


def _short(wanted: list[str]) -> bool:
    return max(len(word) for word in wanted) < 3 or any(_unspaced(word) for word in wanted)


def _unspaced(word: str) -> bool:
    return any(first <= ord(letter) <= last for letter in word for first, last in _UNSPACED)


def snippet(body: str, wanted: list[str]) -> str:
    """The part of a text around the first word found, on one line, with the words marked."""
    text = " ".join(body.replace(MARK_ON, " ").replace(MARK_OFF, " ").split())
    low = text.lower()
    if len(low) != len(text):  # a few letters become two in lower case: places would not agree
        low = text
    places = [place for word in wanted if (place := low.find(word.lower())) >= 0]
    first = max(0, min(places, default=0) - SNIPPET // 4)
    part, low = text[first : first + SNIPPET], low[first : first + SNIPPET]
    spans: list[tuple[int, int]] = []
    for word in wanted:
        at = low.find(word.lower())
        while at >= 0:
            spans.append((at, at + len(word)))
            at = low.find(word.lower(), at + len(word))
    pieces, end = ["…" if first else ""], 0
    for start, stop in sorted(spans):
        if start >= end:
            pieces += [part[end:start], MARK_ON, part[start:stop], MARK_OFF]
            end = stop
    pieces += [part[end:], "…" if first + SNIPPET < len(text) else ""]
    return "".join(pieces)
