"""The console script: sends each command line down the shortest way, before anything is imported.

``--version`` needs nothing. The bare command and its plain options open the screen without Typer,
whose import would be felt at every start. Everything else goes to the Typer application.
"""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    args = sys.argv[1:] if argv is None else argv
    if args in (["--version"], ["-V"]):
        from agent_tui import __version__

        sys.stdout.write(f"agent-tui {__version__}\n")
        return 0
    from agent_tui.cli import edge, root

    options = root.parse_plain(args)
    if options is not None:
        from agent_tui.cli.screen import open_screen

        return edge.guard(lambda: open_screen(options), debug=options.debug)

    from agent_tui.cli.app import run_app

    return edge.guard(lambda: run_app(args), debug="--debug" in args)
