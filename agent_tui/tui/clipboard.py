"""Copying, and saying no more about it than is known."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "success", "warning", "error"]
TOOL_TIMEOUT_S = 2.0
OSC52_LIMIT = 74_994
"""Bytes that terminals with the customary limit of 100,000 encoded characters take."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a clipboard.

    Attributes:
        name: ``osc52``, or the tool's name.
        command: The tool that takes the text on its standard input; empty for OSC 52.
        claim: What is known once it succeeded, to follow ``copied the answer``.
    """

    name: str
    command: tuple[str, ...] = ()
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Copied:
    """How a copy went. ``sentence`` claims only what is known."""

    route: str
    level: Level
    sentence: str


OSC52 = Route("osc52", claim="sent to the terminal by OSC 52; your terminal may ignore it")


def find_route(
    environ: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    which: Callable[[str], str | None] = shutil.which,
) -> Route:
    """The way that is most likely to reach the clipboard of the person at the keyboard.

    Over SSH the tools of this machine would fill the wrong clipboard, so the terminal is asked.
    """
    remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))
    if not remote:
        for needed, command in _tools(environ, platform):
            if needed and which(command[0]):
                return Route(command[0], command, f"by {command[0]}, to this machine's clipboard")
    if environ.get("TMUX") and which("tmux"):
        claim = "to tmux's buffer; tmux passes it to your terminal if both are set up for it"
        return Route("tmux", ("tmux", "load-buffer", "-w", "-"), claim)
    return OSC52


def _tools(environ: Mapping[str, str], platform: str) -> list[tuple[bool, tuple[str, ...]]]:
    display = bool(environ.get("DISPLAY"))
    return [
        (platform == "darwin", ("pbcopy",)),
        (bool(environ.get("WAYLAND_DISPLAY")), ("wl-copy",)),
        (display, ("xclip", "-selection", "clipboard")),
        (display, ("xsel", "--clipboard", "--input")),
        (bool(environ.get("WSL_DISTRO_NAME")), ("clip.exe",)),
    ]


async def copy_text(
    text: str, what: str, send_osc52: Callable[[str], None], route: Route | None = None
) -> Copied:
    """Copies ``text`` by the best route; a tool that fails is followed by OSC 52.

    Args:
        text: What to copy.
        what: What it is, in a word or two: ``answer``.
        send_osc52: Sends it to the terminal by OSC 52.
        route: The way to take; None finds it.
    """
    if not text:
        return Copied("none", "info", f"nothing to copy: the {what} is empty")
    route = route or find_route()
    size = f"the {what} ({len(text):,} characters)"
    trouble = ""
    if route.command:
        problem = await _run(route, text)
        if problem is None:
            return Copied(route.name, "success", f"copied {size} {route.claim}")
        trouble = f"{route.name} failed ({problem}); "
    send_osc52(text)
    if len(text.encode("utf-8", "replace")) > OSC52_LIMIT:
        return Copied("osc52", "warning", f"{trouble}{size} {OSC52.claim}, as it is long")
    return Copied("osc52", "warning" if trouble else "info", f"{trouble}{size} {OSC52.claim}")


async def _run(route: Route, text: str) -> str | None:
    """Hands ``text`` to a tool; what went wrong, None if nothing did."""
    try:
        process = await asyncio.create_subprocess_exec(
            *route.command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
        )
    except OSError as error:
        return error.strerror or str(error)
    try:
        await asyncio.wait_for(process.communicate(text.encode("utf-8", "replace")), TOOL_TIMEOUT_S)
    except TimeoutError:
        return "it did not answer"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return None if process.returncode == 0 else f"exit code {process.returncode}"


async def copy(
    text: str, what: str, send_osc52: Callable[[str], None], say: Callable[[Level, str], None]
) -> None:
    """Copies as ``copy_text`` does and tells the person by ``say`` what was done."""
    done = await copy_text(text, what, send_osc52)
    say(done.level, done.sentence)
