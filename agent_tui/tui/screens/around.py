"""What stands around a conversation: header, figures, hints. From the view to words, without widgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agent_tui.tui.keys import display_key, keys_in_force
from agent_tui.tui.widgets.header import Head
from agent_tui.tui.widgets.status import Figures

if TYPE_CHECKING:
    from agent_tui.events.view import SessionView
    from agent_tui.tui.app import AgentApp
    from agent_tui.tui.session_controller import SessionController

Hint = tuple[str, str]
"""A key as it is shown, and what it does."""


def head_of(shell: AgentApp, controller: SessionController) -> Head:
    """The session's title, model and state."""
    view = controller.view
    if shell.closing:
        return Head(status="closing")
    if view is None:
        return Head(model=shell.wanted_model or "")
    if controller.cut_off:
        return Head(view.title, view.model, "cut_off")
    if shell.sessions.offline:
        return Head(view.title, view.model, "offline")
    model = view.model or (controller.info.model if controller.info else "")
    run = view.run
    if run is None:
        return Head(view.title, model, "idle")
    status = "asking" if controller.read_only and view.status == "waiting" else view.status
    return Head(view.title, model, status, run.started, run.steps, run.max_steps)


def figures_of(view: SessionView, window: int | None) -> Figures:
    """Tokens, cost, and the share of the model's context ``window`` (tokens, if known) that is full."""
    usage = view.usage if view.run is None else view.usage + view.run.usage
    share = view.context_tokens / window if window and view.context_tokens else None
    return Figures(usage.input_tokens + usage.output_tokens, usage.cost_usd, share)


def hints(
    keymap: Mapping[str, str], view: SessionView | None, *, read_only: bool, reason: bool = False
) -> list[Hint]:
    """The keys that matter in the state that the session is in; ``reason``: that of a denial is written."""
    force = _shown(keymap)
    more = [(force["panel"], "trace"), (force["palette"], "commands"), (force["help"], "help")]
    if read_only:
        return [(force["sessions"], "sessions"), *more, (force["copy_or_quit"], "quit")]
    if reason:
        return [("enter", "deny"), ("esc", "go back"), *more]
    if view is not None and view.status == "waiting":
        return [(force["cancel"], "cancel the run"), *more]
    if view is not None and view.status != "idle":
        steer = display_key(keymap.get("prompt.steer", "ctrl+s"))
        return [(force["cancel"], "cancel"), ("enter", "queue"), (steer, "steer"), *more]
    return [("enter", "send"), *more, (force["copy_or_quit"], "quit")]


def first_keys(keymap: Mapping[str, str]) -> list[Hint]:
    """What a person who has not typed anything yet is told."""
    force = _shown(keymap)
    return [
        ("/", "commands"),
        ("@", "name a file"),
        ("!", "run a shell command"),
        (force["cancel"], "stop at once"),
        (force["panel"], "look inside"),
        (force["help"], "all keys"),
    ]


def _shown(keymap: Mapping[str, str]) -> dict[str, str]:
    return {name: display_key(keys) for name, keys in keys_in_force(keymap).items()}
