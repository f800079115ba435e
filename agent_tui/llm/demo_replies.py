"""What the demo model says about the outcomes of its calls. It repeats facts and adds none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from agent_tui.llm.demo_rules import Wish
from agent_tui.llm.portable import Observed

SHOWN_LINES = 40
"""Lines of an outcome that are repeated; the whole is one key away in the trace."""

_LANGUAGES = {
    ".py": "python", ".md": "markdown", ".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml",
    ".sh": "bash", ".js": "javascript", ".ts": "typescript", ".html": "html", ".css": "css", ".rs": "rust",
    ".go": "go", ".c": "c", ".sql": "sql", ".xml": "xml",
}  # fmt: skip


_REFUSAL = re.compile(r"([\w.:-]+) was not run: ")


def refusal(text: str) -> Observed | None:
    """The outcome that ``text`` tells of if a call was refused: it may come without its call's id."""
    found = _REFUSAL.match(text)
    return Observed("", found.group(1), text) if found else None


def was_denied(seen: Observed) -> bool:
    """Whether policy or a person refused the call."""
    return refusal(seen.content) is not None and seen.content.startswith(seen.tool_name)


def failed(seen: Observed) -> bool:
    """Whether the tool itself says that it failed."""
    return seen.content.startswith("error:")


def report(done: Sequence[tuple[Wish, Observed]]) -> str:
    """The outcomes, in the order they were asked for."""
    return "\n\n".join(_told(wish, seen) for wish, seen in done)


def stopped(done: Sequence[tuple[Wish, Observed]], left: Sequence[Wish]) -> str:
    """The answer when a call was refused: nothing more is tried."""
    refused = [(wish, seen) for wish, seen in done if was_denied(seen)]
    parts = []
    if others := [pair for pair in done if not was_denied(pair[1])]:
        parts.append(report(others))
    for wish, seen in refused:
        parts.append(f"{_code(wish.said)} was not allowed, so I stop here.{_reason(seen)}")
    if left:
        parts.append(f"Not done: {', '.join(_code(wish.said) for wish in left)}.")
    return "\n\n".join(parts)


def _reason(seen: Observed) -> str:
    """Why a call was refused, if that says more than that it was."""
    told = seen.content.partition(": ")[2]
    if found := re.search(r"They said: (.*)", told, re.DOTALL):
        return f" You said: {_sentence(found.group(1))}"
    return "" if told.startswith("the person") else f" The reason: {_sentence(told.partition('. ')[0])}"


def _told(wish: Wish, seen: Observed) -> str:
    if failed(seen):
        return f"`{wish.tool}` failed: {_sentence(seen.content.removeprefix('error:').strip())}"
    match wish.tool:
        case "calc":
            return f"{_code(str(wish.args['expression']))} = **{plain(seen.content)}**"
        case "current_time":
            return _time(wish, seen)
        case "sleep":
            return f"I waited {wish.args['seconds']} s."
        case "list_dir":
            return f"Files in {_code(str(wish.args['path']))}:\n\n{_block(seen.content)}"
        case "read_file":
            path = str(wish.args["path"])
            language = _LANGUAGES.get(PurePath(path).suffix.lower(), "text")
            return f"This is {_code(path)}:\n\n{_block(seen.content, language)}"
        case "glob" | "grep":
            return f"For {_code(str(wish.args['pattern']))}:\n\n{_block(seen.content)}"
        case "shell":
            return f"I ran {_code(str(wish.args['command']))}:\n\n{_block(seen.content)}"
        case "http_get":
            return f"From <{wish.args['url']}>:\n\n{_block(seen.content)}"
        case _:
            return _sentence(seen.content[:1].upper() + seen.content[1:])


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)?(?:\.\d+)?([+-]\d\d:\d\d|Z)?(?: \((\w+day))?")


def _time(wish: Wish, seen: Observed) -> str:
    found = _MOMENT.search(seen.content)
    if not found:
        return f"The time: {plain(seen.content)}"
    date, clock, offset, day = found.groups()
    where = f" in {str(wish.args['timezone']).rpartition('/')[2].replace('_', ' ')}" if wish.args else ""
    utc = f" (UTC{offset})" if offset and offset != "Z" else ""
    return f"It is **{clock}**{where}{utc} on {day + ', ' if day else ''}{date}."


def _block(content: str, language: str = "text") -> str:
    """``content`` in a fence that it cannot end, cut to its first lines."""
    lines = content.rstrip("\n").split("\n")
    more = len(lines) - SHOWN_LINES
    text = "\n".join(line[:400] for line in lines[:SHOWN_LINES])
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`{3,}", text))])
    after = f"\n\n… and {more} more lines, which the call above opens in full." if more > 0 else ""
    return f"{fence}{language}\n{text}\n{fence}{after}" if text.strip() else "*(nothing)*"


def _code(text: str) -> str:
    """``text`` as inline code, whatever backticks are in it."""
    text = " ".join(text.split())
    text = text if len(text) <= 200 else text[:199] + "…"
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def plain(text: str) -> str:
    """``text`` on one line, with what Markdown would take for a sign of its own escaped."""
    signs = r"([\\`*<]|\](?=[(\[])|(?<!\w)_|_(?!\w)|~(?=~))"
    return re.sub(signs, r"\\\1", " ".join(text.split()))


def _sentence(text: str) -> str:
    text = plain(text)
    return text if text.endswith((".", "!", "?")) else f"{text}."
