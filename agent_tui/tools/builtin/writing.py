"""The tools that change files: ``write_file`` and ``edit_file``. Their previews are diffs."""

from __future__ import annotations

import difflib

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agent_tui.errors import ToolError
from agent_tui.tools.inside import Place, read_bytes, resolve, write_bytes
from agent_tui.tools.spec import ToolContext, ToolReply, ToolSpec

MAX_BYTES = 10_000_000
_DIFFED_LINES = 4_000  # difflib's time grows with the square of the lines that differ


class WriteFileArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    path: str = Field(description="File, relative to the working folder; missing folders are made")
    content: str = Field(description="The whole new content")


class EditFileArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    path: str = Field(description="File, relative to the working folder")
    old: str = Field(
        min_length=1, description="Text to replace, exactly as in the file, found exactly once"
    )
    new: str = Field(description="Text to put there")
    replace_all: bool = Field(default=False, description="Replace every occurrence")


def write_file(args: WriteFileArgs, context: ToolContext) -> ToolReply:
    place = resolve(context, args.path)
    before = _text_or_none(place)
    write_bytes(place, _encoded(args.content))
    done = "wrote" if before is None else "replaced"
    return _reply(
        f"{done} {args.path} ({len(args.content):,} characters)", args.path, before or "", args.content
    )


def preview_write(args: WriteFileArgs, context: ToolContext) -> str:
    _encoded(args.content)
    before = _text_or_none(resolve(context, args.path))
    return diff(before or "", args.content, args.path, new=before is None) or "(no change)"


def edit_file(args: EditFileArgs, context: ToolContext) -> ToolReply:
    place = resolve(context, args.path)
    before = _text(place)
    after, count = _edited(before, args)
    write_bytes(place, _encoded(after))
    times = "once" if count == 1 else f"{count} times"
    return _reply(f"edited {args.path}: replaced {times}", args.path, before, after)


def preview_edit(args: EditFileArgs, context: ToolContext) -> str:
    before = _text(resolve(context, args.path))
    return diff(before, _edited(before, args)[0], args.path, new=False)


def _edited(before: str, args: EditFileArgs) -> tuple[str, int]:
    old, new = args.old, args.new
    if old not in before and "\r\n" in before and "\r\n" not in old:
        # Models write "\n"; a file with Windows line ends keeps its own.
        old, new = old.replace("\n", "\r\n"), new.replace("\r\n", "\n").replace("\n", "\r\n")
    if old == new:
        raise ToolError("old and new are the same text", hint="nothing to change")
    count = before.count(old)
    if count == 0:
        raise ToolError(f"old does not occur in {args.path}", hint=_nearest(before, old))
    if count > 1 and not args.replace_all:
        lines = _lines_of(before, old)
        raise ToolError(
            f"old occurs {count} times in {args.path}, at lines {lines}",
            hint="add text around it until it is unique, or set replace_all",
        )
    return before.replace(old, new), count


def _lines_of(text: str, part: str) -> str:
    found: list[str] = []
    position = text.find(part)
    while position >= 0 and len(found) < 10:
        found.append(str(text.count("\n", 0, position) + 1))
        position = text.find(part, position + len(part))
    return ", ".join(found) + (", …" if position >= 0 else "")


def _nearest(text: str, old: str) -> str:
    """Where the text differs only in its white space, the usual slip."""
    wanted = [" ".join(line.split()) for line in old.strip().splitlines()]
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for index in range(len(lines) - len(wanted) + 1):
        if wanted and lines[index] == wanted[0] and lines[index : index + len(wanted)] == wanted:
            return f"line {index + 1} differs only in white space; read the file and copy the text exactly"
    return "read the file again and copy the text exactly"


def diff(before: str, after: str, path: str, *, new: bool) -> str:
    """A unified diff; where the two differ in too many lines, what went and what came in one piece."""
    old_lines, new_lines = before.splitlines(), after.splitlines()
    head = 0
    while head < min(len(old_lines), len(new_lines)) and old_lines[head] == new_lines[head]:
        head += 1
    old_rest, new_rest = len(old_lines) - head, len(new_lines) - head
    names = ("/dev/null" if new else path, path)
    if old_rest * new_rest > _DIFFED_LINES**2 or (new and not old_lines):
        body = [f"-{line}" for line in old_lines[head:]] + [f"+{line}" for line in new_lines[head:]]
        where = f"@@ -{head + bool(old_rest)},{old_rest} +{head + bool(new_rest)},{new_rest} @@"
        return "\n".join([f"--- {names[0]}", f"+++ {names[1]}", where, *body]) if body else ""
    return "\n".join(difflib.unified_diff(old_lines, new_lines, *names, lineterm=""))


def _reply(content: str, path: str, before: str, after: str) -> ToolReply:
    change = diff(before, after, path, new=not before)
    lines = change.split("\n")[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    result: dict[str, JsonValue] = {"path": path, "added": added, "removed": removed, "diff": change}
    return ToolReply(content, result, summary=f"+{added} −{removed}")


def _text(place: Place) -> str:
    try:
        return read_bytes(place, MAX_BYTES).decode()
    except UnicodeDecodeError as error:
        raise ToolError(f"{place.shown} is not UTF-8 text", hint="use shell to change it") from error


def _text_or_none(place: Place) -> str | None:
    """The text that would be replaced; None if there is no such file."""
    if place.shown.endswith("/"):
        raise ToolError(f"{place.shown} names a folder", hint="give the name of the file too")
    try:
        return read_bytes(place, MAX_BYTES).decode("utf-8", "replace")
    except ToolError as error:
        if error.code == "file_missing":
            return None
        raise


def _encoded(text: str) -> bytes:
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise ToolError(
            "the content holds half a character (a lone surrogate)", hint="send whole characters"
        ) from error
    if len(content) > MAX_BYTES:
        raise ToolError(f"the content is larger than {MAX_BYTES:,} bytes")
    return content


SPECS = [
    ToolSpec(
        name="write_file",
        description="Create a text file, or replace the whole content of one.",
        args_model=WriteFileArgs,
        function=write_file,
        risk="medium",
        idempotent=True,
        is_async=False,
        preview=preview_write,
    ),
    ToolSpec(
        name="edit_file",
        description=(
            "Replace one piece of text in a file by another. The old text must be exactly as in the file "
            "and occur once. For new files use write_file."
        ),
        args_model=EditFileArgs,
        function=edit_file,
        risk="medium",
        is_async=False,
        preview=preview_edit,
    ),
]
