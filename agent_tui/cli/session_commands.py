"""``agent-tui sessions``: what is stored, and what can be done with it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_tui.cli.session_text import (
    confirmed,
    cut,
    facts_of,
    marked,
    parse_age,
    plural,
    print_json,
    print_sessions,
    runs_of,
    say,
    shown,
    size_text,
    when,
)
from agent_tui.cli.start import load_settings
from agent_tui.errors import StorageError, UsageError
from agent_tui.safetext import visible

if TYPE_CHECKING:
    from agent_tui.cli.session_store import Store
    from agent_tui.config.load import Loaded
    from agent_tui.storage.index import StoredSession

app = typer.Typer(help="The stored sessions.", no_args_is_help=True)

Session = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]

_NOT_WIPED = "another program is reading the journal: its log holds what was deleted until it lets go of it"


@app.command("list")
def list_sessions(
    everywhere: Annotated[bool, typer.Option("--all", "-a", help="Those of every folder.")] = False,
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 200,
) -> None:
    """The sessions of this folder, the one last used first."""
    from agent_tui.cli import session_store as store

    loaded = load_settings()

    async def work() -> tuple[Sequence[StoredSession], dict[str, int]]:
        async with store.reading(loaded) as opened:
            cwd = None if everywhere else loaded.cwd
            return await opened.journal.sessions(
                cwd=cwd, used=True, limit=limit
            ), await opened.journal.sizes()

    sessions, sizes = asyncio.run(work())
    if as_json:
        print_json([facts_of(session, sizes) for session in sessions])
        return
    print_sessions(sessions, sizes, folders=everywhere)
    total = store.journal_size(loaded.paths.journal)
    where = "" if everywhere else f" of {loaded.cwd} (--all for every folder)"
    say(f"{plural(len(sessions), 'session')}{where}; the journal takes {size_text(total)}")


@app.command()
def show(session: Session, as_json: AsJson = False) -> None:
    """One session: where, with what, what it cost, and its runs."""
    from agent_tui.cli import session_store as store

    loaded = load_settings()

    async def work() -> tuple[StoredSession, dict[str, int], list[dict[str, Any]]]:
        async with store.reading(loaded) as opened:
            found = await opened.journal.find(session)
            runs = runs_of(store.view_of(await store.events_of(opened.journal, found)))
            return found, await opened.journal.sizes(), runs

    found, sizes, runs = asyncio.run(work())
    facts = facts_of(found, sizes)
    if as_json:
        print_json({**facts, "runs": runs})
        return
    from agent_tui.cli.listings import print_table

    print_table(list(shown(facts).items()))
    if runs:
        sys.stdout.write("\n")
        print_table(
            (str(run["run"]), run["status"], plural(run["steps"], "step"), plural(run["tokens"], "token"),
             f"{run['seconds']:.1f} s", cut(run["input"], 60))
            for run in runs
        )  # fmt: skip


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="Words, or how they begin.")],
    here: Annotated[bool, typer.Option("--here", help="Only the sessions of this folder.")] = False,
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 20,
) -> int:
    """The sessions in which all the words occur: in prompts, answers or what tools said."""
    from agent_tui.cli import session_store as store

    loaded = load_settings()

    async def work() -> Sequence[tuple[StoredSession, str]]:
        async with store.reading(loaded) as opened:
            cwd = loaded.cwd if here else None
            return await opened.journal.search(" ".join(words), cwd=cwd, limit=limit)

    hits = asyncio.run(work())
    if as_json:
        print_json([{**facts_of(found), "snippet": marked(text, "", "")} for found, text in hits])
        return 0 if hits else 1
    bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    on, off = ("\x1b[1m", "\x1b[22m") if bold else ("", "")
    for found, text in hits:
        title = visible(cut(found.title, 60), newlines=False)
        sys.stdout.write(f"{found.id}  {when(found.last_ts)}  {title}\n    {marked(text, on, off)}\n")
    if not hits:
        say("nothing was found")
    return 0 if hits else 1


@app.command()
def export(
    session: Session,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="jsonl, markdown, html or otel.")
    ] = "jsonl",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, not to stdout.")
    ] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Without keys, tokens and passwords.")] = False,
) -> None:
    """Writes a session in another form."""
    from agent_tui.cli import session_store as store

    if form not in store.FORMATS:
        raise UsageError(f"there is no format {form!r}", hint=f"give one of {', '.join(store.FORMATS)}")
    loaded = load_settings()

    async def work() -> str:
        async with store.reading(loaded) as opened:
            found = await opened.journal.find(session)
            events = await store.events_of(opened.journal, found)
            return store.exported(store.redacted(events, loaded) if redact else events, form)

    text = asyncio.run(work())
    if output is not None:
        store.write_file(output, text)
        say(f"wrote {output}, {size_text(len(text.encode()))}")
    elif sys.stdout.isatty():
        sys.stdout.write(visible(text))
    else:
        sys.stdout.buffer.write(text.encode())


@app.command("import")
def import_session(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An export in jsonl; - reads stdin.")],
    as_new: Annotated[bool, typer.Option("--as-new", help="Give it another id.")] = False,
) -> None:
    """Stores an exported session, byte for byte; its id is printed."""
    from agent_tui.cli import session_store as store

    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error

    async def work(loaded: Loaded) -> str:
        async with store.writing(loaded) as opened:
            return await store.imported(opened, text, as_new=as_new)

    sys.stdout.write(asyncio.run(work(load_settings())) + "\n")


@app.command()
def delete(
    session: Session,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Removes a session for good, with every word of it; typed prompts stay in the input history."""
    from agent_tui.cli import session_store as store

    loaded = load_settings()

    async def find() -> StoredSession:
        async with store.reading(loaded) as opened:
            return await opened.journal.find(session)

    async def work() -> bool:
        async with store.writing(loaded) as opened:
            await opened.journal.hide(found.id)
            await opened.journal.purge()
            await _compact(opened)
            return opened.journal.wiped

    found = asyncio.run(find())
    title = visible(cut(found.title, 60), newlines=False)
    if not yes and not confirmed(f"delete {found.id} {title!r}, {found.last_seq} events, for good?"):
        return 1
    wiped = asyncio.run(work())
    say(f"deleted {found.id}")
    if not wiped:
        say(_NOT_WIPED)
    return 0


@app.command()
def fork(
    session: Session,
    at: Annotated[
        int | None, typer.Option("--at", metavar="SEQ", help="The last event that is taken along.")
    ] = None,
) -> None:
    """Makes a new session that begins with another's events; its id is printed."""
    from agent_tui.cli import session_store as store

    async def work(loaded: Loaded) -> str:
        async with store.writing(loaded) as opened:
            return await opened.library.fork(session, at)

    sys.stdout.write(asyncio.run(work(load_settings())) + "\n")


@app.command()
def rename(session: Session, title: Annotated[str, typer.Argument(metavar="TITLE")]) -> None:
    """Gives a session another title."""
    from agent_tui.cli import session_store as store

    if not title.strip():
        raise UsageError("the title is empty", hint="give it in quotes")

    async def work(loaded: Loaded) -> None:
        async with store.writing(loaded) as opened:
            await opened.library.rename(session, title.strip())

    asyncio.run(work(load_settings()))


@app.command()
def prune(
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Last used so long ago: 90d, 12h, 8w.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=0, help="The newest so many stay in any case.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would go.")] = False,
) -> None:
    """Removes old sessions for good, and those in which nothing was ever said."""
    from agent_tui.cli import session_store as store

    age = parse_age(older_than) if older_than is not None else None
    loaded = load_settings()
    before = store.journal_size(loaded.paths.journal)

    async def work() -> tuple[store.Pruned, list[StoredSession], bool]:
        async with store.reading(loaded) as opened:
            pruned = await store.prunable(opened.journal, older_than=age, keep=keep)
            # The screen deletes too, and leaves it to this to give the room back.
            idle = not pruned.sessions and not await opened.journal.is_worth_compacting()
        if dry_run or idle:
            return pruned, [], True
        async with store.writing(loaded) as opened:
            kept = await store.remove(opened, pruned.sessions)
            await _compact(opened)
            return pruned, kept, opened.journal.wiped

    pruned, kept, wiped = asyncio.run(work())
    print_sessions(pruned.sessions, {}, folders=True)
    verb = "would go" if dry_run else "gone"
    say(f"{plural(len(pruned.sessions) - len(kept), 'session')} {verb}, {size_text(pruned.size)} of events")
    if kept:
        say(f"{plural(len(kept), 'session')} open in another agent-tui: kept")
    if not wiped:
        say(_NOT_WIPED)
    if not dry_run:
        after = store.journal_size(loaded.paths.journal)
        say(f"the journal took {size_text(before)}, now {size_text(after)}")


async def _compact(opened: Store) -> None:
    try:
        await opened.journal.compact()
    except StorageError as error:
        say(f"the file was not made smaller: {error.message}")
