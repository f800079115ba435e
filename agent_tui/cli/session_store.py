"""What the commands on stored sessions do. Printing and options are ``session_commands``'."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent_tui.clock import RandomIds, SystemClock, rfc3339
from agent_tui.config.load import Loaded
from agent_tui.errors import ConflictError, StorageError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.view import SessionView
from agent_tui.runtime.library import Library
from agent_tui.storage.index import StoredSession
from agent_tui.storage.journal import Journal

READ_AT_ONCE = 2000
FORMATS = ("jsonl", "markdown", "html", "otel")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""Ids that can be typed, and that a file may bring along."""


@dataclass(slots=True)
class Store:
    """The journal of one command, and the collection over it."""

    journal: Journal
    library: Library


@asynccontextmanager
async def reading(loaded: Loaded) -> AsyncIterator[Store]:
    """The journal, not to be changed; there need not be one."""
    journal = Journal(loaded.paths.journal)
    try:
        yield Store(journal, Library(journal, SystemClock(), RandomIds()))
    finally:
        await journal.close()


@asynccontextmanager
async def writing(loaded: Loaded) -> AsyncIterator[Store]:
    """The journal, to be changed.

    Raises:
        StorageError: It cannot be written.
    """
    problems: list[str] = []
    journal = await Journal.open(loaded.paths.journal, on_problem=problems.append)
    try:
        yield Store(journal, Library(journal, SystemClock(), RandomIds()))
    finally:
        if not await journal.close():
            raise StorageError(
                f"the journal {loaded.paths.journal} could not be written", hint="run `agent-tui doctor`"
            )


async def events_of(journal: Journal, session: StoredSession) -> list[ev.Event]:
    """Every event of a stored session."""
    events: list[ev.Event] = []
    while lines := await journal.read(session.id, len(events), READ_AT_ONCE):
        events += [codec.decode(line) for line in lines]
    return events


def view_of(events: Sequence[ev.Event]) -> SessionView:
    return Fold().apply_all(events).view


def exported(events: Sequence[ev.Event], form: str) -> str:
    """A session in one of ``FORMATS``."""
    match form:
        case "markdown":
            from agent_tui.storage.export.markdown import markdown

            return markdown(view_of(events))
        case "html":
            from agent_tui.storage.export.html import html

            return html(view_of(events))
        case "otel":
            from agent_tui.storage.export.otel import otel

            return otel(view_of(events))
        case _:
            from agent_tui.storage.export.jsonl import jsonl

            return jsonl(events)


def write_file(path: Path, text: str) -> None:
    """Writes a file whole, readable by its owner only: sessions hold what was said in confidence.

    What is no file, such as a pipe or a device, is written into and stays what it is; a link stays too.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(text.encode())
            return
        target = Path(os.path.realpath(path))
        part = target.with_name(f".agent-tui-{os.getpid()}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written: {error.strerror}", hint="give another place with -o")


async def imported(store: Store, text: bytes, *, as_new: bool) -> str:
    """Stores an exported session; its id.

    Raises:
        ConflictError: There is a session of that id, and ``as_new`` is false.
        StorageError: It is not an exported session.
    """
    from agent_tui.storage.export.jsonl import read_jsonl

    events = read_jsonl(text)
    if as_new:
        name = RandomIds().session_id()
        events = [event.model_copy(update={"session_id": name}) for event in events]
    session_id = events[0].session_id
    if not _ID.fullmatch(session_id):
        raise StorageError(
            f"{session_id[:40]!r} is not the id of a session",
            hint="give --as-new to import it under another id",
            code="bad_import",
        )
    if not await store.journal.add(session_id, [codec.encode(event) for event in events]):
        raise ConflictError(
            f"there is a session {session_id} already", hint="give --as-new to import it under another id"
        )
    return session_id


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a pruning removes, with the bytes of the events."""

    sessions: Sequence[StoredSession]
    size: int


async def prunable(journal: Journal, *, older_than: timedelta | None, keep: int | None) -> Pruned:
    """The sessions that may go: too old, not among the newest, or never used at all.

    Args:
        older_than: Only what was last used longer ago than this.
        keep: The newest so many stay, however old they are.
    """
    sessions = await journal.sessions(limit=1_000_000)
    used = [session for session in sessions if session.runs or session.title]
    unused = [session for session in sessions if not (session.runs or session.title)]
    gone: list[StoredSession] = []
    if older_than is not None or keep is not None:
        before = rfc3339(datetime.now(UTC) - (older_than or timedelta()))
        gone = [session for session in used[keep or 0 :] if session.last_ts < before]
    sizes = await journal.sizes()
    gone += unused
    return Pruned(gone, sum(sizes.get(session.id, 0) for session in gone))


async def remove(store: Store, sessions: Sequence[StoredSession]) -> list[StoredSession]:
    """Really removes sessions; those that another running program has open stay, and are returned."""
    kept: list[StoredSession] = []
    for session in sessions:
        try:
            await store.journal.hide(session.id)
        except ConflictError:
            kept.append(session)
    await store.journal.purge()
    return kept


def journal_size(path: Path) -> int:
    """Bytes of the journal on disk."""
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def redacted(events: Sequence[ev.Event], loaded: Loaded) -> list[ev.Event]:
    from agent_tui.storage.export.redact import Redactor

    return Redactor({**os.environ, **loaded.env}).events(events)
