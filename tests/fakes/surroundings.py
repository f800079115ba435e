"""What a program that a test starts finds around it: a bare environment and a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Mapping
from pathlib import Path


def agent_tui() -> str:
    """The console script installed in this environment."""
    return str(Path(sys.executable).with_name("agent-tui"))


def environment(folder: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of this person's; home and journal are in ``folder``. ``env`` is added."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "AGENT_TUI_HOME": str(folder / ".home"),
        **(env or {}),
    }


def open_terminal(size: tuple[int, int]) -> tuple[int, int]:
    """Both ends of a pseudo-terminal of so many columns and rows: the one that is read, the program's."""
    master, slave = pty.openpty()
    set_size(master, size)
    return master, slave


def set_size(master: int, size: tuple[int, int]) -> None:
    columns, rows = size
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
