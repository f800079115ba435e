"""The tools that look at files: ``list_dir`` and ``read_file``."""

from __future__ import annotations

import codecs
import io
import os
import stat

from pydantic import BaseModel, ConfigDict, Field

from agent_tui.errors import ToolError
from agent_tui.tools.inside import open_file, open_folder, resolve
from agent_tui.tools.spec import ToolContext, ToolReply, ToolSpec

MAX_ENTRIES = 1_000
DEFAULT_LINES = 2_000
MAX_CHARACTERS = 28_000  # under the runner's own limit, so that "continue with" is never cut away
MAX_LINE = 4_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class ListDirArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    path: str = Field(default=".", description="Folder, relative to the working folder")


class ReadFileArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    path: str = Field(description="File, relative to the working folder")
    offset: int = Field(default=1, ge=1, description="First line to read; lines count from 1")
    limit: int = Field(default=DEFAULT_LINES, ge=1, le=20_000, description="How many lines to read at most")


def list_dir(args: ListDirArgs, context: ToolContext) -> ToolReply:
    descriptor = open_folder(resolve(context, args.path))
    rows: list[tuple[bool, str, str]] = []
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                context.cancel.checkpoint()
                rows.append(_row(entry, descriptor))
    finally:
        os.close(descriptor)
    rows.sort(key=lambda row: (not row[0], row[1].lower(), row[1]))
    lines = [text for _, _, text in rows[:MAX_ENTRIES]]
    hidden = len(rows) - len(lines)
    if hidden:
        lines.append(f"[{hidden:,} more entries are not shown; use glob with a pattern]")
    names: list[str] = [name + ("/" if folder else "") for folder, name, _ in rows[:MAX_ENTRIES]]
    content = "\n".join(lines) or "(empty folder)"
    count = f"{len(rows):,} {'entry' if len(rows) == 1 else 'entries'}"
    return ToolReply(content, {"path": args.path, "entries": list(names)}, count, truncated=hidden > 0)


def _row(entry: os.DirEntry[str], descriptor: int) -> tuple[bool, str, str]:
    """Whether it is a folder, its name, and its line."""
    try:
        if entry.is_symlink():
            return False, entry.name, f"{entry.name} -> {os.readlink(entry.name, dir_fd=descriptor)}"
        if entry.is_dir(follow_symlinks=False):
            return True, entry.name, f"{entry.name}/"
        found = entry.stat(follow_symlinks=False)
    except OSError as error:
        return False, entry.name, f"{entry.name}  ({error.strerror or error})"
    if not stat.S_ISREG(found.st_mode):
        return False, entry.name, f"{entry.name}  (not a regular file)"
    return False, entry.name, f"{entry.name}  {found.st_size:,} bytes"


def read_file(args: ReadFileArgs, context: ToolContext) -> ToolReply:
    descriptor = open_file(resolve(context, args.path))
    with os.fdopen(descriptor, "rb") as raw:
        size = os.fstat(raw.fileno()).st_size
        encoding = _encoding(raw, args.path, size)
        text = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
        reader = _Reader(args, context)
        reader.read(text)
    return reader.reply(size)


def _encoding(raw: io.BufferedReader, shown: str, size: int) -> str:
    head = raw.peek(8192)[:8192]
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if b"\x00" in head:
        raise ToolError(f"{shown} is a binary file of {size:,} bytes", hint="use shell to look into it")
    return "utf-8"


class _Reader:
    """Reads a window of lines, and says where to go on."""

    def __init__(self, args: ReadFileArgs, context: ToolContext) -> None:
        self._args = args
        self._context = context
        self._taken: list[str] = []
        self._characters = 0
        self._seen = 0
        self._more = False
        self._long = 0
        self._replaced = False

    def read(self, text: io.TextIOWrapper) -> None:
        last = self._args.offset + self._args.limit
        while piece := text.readline(MAX_LINE):
            self._seen += 1
            if self._seen % 1024 == 1:
                self._context.cancel.checkpoint()
            wanted = self._args.offset <= self._seen < last
            if self._seen >= last or (
                wanted and self._characters + len(piece) > MAX_CHARACTERS and self._taken
            ):
                self._more = True
                return
            cut = self._skip_rest(text) if len(piece) == MAX_LINE and not piece.endswith("\n") else 0
            if wanted:
                self._take(piece, cut)

    def _take(self, piece: str, cut: int) -> None:
        self._replaced = self._replaced or "\ufffd" in piece
        if cut:
            self._long += 1
            piece += f"[… {cut:,} characters of this line cut …]\n"
        self._taken.append(piece)
        self._characters += len(piece)

    def _skip_rest(self, text: io.TextIOWrapper) -> int:
        skipped = 0
        while rest := text.readline(65_536):
            self._context.cancel.checkpoint()
            skipped += len(rest.rstrip("\r\n"))
            if rest.endswith("\n"):
                break
        return skipped

    def reply(self, size: int) -> ToolReply:
        count, first = len(self._taken), self._args.offset
        content = "".join(self._taken)
        notes = []
        if not count:
            lines = f"{self._seen:,} line{'' if self._seen == 1 else 's'}"
            beyond = f"the file has {lines}, none from line {first:,} on"
            notes.append("the file is empty" if size == 0 else beyond)
        if self._more:
            notes.append(f"lines {first:,} to {first + count - 1:,}; continue with offset={first + count}")
        elif first > 1 and count:
            notes.append(f"lines {first:,} to {first + count - 1:,}, the end of the file")
        if self._replaced:
            notes.append("some bytes are not UTF-8 and are shown as \ufffd")
        if notes:
            content = content.rstrip("\n") + ("\n" if content else "") + f"[{'; '.join(notes)}]"
        return ToolReply(
            content,
            summary=f"{count:,} line{'' if count == 1 else 's'}",
            truncated=self._more or self._long > 0,
        )


SPECS = [
    ToolSpec(
        name="list_dir",
        description="List what is in a folder. Folders end in /, links show where they point.",
        args_model=ListDirArgs,
        function=list_dir,
        idempotent=True,
        is_async=False,
    ),
    ToolSpec(
        name="read_file",
        description=(
            "Read a text file, or a part of it by lines. Long files come in parts: the last line then says "
            "with which offset to continue."
        ),
        args_model=ReadFileArgs,
        function=read_file,
        idempotent=True,
        is_async=False,
    ),
]
