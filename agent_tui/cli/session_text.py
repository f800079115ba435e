"""Stored sessions as text: tables, facts, sizes and ages, and a question on the terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from agent_tui.errors import UsageError
from agent_tui.safetext import visible

if TYPE_CHECKING:
    from agent_tui.events.view import SessionView
    from agent_tui.storage.index import StoredSession


def parse_age(text: str) -> timedelta:
    """``90d``, ``12h``, ``8w``, ``30m``.

    Raises:
        UsageError: It is none of these.
    """
    match = re.fullmatch(r"(\d{1,5})\s*([mhdw])", text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not an age", hint="such as 90d, 12h or 8w")
    unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def size_text(size: int) -> str:
    """Bytes for a person: ``1.2 MB``."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def plural(count: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def print_sessions(sessions: Sequence[StoredSession], sizes: dict[str, int], *, folders: bool) -> None:
    """One line for each session, the columns under each other."""
    from agent_tui.cli.listings import print_table

    print_table(
        (
            session.id,
            when(session.last_ts),
            plural(session.runs, "run"),
            plural(session.tokens, "token"),
            *([size_text(sizes[session.id])] if session.id in sizes else []),
            cut(session.title or ("(no prompt)" if session.runs else "(unused)"), 50),
            *([session.cwd] if folders else []),
        )
        for session in sessions
    )


def facts_of(session: StoredSession, sizes: dict[str, int] | None = None) -> dict[str, Any]:
    """What is known of a session without reading its events, by the names that ``--json`` has."""
    facts = asdict(session)
    facts["updated"] = facts.pop("last_ts")
    facts["events"] = facts.pop("last_seq")
    facts["cost_usd"] = facts.pop("cost")
    if sizes is not None:
        facts["size"] = sizes.get(session.id, 0)
    return facts


def shown(facts: dict[str, Any]) -> dict[str, str]:
    """The facts of a session as a person reads them, each in the form that lists and runs have."""
    from agent_tui.tui.format import money

    forms: dict[str, Callable[[Any], str]] = {
        "created": when,
        "updated": when,
        "events": "{:,}".format,
        "runs": "{:,}".format,
        "tokens": "{:,}".format,
        "cost_usd": money,
        "size": size_text,
    }
    names = {"cost_usd": "cost"}
    return {
        names.get(name, name): "" if value is None and name not in forms else forms.get(name, str)(value)
        for name, value in facts.items()
    }


def runs_of(view: SessionView) -> list[dict[str, Any]]:
    """Its runs, in order."""
    from agent_tui.events.view import RunSpan

    spans = (view.spans.get(run_id) for run_id in view.runs)
    runs = [span for span in spans if isinstance(span, RunSpan)]
    return [
        {
            "run": run.number,
            "status": run.status or "interrupted",
            "steps": run.steps,
            "tokens": run.usage.input_tokens + run.usage.output_tokens,
            "seconds": (run.duration_ms or 0.0) / 1000,
            "input": run.input,
        }
        for run in runs
    ]


def print_json(value: Any) -> None:
    """Prints a value as JSON, made harmless where a terminal reads it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    sys.stdout.write((visible(text) if sys.stdout.isatty() else text) + "\n")


def say(text: str) -> None:
    """Tells the person a sentence, on stderr."""
    sys.stderr.write(visible(text, newlines=False) + "\n")


def when(ts: str) -> str:
    """An event's time, as a clock on the wall here shows it."""
    return f"{datetime.fromisoformat(ts).astimezone():%Y-%m-%d %H:%M}"


def cut(text: str, length: int) -> str:
    """``text`` on one line of at most ``length`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def marked(snippet: str, on: str, off: str) -> str:
    """A snippet with its words between ``on`` and ``off``; all else in it made harmless."""
    pieces = re.split("([\x01\x02])", snippet)
    marks = {"\x01": on, "\x02": off}
    return "".join(marks[piece] if piece in marks else visible(piece, newlines=False) for piece in pieces)


def confirmed(question: str) -> bool:
    """Asks on the terminal.

    Raises:
        UsageError: There is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise UsageError("deleting wants to be confirmed", hint="give --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
