"""``agent-tui replay``: a stored session through the same screen, from any moment on."""

from __future__ import annotations

import math

from agent_tui.cli.root import RootOptions
from agent_tui.cli.screen import needs_terminal, ui_settings
from agent_tui.cli.start import find_session, load_settings, runtime_opener
from agent_tui.errors import NotFoundError, UsageError


def replay_session(prefix: str, *, at: int | None, speed: str | None, options: RootOptions) -> int:
    """Opens the replay and returns the exit code when the person leaves.

    Raises:
        UsageError: The speed or the place is not one, or there is no terminal.
        NotFoundError: There is no such session.
    """
    wanted = None if speed is None else read_speed(speed)
    needs_terminal(hint=f"use `agent-tui sessions show {prefix}`")
    loaded = load_settings(options.flags(), debug=options.debug)
    session = find_session(loaded, prefix=prefix, newest=False)
    if session is None:
        raise NotFoundError(f"there is no session {prefix}", hint="`agent-tui sessions list` lists them")
    from agent_tui.tui.replaying import ReplayStart
    from agent_tui.tui.run import run_tui

    return run_tui(
        open_runtime=runtime_opener(loaded),
        settings=ui_settings(loaded, options),
        replay=ReplayStart(session, at, wanted),
    )


def read_speed(text: str) -> float:
    """How many times faster than recorded: ``0.5``, ``4x``, ``max``.

    Raises:
        UsageError: It is not a speed.
    """
    if text == "max":
        return math.inf
    try:
        value = float(text.removesuffix("x").removesuffix("×"))
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise UsageError(
            f"{text!r} is not a speed", hint="give a number above zero, such as 0.5 or 4, or max"
        )
    return value
