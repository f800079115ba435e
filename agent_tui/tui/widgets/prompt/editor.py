"""The person's own editor, on the text of the prompt."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from textual.app import App, SuspendNotSupported

_USUAL = ("nano", "vim", "vi")


class EditorError(Exception):
    """The editor could not be used; the message says why and what to do."""


def editor_command(environ: Mapping[str, str]) -> list[str]:
    """The command of the editor: ``VISUAL``, else ``EDITOR``, else one that is there.

    Raises:
        EditorError: There is none.
    """
    for name in ("VISUAL", "EDITOR"):
        if wanted := environ.get(name, "").strip():
            try:
                return shlex.split(wanted)
            except ValueError as error:
                raise EditorError(f"{name} cannot be understood: {error}") from error
    for name in _USUAL:
        if found := shutil.which(name):
            return [found]
    raise EditorError("no editor was found; set EDITOR")


async def edit(app: App[object], text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Lets the person edit ``text``; gives what they saved. The event loop goes on meanwhile.

    Raises:
        EditorError: There is no editor, it failed, or the terminal cannot be lent.
    """
    command = editor_command(environ)
    path = await asyncio.to_thread(_write, text)
    try:
        with _interrupts_left_to_editor(), app.suspend():
            process = await asyncio.create_subprocess_exec(*command, str(path))
            code = await process.wait()
            # Read before the screen comes back, so that no key meets the text as it was.
            edited = await asyncio.to_thread(_read, path)
    except SuspendNotSupported as error:
        raise EditorError("this terminal cannot be lent to an editor") from error
    except (OSError, UnicodeDecodeError) as error:
        raise EditorError(f"{command[0]}: {error}") from error
    finally:
        path.unlink(missing_ok=True)
    if code:
        raise EditorError(f"{command[0]} ended with {code}; the prompt is as it was")
    return edited


def _write(text: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="prompt-", suffix=".md")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").rstrip("\n")


@contextmanager
def _interrupts_left_to_editor() -> Iterator[None]:
    """Ctrl+C in the editor must not end this program. Unlike ``SIG_IGN``, a handler is not inherited."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
