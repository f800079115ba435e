"""The console script: sends each command line down the shortest way, before anything is imported.

``--version`` needs nothing. The bare command and its plain options open the screen without Typer,
whose import would be felt at every start. Everything else goes to the Typer application.
"""

from __future__ import annotations

import os
import sys

SWITCH_INTERVAL_S = 0.0005
"""How long a thread that computes may keep another waiting for the interpreter.

Python's own 5 ms are a third of what a person may wait for a key while a tool's thread computes. The
journal's thread would wait as long at each of its statements, and has promised to be done in 50.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    args = sys.argv[1:] if argv is None else argv
    _open_what_is_closed()
    if args in (["--version"], ["-V"]):
        return _version()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    from agent_tui.cli import edge, root

    options = root.parse_plain(args)
    if options is not None:
        from agent_tui.cli.screen import open_screen

        return edge.guard(lambda: open_screen(options), debug=options.debug)

    from agent_tui.cli.app import run_app

    return edge.guard(lambda: run_app(args), debug="--debug" in args)


def _open_what_is_closed() -> None:
    """Gives what was started without a stdin, stdout or stderr an empty one.

    Else Python has None in its place, and the next file opened would take its number: the journal
    could be where somebody believes to write to the terminal.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _version() -> int:
    from agent_tui import __version__

    try:
        sys.stdout.write(f"agent-tui {__version__}\n")
        sys.stdout.flush()
    except OSError as error:
        from agent_tui.cli import edge

        failed = error

        def fail() -> int:
            raise failed

        return edge.guard(fail, debug=False)  # told as it is everywhere else
    return 0
