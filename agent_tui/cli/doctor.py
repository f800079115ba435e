"""``agent-tui doctor``: looks at everything the program rests on and says how to mend what is wrong.

It changes nothing and shows no key.
"""

from __future__ import annotations

import importlib.metadata
import locale
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent_tui import __version__
from agent_tui.cli.start import key_clashes
from agent_tui.config.load import Loaded, load
from agent_tui.config.mistakes import ConfigMistakes
from agent_tui.errors import AgentTuiError, StorageError
from agent_tui.paths import Paths, user_paths
from agent_tui.safetext import visible

Level = Literal["ok", "warn", "fail"]
_PACKAGES = ("google-genai", "httpx2", "pydantic", "rich", "tenacity", "textual", "typer")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``todo`` says how to mend it."""

    level: Level
    subject: str
    what: str
    todo: str = ""


def examine() -> int:
    """Prints every finding; 1 if one is a failure, else 0."""
    failed = False
    for finding in findings(os.environ):
        failed = failed or finding.level == "fail"
        todo = f"; {finding.todo}" if finding.todo else ""
        line = f"{finding.level:<4}  {finding.subject:<10}  {finding.what}{todo}"
        sys.stdout.write(visible(line, newlines=False) + "\n")
    return int(failed)


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Everything there is to say, in the order things depend on each other."""
    yield _python()
    yield from _packages()
    yield from _terminal(environ)
    yield _clipboard(environ)
    paths = user_paths(dict(environ))
    loaded: Loaded | None = None
    try:
        loaded = load(Path.cwd(), environ)
    except (AgentTuiError, OSError) as error:
        for one in error.found if isinstance(error, ConfigMistakes) else (error,):
            yield Finding("fail", "config", str(one))
    else:
        yield from _config(loaded)
        yield from _keys(loaded.env)
        yield from _themes(loaded)
    yield _writable("data", paths.data)
    yield _writable("state", paths.state)
    yield _journal(paths)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    what = f"agent-tui {__version__} on Python {version}, {sys.platform}"
    return Finding("ok", "python", what)


def _packages() -> Iterator[Finding]:
    found, missing = [], []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    yield Finding("ok", "packages", ", ".join(found))
    if missing:
        yield Finding("fail", "packages", f"missing: {', '.join(missing)}", "install agent-tui again")


def _terminal(environ: Mapping[str, str]) -> Iterator[Finding]:
    term = environ.get("TERM", "")
    if not sys.stdout.isatty():
        yield Finding("warn", "terminal", "stdout is not a terminal", "run doctor in the terminal you use")
    elif term in ("", "dumb", "unknown"):
        yield Finding("warn", "terminal", f"TERM is {term or 'not set'}", "set it, or use --linear")
    else:
        size = shutil.get_terminal_size()
        level: Level = "ok" if size.columns >= 60 and size.lines >= 16 else "warn"
        todo = "" if level == "ok" else "make it at least 60×16"
        yield Finding(level, "terminal", f"{term}, {size.columns}×{size.lines}", todo)
    colours = environ.get("COLORTERM", "")
    if environ.get("NO_COLOR"):
        yield Finding("ok", "colours", "none, as NO_COLOR asks")
    elif colours in ("truecolor", "24bit"):
        yield Finding("ok", "colours", "16 million")
    else:
        yield Finding("warn", "colours", "maybe 256 only", "if yours has more, set COLORTERM=truecolor")
    encoding = locale.getpreferredencoding(False)
    if encoding.lower().replace("-", "") == "utf8":
        yield Finding("ok", "locale", encoding)
    else:
        yield Finding("fail", "locale", f"{encoding} is not UTF-8", "set LANG=C.UTF-8 or such")
    if environ.get("SSH_CONNECTION"):
        yield Finding("ok", "link", "ssh: a lone Esc waits a little longer (ui.esc_delay_ms)")


def _clipboard(environ: Mapping[str, str]) -> Finding:
    from agent_tui.tui.clipboard import find_route

    route = find_route(environ)
    if route.name == "tmux":
        return Finding("warn", "clipboard", route.claim, "put `set -g set-clipboard on` in tmux.conf")
    return Finding("ok", "clipboard", route.claim)


def _config(loaded: Loaded) -> Iterator[Finding]:
    file = loaded.paths.config_file
    yield Finding("ok", "config", str(file) if file.exists() else f"{file} (not there: defaults)")
    for notice in loaded.notices:
        yield Finding("warn", "config", notice)
    for clash in key_clashes(loaded):
        yield Finding("warn", "config", clash)
    yield from _told_late(loaded)
    yield from _tools(loaded)


def _told_late(loaded: Loaded) -> Iterator[Finding]:
    """Settings that are read no further than their type until something needs them."""
    from agent_tui.llm import router
    from agent_tui.server.settings import tokens_of

    config = loaded.config
    for name, check in (
        ("model.name", lambda: config.model.name and router.parse(config.model.name)),
        ("server.tokens", lambda: tokens_of(config.server.tokens, None, config.server.host)),
    ):
        try:
            check()
        except AgentTuiError as error:
            yield Finding("fail", "config", f"{loaded.origin(name)}: {error}")


def _tools(loaded: Loaded) -> Iterator[Finding]:
    from agent_tui.tools.trust import TrustStore, tool_files

    try:
        files = tool_files(loaded.cwd)
    except OSError as error:
        yield Finding("fail", "trust", f"{error.filename}: {error.strerror}", "make it readable")
        return
    if not files:
        yield Finding("ok", "trust", "this folder brings no tools of its own")
    elif TrustStore(loaded.paths.trust_file).is_trusted(loaded.cwd, files):
        yield Finding("ok", "trust", f"{len(files)} tool files of this folder, trusted")
    else:
        names = ", ".join(path.name for path in files)
        yield Finding("warn", "trust", f"not loaded: {names}", "read them, then type /trust in the shell")


def _keys(env: Mapping[str, str]) -> Iterator[Finding]:
    gemini = [name for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY") if env.get(name)]
    if len(gemini) == 2:
        yield Finding("warn", "gemini", "both keys are set; GOOGLE_API_KEY wins", "unset one")
    elif gemini:
        yield Finding("ok", "gemini", f"{gemini[0]} is set")
    else:
        yield Finding("warn", "gemini", "no key: the offline demo answers", "set GEMINI_API_KEY")
    openai = [name for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL") if env.get(name)]
    yield Finding("ok", "openai", f"{', '.join(openai)} set" if openai else "not set up")


def _themes(loaded: Loaded) -> Iterator[Finding]:
    from agent_tui.tui.themes import ThemeStore, shipped_dir

    store = ThemeStore([shipped_dir(), loaded.paths.themes])
    themes = store.load()
    for problem in store.problems:
        yield Finding("warn", "themes", problem, "mend or delete that file")
    name = loaded.config.ui.theme
    if name in themes:
        yield Finding("ok", "themes", f"{len(themes)}, {name} chosen")
    else:
        yield Finding("fail", "themes", f"there is no theme {name!r}", "see `agent-tui themes`")


def _writable(subject: str, folder: Path) -> Finding:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place) as probe:
            probe.write(b"x")
    except OSError as error:
        return Finding(
            "fail",
            subject,
            f"{folder} cannot be written: {error.strerror}",
            "make it writable, or set AGENT_TUI_HOME",
        )
    free = shutil.disk_usage(place).free
    if free < 100_000_000:
        return Finding("warn", subject, f"{folder}: only {free // 1_000_000} MB free", "make room")
    return Finding("ok", subject, str(folder))


def _first_torn(db: sqlite3.Connection) -> tuple[str, int, str] | None:
    """The first event that is none, or is not where it should be: its session, its number, and why."""
    from agent_tui.events import codec

    before, last = "", 0
    for session_id, seq, line in db.execute("SELECT session_id, seq, line FROM events ORDER BY 1, 2"):
        due = last + 1 if session_id == before else 1
        if seq != due:
            return session_id, due, "it is missing"
        try:
            event = codec.decode(line)
        except StorageError as error:
            return session_id, seq, error.message
        if (event.session_id, event.seq) != (session_id, seq):
            return session_id, seq, f"it says that it is event {event.seq} of {event.session_id}"
        before, last = session_id, seq
    return None


def _journal(paths: Paths) -> Finding:
    from agent_tui.storage.schema import connect_reader, is_there

    path = paths.journal
    try:
        if not is_there(path):
            return Finding("ok", "journal", f"{path} (not there yet)")
        db = connect_reader(path)
    except (AgentTuiError, sqlite3.Error) as error:
        return Finding("fail", "journal", str(error))
    try:
        verdict = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        sessions = db.execute("SELECT count(*) FROM sessions").fetchone()[0]
        torn = _first_torn(db) if verdict == "ok" else None
    except sqlite3.Error as error:
        verdict, sessions, torn = str(error), 0, None
    finally:
        db.close()
    if torn is not None:
        session_id, seq, why = torn
        return Finding(
            "fail",
            "journal",
            f"{path}: event {seq} of session {session_id} cannot be read: {why}",
            f"`agent-tui sessions fork {session_id} --at {seq - 1}` goes on with what is before it"
            if seq > 1
            else f"`agent-tui sessions delete {session_id}` removes it; the other sessions are not touched",
        )
    if verdict != "ok":
        return Finding(
            "fail",
            "journal",
            f"{path} is damaged: {verdict}",
            f"move it away: mv '{path}' '{path}.damaged'",
        )
    return Finding("ok", "journal", f"{path}, whole, {sessions} sessions, {path.stat().st_size // 1024} kB")
