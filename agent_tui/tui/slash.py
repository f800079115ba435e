"""What each slash command does to the shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent_tui.tui.commands import parse

if TYPE_CHECKING:
    from agent_tui.tui.app import AgentApp


def run_line(app: AgentApp, line: str) -> None:
    """Runs one command line; what is wrong with it becomes a notice."""
    parsed = parse(line)
    if parsed.command is None:
        app.say("warning", parsed.problem)
        return
    _ACTIONS[parsed.command.name](app, parsed.argument)


def _model(app: AgentApp, name: str) -> None:
    if name:
        app.controller.set_model(name, lambda: app.say("success", f"the next run uses {name}"))
        return
    from agent_tui.tui.screens.choices import pick_model

    app.sessions.run_soon(pick_model(app))


def _theme(app: AgentApp, name: str) -> None:
    if name:
        app.themes.choose(name)
        return
    from agent_tui.tui.screens.choices import pick_theme

    pick_theme(app)


def _tool(app: AgentApp, argument: str) -> None:
    name, _, text = argument.partition(" ")
    try:
        args = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        app.say("warning", f"/tool {name}: not JSON: {error.msg} at character {error.pos + 1}")
        return
    if not isinstance(args, dict):
        app.say("warning", f'/tool {name}: the arguments are a JSON object, such as {{"path": "."}}')
        return
    app.controller.call_tool(name, args)


def _trust(app: AgentApp, _: str) -> None:
    def trusted(tools: object) -> None:
        # What came of it stands in the conversation: there may have been nothing to trust.
        if app.main.panel is not None:
            app.main.panel.set_tools(tools)  # type: ignore[arg-type]

    app.controller.trust(trusted)


def _cancel(app: AgentApp, _: str) -> None:
    if not app.controller.cancel():
        app.say("info", "nothing is running")


def _unqueue(app: AgentApp, _: str) -> None:
    view = app.controller.view
    if view is None or not view.queue:
        app.say("info", "nothing is queued")
        return
    app.controller.take_back(view.queue[-1].prompt_id, app.give_back)


def _sessions(app: AgentApp, _: str) -> None:
    from agent_tui.tui.picking import pick_session

    pick_session(app)


def _new(app: AgentApp, _: str) -> None:
    app.sessions.run_soon(app.sessions.new(app.settings.cwd))


def _close(app: AgentApp, _: str) -> None:
    from agent_tui.tui.screens.choices import close_session

    close_session(app)


def _fork(app: AgentApp, _: str) -> None:
    info = app.controller.info
    if info is not None:
        app.sessions.run_soon(app.sessions.fork(info.id))


def _diff(app: AgentApp, argument: str) -> None:
    from agent_tui.tui.screens.compare import compare

    first, *others = argument.split()
    info = app.controller.info
    second = others[0] if others else info.id if info is not None else ""
    if len(others) > 1 or not second:
        app.say("warning", "/diff takes two sessions, or one to put beside this one")
        return
    app.sessions.run_soon(compare(app, first, second))


def _title(app: AgentApp, title: str) -> None:
    app.controller.set_title(title)


def _show(tab: str) -> Callable[[AgentApp, str], None]:
    return lambda app, _: app.main.action_tab(tab)


_ACTIONS: dict[str, Callable[[AgentApp, str], None]] = {
    "help": lambda app, _: app.show_help(),
    "model": _model,
    "sessions": _sessions,
    "new": _new,
    "close": _close,
    "fork": _fork,
    "theme": _theme,
    "clear": lambda app, _: app.controller.clear(),
    "title": _title,
    "tools": _show("tools"),
    "tool": _tool,
    "trace": _show("trace"),
    "events": _show("events"),
    "usage": _show("usage"),
    "replay": lambda app, _: app.replay(),
    "diff": _diff,
    "copy": lambda app, _: app.copy_answer(),
    "steer": lambda app, text: app.controller.steer(text),
    "cancel": _cancel,
    "unqueue": _unqueue,
    "trust": _trust,
    "quit": lambda app, _: app.leave(),
}
