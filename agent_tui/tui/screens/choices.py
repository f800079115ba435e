"""The pickers of this shell: models, and themes with a live preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_tui.tui.screens.picker import Choice, Picker

if TYPE_CHECKING:
    from agent_tui.tui.app import AgentApp


async def pick_model(app: AgentApp) -> None:
    """Asks for a model and makes it the next run's."""
    view = app.controller.view
    current = view.model if view is not None else ""
    choices = [
        Choice(
            model.name,
            model.name,
            model.description if model.usable else model.reason or "not usable now",
            usable=model.usable,
            current=model.name == current,
        )
        for model in await app.controller.models()
    ]

    def chosen(name: str | None) -> None:
        if name is not None and name != current:
            app.run_command_line(f"/model {name}")

    await app.push_screen(Picker("model", choices), chosen)


def close_session(app: AgentApp) -> None:
    """Closes the session that is looked at; asks first if that would stop a run."""
    controller = app.controller

    def chosen(what: str | None) -> None:
        if what == "close":
            app.sessions.run_soon(app.sessions.close(controller, app.settings.cwd))

    if not controller.running or controller.read_only or app.sessions.remote:
        chosen("close")
        return
    choices = [
        Choice("keep", "keep it open", "the run goes on"),
        Choice("close", "stop the run and close", "the session stays stored"),
    ]
    app.push_screen(Picker("a run is going in this session", choices), chosen)


def pick_theme(app: AgentApp) -> None:
    """Asks for a theme; the one under the cursor is on the screen while one looks."""
    before = app.theme
    choices = [
        Choice(
            theme.name,
            theme.name,
            "the terminal's own colours" if theme.ansi else "dark" if theme.dark else "light",
            current=theme.name == before,
        )
        for theme in app.themes.all()
    ]

    def chosen(name: str | None) -> None:
        app.themes.choose(name or before)

    app.push_screen(Picker("theme", choices, on_highlight=app.themes.choose), chosen)
