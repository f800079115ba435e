"""Runs the shell on this terminal and gives the terminal back as it was, whatever happens."""

from __future__ import annotations

import json
import os
import traceback
from typing import TYPE_CHECKING

from agent_tui.errors import AgentTuiError

if TYPE_CHECKING:
    from pathlib import Path

    from agent_tui.tui.session_controller import OpenRuntime
    from agent_tui.tui.settings import UiSettings


PAINT_SLOTS_PER_S = 250


class ScreenCrashed(AgentTuiError):
    """The screen met an error that nobody expected."""

    code = "internal"


def run_tui(
    *,
    open_runtime: OpenRuntime,
    settings: UiSettings,
    session: str | None = None,
    prompt: str | None = None,
    model: str | None = None,
) -> int:
    """Shows the shell until the person leaves; the exit code.

    Args:
        open_runtime: Makes or finds the core; awaited once the prompt is on the screen.
        settings: How the screen looks and behaves.
        session: A stored session to open; None begins a new one.
        prompt: Sent as soon as the session is open.
        model: The model to begin with.

    Raises:
        AgentTuiError: The session could not be opened, or the screen broke (``ScreenCrashed``, whose
            details are in the log file).
    """
    _paint_soon()
    from agent_tui.tui.app import AgentApp
    from agent_tui.tui.driver import driver_class

    app = AgentApp(
        open_runtime,
        settings,
        session=session,
        prompt=prompt,
        model=model,
        driver=driver_class(settings.esc_delay_ms),
    )
    code = app.run(mouse=settings.mouse)
    if app.failure is None:
        return code or 0
    if isinstance(app.failure, AgentTuiError):
        raise app.failure
    log = _record(app.failure)
    raise ScreenCrashed(
        f"{type(app.failure).__name__}: {app.failure}",
        hint=f"the details are in {log}" if log else "the log file could not be written",
    ) from app.failure


def _paint_soon() -> None:
    """Sets how long a changed line may wait for its paint, unless the person has.

    Textual paints in slots, 60 a second, so that a word waits up to 16 ms for its turn. How many
    frames there are is bounded by our own pump; the slots need only be short. The variable is read
    when Textual is imported, and is not for the programs that tools start.
    """
    if "TEXTUAL_FPS" not in os.environ:
        os.environ["TEXTUAL_FPS"] = str(PAINT_SLOTS_PER_S)
        import textual.constants  # noqa: F401

        del os.environ["TEXTUAL_FPS"]


def _record(error: Exception) -> Path | None:
    """Adds the traceback to the log file; the file, or None if that cannot be written."""
    from agent_tui.clock import SystemClock, rfc3339
    from agent_tui.paths import user_paths

    path = user_paths().log_file
    record = {
        "timestamp": rfc3339(SystemClock().now()),
        "level": "error",
        "event": "the screen broke",
        "error": f"{type(error).__name__}: {error}",
        "exception": "".join(traceback.format_exception(error)),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    except OSError:
        return None
    return path
