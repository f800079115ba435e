"""The options of the bare command, and a parser for command lines that hold nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class RootOptions:
    """What ``agent-tui`` without a command was given.

    Attributes:
        proceed: Go on with the newest session of this folder.
        session: Go on with the session whose id begins so.
        prompt: Sent as soon as the screen is there.
        linear: Plain lines instead of the screen.
    """

    model: str | None = None
    theme: str | None = None
    prompt: str | None = None
    session: str | None = None
    proceed: bool = False
    linear: bool = False
    debug: bool = False

    def flags(self) -> dict[str, Any]:
        """The settings among them, for ``config.load``."""
        return {
            "model.name": self.model,
            "ui.theme": self.theme,
            "ui.linear": True if self.linear else None,
        }


_TAKES_VALUE = {
    "-m": "model",
    "--model": "model",
    "--theme": "theme",
    "-p": "prompt",
    "--prompt": "prompt",
    "-s": "session",
    "--session": "session",
}
_SWITCHES = {"-c": "proceed", "--continue": "proceed", "--linear": "linear", "--debug": "debug"}


def parse_plain(args: list[str]) -> RootOptions | None:
    """The options, if ``args`` holds nothing but well-formed ones; else None, and Typer decides."""
    if "_AGENT_TUI_COMPLETE" in os.environ:
        return None
    options = RootOptions()
    waiting = iter(args)
    for arg in waiting:
        name, equals, value = arg.partition("=")
        if arg in _SWITCHES:
            setattr(options, _SWITCHES[arg], True)
        elif arg in _TAKES_VALUE:
            given = next(waiting, None)
            if given is None:
                return None
            setattr(options, _TAKES_VALUE[arg], given)
        elif equals and name.startswith("--") and name in _TAKES_VALUE:
            setattr(options, _TAKES_VALUE[name], value)
        else:
            return None
    return options
