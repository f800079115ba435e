"""The tools that search: ``glob`` for names, ``grep`` for content."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent_tui.errors import ToolError
from agent_tui.safetext import encodable
from agent_tui.tools.inside import Place, open_file, open_folder, resolve
from agent_tui.tools.invoke import in_thread
from agent_tui.tools.process import Stream, run_process
from agent_tui.tools.spec import ToolContext, ToolReply, ToolSpec
from agent_tui.tools.walk import Glob, walk

MAX_PATHS = 1_000
MAX_MATCHES = 200
MAX_SEARCHED = 100_000
_WORKER = Path(__file__).with_name("_grep_worker.py")


class GlobArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    pattern: str = Field(min_length=1, max_length=1_000, description="Such as **/*.py or src/*.{c,h}")
    path: str = Field(default=".", description="Folder to search in")


class GrepArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    pattern: str = Field(
        min_length=1, max_length=1_000, description="Python regular expression, for one line"
    )
    path: str = Field(default=".", description="Folder or file to search in")
    glob: str | None = Field(
        default=None, max_length=1_000, description="Only files such as *.py or src/**/*.c"
    )


def glob(args: GlobArgs, context: ToolContext) -> ToolReply:
    if args.pattern.startswith(("/", "~")) or ".." in args.pattern.split("/"):
        raise ToolError(
            "the pattern leads out of the folder", hint="give the folder as path, and a pattern within it"
        )
    wanted = Glob(args.pattern)
    place = resolve(context, args.path)
    found: list[str] = []
    prefix = "" if args.path in {".", ""} else args.path.rstrip("/") + "/"
    for parts, folder in walk(open_folder(place), context.cancel.checkpoint):
        if wanted.fits(parts):
            found.append(prefix + "/".join(parts) + ("/" if folder else ""))
            if len(found) > MAX_PATHS:
                break
    more = len(found) > MAX_PATHS
    lines = found[:MAX_PATHS] + ([f"[more than {MAX_PATHS:,}; narrow the pattern]"] if more else [])
    count = f"{'over ' if more else ''}{len(found[:MAX_PATHS]):,} path{'' if len(found) == 1 else 's'}"
    listed: list[Any] = [encodable(path) for path in found[:MAX_PATHS]]
    return ToolReply("\n".join(lines) or "nothing matches", {"paths": listed}, count, truncated=more)


async def grep(args: GrepArgs, context: ToolContext) -> ToolReply:
    place = resolve(context, args.path)
    is_file = await in_thread("grep kind", _is_file, place)
    if is_file:
        base, files, prefix = place.real.parent, [place.parts[-1]], args.path[: -len(place.real.name)]
        if not args.path.endswith(place.real.name):  # reached through a link of another name
            prefix = ""
    else:
        base, prefix = place.real, "" if args.path in {".", ""} else args.path.rstrip("/") + "/"
        files = await in_thread("grep walk", _files, args, place, context)
    matches, end = await _search(args.pattern, base, files, context)
    if problem := end.get("error"):
        raise ToolError(
            f"the pattern is not a regular expression: {problem}", hint="escape special characters with \\"
        )
    lines = [f"{prefix}{path}:{number}: {text}" for path, number, text in matches]
    more = len(matches) >= MAX_MATCHES
    if more:
        lines.append(f"[stopped at {MAX_MATCHES} matches; narrow the pattern or the path]")
    if len(files) > MAX_SEARCHED:
        lines.append(f"[only the first {MAX_SEARCHED:,} files were searched]")
    summary = f"{len(matches)} match{'' if len(matches) == 1 else 'es'}"
    result: list[Any] = [
        {"path": prefix + path, "line": number, "text": text} for path, number, text in matches
    ]
    return ToolReply("\n".join(lines) or "nothing matches", {"matches": result}, summary, truncated=more)


def _is_file(place: Place) -> bool:
    """Whether to search one file. Anything that is neither file nor folder is refused."""
    try:
        mode = place.real.lstat().st_mode
    except OSError:
        mode = stat.S_IFDIR
    if stat.S_ISDIR(mode):
        return False
    os.close(open_file(place))
    return True


def _files(args: GrepArgs, place: Place, context: ToolContext) -> list[str]:
    wanted = Glob(args.glob) if args.glob else None
    by_name = args.glob is not None and "/" not in args.glob
    found: list[str] = []
    for parts, folder in walk(open_folder(place), context.cancel.checkpoint):
        if folder or (wanted is not None and not wanted.fits(parts[-1:] if by_name else parts)):
            continue
        found.append("/".join(parts))
        if len(found) > MAX_SEARCHED:
            break
    return found


async def _search(
    pattern: str, base: Path, files: list[str], context: ToolContext
) -> tuple[list[tuple[str, int, str]], dict[str, Any]]:
    """The matches, and the worker's last word."""
    printed: dict[Stream, list[str]] = {"stdout": [], "stderr": []}
    order = json.dumps({"pattern": pattern, "limit": MAX_MATCHES})
    with tempfile.TemporaryFile() as listing:
        listing.write("".join(json.dumps(path) + "\n" for path in files[:MAX_SEARCHED]).encode())
        listing.seek(0)
        ended = await run_process(
            [sys.executable, "-I", "-S", str(_WORKER), order],
            cwd=base,
            environ=context.environ,
            on_text=lambda text, stream: printed[stream].append(text),
            stdin=listing,
        )
    if ended.code:
        raise ToolError(f"the search failed: {''.join(printed['stderr']).strip()[-500:] or ended.code}")
    rows = [json.loads(line) for line in "".join(printed["stdout"]).splitlines()]
    matches = [(encodable(row[0]), int(row[1]), encodable(row[2])) for row in rows if isinstance(row, list)]
    last = rows[-1] if rows and isinstance(rows[-1], dict) else {}
    return matches, last


SPECS = [
    ToolSpec(
        name="glob",
        description=(
            "Find files and folders by a pattern: * and ? within a name, ** for any folders, {a,b} for "
            "choices. Version control, virtual environments and node_modules are left out."
        ),
        args_model=GlobArgs,
        function=glob,
        idempotent=True,
        is_async=False,
    ),
    ToolSpec(
        name="grep",
        description=(
            "Search file contents by a regular expression, line by line. Gives path:line: text. "
            "Binary files, version control, virtual environments and node_modules are left out."
        ),
        args_model=GrepArgs,
        function=grep,
        idempotent=True,
    ),
]
