"""The way into the session picker and out of it: what a person can choose there, and what is done then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from agent_tui.tui.app import AgentApp


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the person wants of the shell: a session opened, forked, or a new one."""

    what: Literal["open", "fork", "new"]
    session_id: str = ""


def pick_session(app: AgentApp) -> None:
    """Shows the picker, and does what the person chose."""
    from agent_tui.tui.screens.sessions import SessionsScreen

    def chosen(choice: Chosen | None) -> None:
        match choice:
            case Chosen("open", session_id):
                app.sessions.run_soon(app.sessions.open(session_id))
            case Chosen("fork", session_id):
                app.sessions.run_soon(app.sessions.fork(session_id))
            case Chosen("new"):
                app.sessions.run_soon(app.sessions.new(app.settings.cwd))
            case _:
                pass

    app.push_screen(SessionsScreen(app), chosen)
