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

LOOKED_AT = 1500
"""Texts that are looked at: the best, or the newest where the words are still too short to rank by."""

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
    for text_id, session_id in _texts(db, wanted, cwd, ranked=not _short(wanted)):
        best.setdefault(session_id, text_id)
    if len(best) < limit and len(wanted) > 1:
        rarest = max(wanted, key=len)
        hits = dict(reversed([(name, at) for at, name in _texts(db, [rarest], cwd, ranked=False)]))
        for word in wanted:
            if word != rarest and hits:
                there = {session_id for _, session_id in _texts(db, [word], cwd, ranked=False)}
                hits = {session_id: at for session_id, at in hits.items() if session_id in there}
        for session_id, text_id in sorted(hits.items(), key=lambda hit: -hit[1]):
            best.setdefault(session_id, text_id)
    return dict(list(best.items())[:limit])


def _texts(
    db: sqlite3.Connection, wanted: list[str], cwd: Path | None, *, ranked: bool
) -> list[tuple[int, str]]:
    """Texts that have all these words, as ``(id, session_id)``: the best first, or the newest."""
    where, values = ("", []) if cwd is None else ("AND s.cwd = ?", [encodable(str(cwd))])
    if any(_unspaced(word) for word in wanted):
        likes = " AND ".join(["t.body LIKE ? ESCAPE '\\'"] * len(wanted))
        sql = (
            "SELECT t.id, t.session_id FROM texts t JOIN sessions s ON s.id = t.session_id "
            f"WHERE {likes} AND NOT s.deleted {where} ORDER BY t.id DESC LIMIT {LOOKED_AT}"
        )
        return db.execute(sql, (*(f"%{_escaped(word)}%" for word in wanted), *values)).fetchall()
    sql = (
        "SELECT w.rowid, t.session_id FROM words w CROSS JOIN texts t ON t.id = w.rowid "
        "CROSS JOIN sessions s ON s.id = t.session_id "
        f"WHERE w.words MATCH ? AND NOT s.deleted {where} "
        f"ORDER BY {'w.rank' if ranked else 'w.rowid DESC'} LIMIT {LOOKED_AT}"
    )
    quoted = " ".join('"' + word.replace('"', '""') + '"*' for word in wanted)
    return db.execute(sql, (quoted, *values)).fetchall()


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


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
