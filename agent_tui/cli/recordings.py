"""Which recording, and which of its runs, a command line means: ``SESSION``, ``SESSION:RUN``, or a file."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent_tui.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from agent_tui.config.load import Loaded
    from agent_tui.events.facts import RecordedRun
    from agent_tui.events.types import Event
    from agent_tui.storage.journal import Journal

_AT_ONCE = 2000
FILE = ".jsonl"


@dataclass(frozen=True, slots=True)
class Found:
    """A recording, and the runs of it that are meant.

    Attributes:
        name: The session's id.
        chosen: Whether a run was named.
    """

    name: str
    events: Sequence[Event]
    runs: Sequence[RecordedRun]
    chosen: bool


def find_recordings(loaded: Loaded, references: Sequence[str]) -> list[Found]:
    """The recordings that ``references`` mean: a session's id or how it begins, or an exported
    ``.jsonl`` file, each with ``:RUN`` behind it for one run.

    Raises:
        NotFoundError: There is no such session, file or run.
        StorageError: It cannot be read. Its exit code is 2: 1 says that recordings differ.
    """
    # Not as what the coroutine returns: at its end asyncio puts the signal handler back, which writes all
    # of that into the text of an error that nobody sees, for seconds where it is long.
    found: list[Found] = []
    # What is read stays to the end: passing over it again and again would take as long as reading it.
    gc.disable()
    try:
        asyncio.run(_find(loaded, references, found))
    except StorageError as error:
        error.exit_code = 2
        raise
    finally:
        gc.freeze()
        gc.enable()
    return found


async def _find(loaded: Loaded, references: Sequence[str], found: list[Found]) -> None:
    from agent_tui.events.facts import split_reference
    from agent_tui.storage.journal import Journal

    journal = Journal(loaded.paths.journal)
    try:
        for reference in references:
            name, run = split_reference(reference)
            if name.endswith(FILE):
                events = await asyncio.to_thread(_read_file, loaded.cwd, name)
            else:
                events = await _read_session(journal, name)
            found.append(_chosen(events, run, reference))
    finally:
        await journal.close()


async def _read_session(journal: Journal, prefix: str) -> list[Event]:
    from agent_tui.events import codec

    session = (await journal.find(prefix)).id
    events: list[Event] = []
    while lines := await journal.read(session, events[-1].seq if events else 0, _AT_ONCE):
        events += await asyncio.to_thread(lambda batch: [codec.decode(line) for line in batch], lines)
    return events


def _read_file(cwd: Path, name: str) -> list[Event]:
    from agent_tui.storage.export.jsonl import read_jsonl

    path = cwd / Path(name).expanduser()
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {path}") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return read_jsonl(text)
    except StorageError as error:
        raise StorageError(f"{path}: {error.message}", hint=error.hint, code=error.code) from error


def _chosen(events: list[Event], run: str, reference: str) -> Found:
    from agent_tui.events.facts import choose_run, runs_of
    from agent_tui.events.types import SessionStart

    if not events or not isinstance(events[0], SessionStart):
        raise StorageError(f"{reference} does not begin as a session does", code="bad_event")
    runs = runs_of(events)
    if not runs:
        raise NotFoundError(f"{reference} has no run", hint="choose a session in which something was asked")
    chosen = [choose_run(runs, run)] if run else runs
    return Found(events[0].session_id, events, chosen, bool(run))
