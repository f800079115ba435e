"""``agent-tui`` without a command: the screen, or linear mode in its place."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from agent_tui import __version__
from agent_tui.cli.root import RootOptions
from agent_tui.cli.start import find_session, key_places, load_settings, runtime_opener
from agent_tui.config.load import Loaded
from agent_tui.errors import UsageError

if TYPE_CHECKING:
    from agent_tui.tui.settings import UiSettings


def open_screen(options: RootOptions) -> int:
    """Opens the screen and returns the exit code when the person leaves."""
    if options.proceed and options.session is not None:
        raise UsageError("-c and -s cannot be given together", hint="give one of them")
    loaded = load_settings(options.flags(), debug=options.debug)
    session = find_session(loaded, prefix=options.session, newest=options.proceed)
    if loaded.config.ui.linear or os.environ.get("TERM") == "dumb":
        from agent_tui.headless.linear import run_linear

        if options.theme is not None:
            check_theme(options.theme, loaded)
        return run_linear(
            runtime_opener(loaded),
            cwd=loaded.cwd,
            session_id=session,
            prompt=options.prompt,
            model=options.model,
        )
    needs_terminal(hint="use `agent-tui run PROMPT`, or --linear for plain lines")
    return _textual(loaded, session, options)


def check_theme(name: str, loaded: Loaded) -> None:
    """A theme that is asked for by name has to be there; one of a file is no reason not to start.

    Raises:
        UsageError: It is not, or cannot be used.
    """
    from agent_tui.tui.themes import ThemeStore, shipped_dir

    store = ThemeStore([shipped_dir(), loaded.paths.themes])
    if name not in (themes := store.load()):
        problem = next((problem for problem in store.problems if name in problem), None)
        raise UsageError(
            problem or f"there is no theme {name!r}", hint=f"there are {', '.join(sorted(themes))}"
        )


def _textual(loaded: Loaded, session: str | None, options: RootOptions) -> int:
    from agent_tui.tui.run import run_tui

    return run_tui(
        open_runtime=runtime_opener(loaded),
        settings=ui_settings(loaded, options),
        session=session,
        prompt=options.prompt,
        model=options.model,
    )


def needs_terminal(*, hint: str) -> None:
    """Refuses to draw a screen where there is none.

    Raises:
        UsageError: Input or output is not a terminal.
    """
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("the screen needs a terminal", hint=hint)


def ui_settings(loaded: Loaded, options: RootOptions) -> UiSettings:
    """How the screen looks and behaves, by the configuration and the command line.

    Raises:
        UsageError: The theme that was asked for is not there.
    """
    from agent_tui.tui.settings import UiSettings

    if options.theme is not None:
        check_theme(options.theme, loaded)
    ui = loaded.config.ui
    return UiSettings(
        theme=ui.theme,
        themes_dirs=(loaded.paths.themes,),
        keys=loaded.config.keys,
        key_places=key_places(loaded),
        esc_delay_ms=None if ui.esc_delay_ms == "auto" else ui.esc_delay_ms,
        mouse=ui.mouse,
        cwd=loaded.cwd,
        history_file=loaded.paths.input_history,
        version=__version__,
        fps=ui.fps,
    )
