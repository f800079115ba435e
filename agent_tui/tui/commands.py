"""The slash commands: their table and how a line is read. What they do is the screen's business."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Command:
    """One slash command.

    Attributes:
        name: Without the slash.
        description: A sentence for completion, help and palette.
        usage: What may follow the name.
        needs_argument: Whether the command means nothing without it.
    """

    name: str
    description: str
    usage: str = ""
    needs_argument: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("help", "The keys and commands in force"),
    Command("model", "Choose the model of the next run", "[NAME]"),
    Command("sessions", "Find, open, rename and delete sessions"),
    Command("new", "Begin a new session; this one stays open"),
    Command("close", "Close this session; it stays stored"),
    Command("fork", "Go on from a copy of this session"),
    Command("theme", "Choose the theme", "[NAME]"),
    Command("clear", "Start afresh: the history so far is no longer sent"),
    Command("title", "Name this session", "TEXT", needs_argument=True),
    Command("tools", "Show the tools"),
    Command("tool", "Run a tool yourself", "NAME [JSON]", needs_argument=True),
    Command("trace", "Show the trace"),
    Command("events", "Show the event stream"),
    Command("usage", "Show tokens, cost and latencies"),
    Command("replay", "Go back to any moment of this session"),
    Command(
        "diff",
        "Put a session or run beside another one, or this",
        "SESSION[:RUN] [SESSION[:RUN]]",
        needs_argument=True,
    ),
    Command("copy", "Copy the last answer"),
    Command("steer", "Tell the running model something at its next step", "TEXT", needs_argument=True),
    Command("cancel", "Stop the run"),
    Command("unqueue", "Take the last queued message back to edit it"),
    Command("trust", "Trust this folder: load the tools it brings"),
    Command("quit", "Leave; a run in flight is cancelled first"),
)

_BY_NAME = {command.name: command for command in COMMANDS}
_ALIASES = {"exit": "quit", "q": "quit", "?": "help", "h": "help", "resume": "sessions", "models": "model"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command line as understood. Exactly one of ``command`` and ``problem`` is set."""

    command: Command | None
    argument: str = ""
    problem: str = ""


def parse(line: str) -> Parsed:
    """Reads ``/name argument``; the slash may be missing."""
    name, _, argument = line.strip().removeprefix("/").partition(" ")
    name, argument = name.lower(), argument.strip()
    command = _BY_NAME.get(_ALIASES.get(name, name))
    if command is None:
        return Parsed(None, problem=_unknown(name))
    if command.needs_argument and not argument:
        return Parsed(None, problem=f"/{command.name} needs more: /{command.name} {command.usage}")
    return Parsed(command, argument)


def _unknown(name: str) -> str:
    near = get_close_matches(name, [*_BY_NAME, *_ALIASES], n=3, cutoff=0.5)
    hint = (
        "did you mean " + " or ".join(f"/{other}" for other in near) + "?" if near else "/help lists them"
    )
    return f"there is no command /{name}; {hint}"
