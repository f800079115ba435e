"""Runs the shell on this terminal and gives the terminal back as it was, whatever happens."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from agent_tui import logs
from agent_tui.errors import AgentTuiError

if TYPE_CHECKING:
    from agent_tui.tui.replaying import ReplayStart
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
    replay: ReplayStart | None = None,
) -> int:
    """Shows the shell until the person leaves; the exit code.

    Args:
        open_runtime: Makes or finds the core; awaited once the prompt is on the screen.
        settings: How the screen looks and behaves.
        session: A stored session to open; None begins a new one.
        prompt: Sent as soon as the session is open.
        model: The model to begin with.
        replay: A stored session to replay instead.

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
        replay=replay,
        driver=driver_class(settings.esc_delay_ms),
    )
    code = app.run(mouse=settings.mouse)
    if app.failure is None:
        return code or 0
    if isinstance(app.failure, AgentTuiError):
        raise app.failure
    logging.getLogger(__name__).error("the screen broke", exc_info=app.failure)
    log = logs.written_to()
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
