"""The keys of a replay, and the line that tells of them. Knows neither the screen nor what it shows."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

from agent_tui.tui.keys import KEYS, display_key

_SHARED = ("panel", "trace", "events", "tools", "usage", "focus_next", "quit")
"""Keys of the main screen that do the same here."""

BINDINGS: list[Binding] = [
    # Before what has the focus, which moves a cursor with the same keys.
    *(
        Binding(keys, action, words, show=False, id=f"replay.{name}", priority=name != "leave")
        for name, keys, action, words in (
            ("play", "space", "play", "Play, or pause"),
            ("next", "right", "by(1)", "Next event"),
            ("previous", "left", "by(-1)", "Event before"),
            ("next_step", "shift+right,s", "beside('step',1)", "Next step"),
            ("previous_step", "shift+left,S", "beside('step',-1)", "Step before"),
            ("next_run", "alt+right,ctrl+right,r", "beside('run',1)", "Next run"),
            ("previous_run", "alt+left,ctrl+left,R", "beside('run',-1)", "Run before"),
            ("next_error", "e", "beside('error',1)", "Next error"),
            ("previous_error", "E", "beside('error',-1)", "Error before"),
            ("first", "home", "first", "First event"),
            ("last", "end", "last", "Last event"),
            ("faster", "plus,equals_sign", "faster(1)", "Play faster"),
            ("slower", "minus", "faster(-1)", "Play slower"),
            ("go", "g", "go", "Go to an event by its number"),
            ("span", "t", "span", "Go to the span picked: its end, then its beginning"),
            ("fork", "f", "fork", "A new session that begins with all up to here"),
            ("leave", "escape,q", "leave", "Leave the replay"),
        )
    ),
    *(
        Binding(key.keys, key.action, key.description, show=False, id=key.id, priority=True)
        for key in KEYS
        if key.id in _SHARED
    ),
    Binding("ctrl+c", "copy_or_leave", show=False),
]
"""Of the screen."""

KEYS_OF_LETTERS = frozenset(
    {"play", "by", "beside", "first", "last", "faster", "go", "span", "fork", "leave"}
)
"""Actions on keys that a line of text needs for itself."""


def hints(keymap: Mapping[str, str], home: str) -> list[tuple[str, str]]:
    """Keys and what they do, in a word or two, for the line at the bottom.

    Args:
        keymap: The keys that the person has set, by the ids of bindings.
        home: What leaving leads to.
    """
    defaults = {binding.id: binding.key for binding in BINDINGS if binding.id}

    def key(name: str) -> str:
        return display_key(keymap.get(name, defaults.get(name, "")))

    def pair(*names: str) -> str:
        back, on = (key(f"replay.{name}") for name in names)
        modifier = on.removesuffix("right")
        arrows = (back, on) == (f"{modifier}left", f"{modifier}right")
        return f"{modifier}←/→" if arrows else f"{back}/{on}"

    return [
        (key("replay.leave"), home),
        (key("replay.play"), "play"),
        (pair("previous", "next"), "event"),
        (pair("previous_step", "next_step"), "step"),
        (pair("previous_run", "next_run"), "run"),
        (key("replay.go"), "go to"),
        (key("replay.fork"), "fork"),
        (f"{key('replay.faster')}/{key('replay.slower')}", "speed"),
        (key("panel"), "trace"),
    ]
