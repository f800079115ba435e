"""The keys of the main screen: their ids, defaults and words, and the check of a person's own keymap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from agent_tui.keymap import wrong_key

_SHORT = {
    "escape": "esc",
    "question_mark": "?",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "slash": "/",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "delete": "del",
    "grave_accent": "`",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One action that can be reached by a key.

    Attributes:
        id: Its name in ``[keys]``.
        keys: Default keys, comma separated.
        action: The screen's action.
        hint: One or two words for the hints line.
        description: A sentence for help and palette.
        group: The heading it stands under in help.
    """

    id: str
    keys: str
    action: str
    hint: str
    description: str
    group: str = "Session"


KEYS: tuple[Key, ...] = (
    Key("cancel", "escape", "cancel", "cancel", "Close what is open, else stop the run"),
    Key("copy_or_quit", "ctrl+c", "copy_or_quit", "quit", "Copy, else clear the input, else quit"),
    Key("quit_if_empty", "ctrl+d", "quit_if_empty", "quit", "Quit when the input is empty"),
    Key("quit", "ctrl+q", "quit", "quit", "Quit; a run in flight is cancelled first"),
    Key("suspend", "ctrl+z", "app.suspend_process", "suspend", "Suspend to the shell; fg comes back"),
    Key("edit_queued", "alt+up", "edit_queued", "edit queued", "Edit the last queued message"),
    Key("drop_queued", "alt+delete", "drop_queued", "drop queued", "Drop the last queued message"),
    Key("sessions", "ctrl+o", "sessions", "sessions", "Find, open, rename and delete sessions", "Sessions"),
    Key("next_session", "alt+right,ctrl+pagedown", "turn(1)", "next", "Next open session", "Sessions"),
    Key("previous_session", "alt+left,ctrl+pageup", "turn(-1)", "back", "Open session before", "Sessions"),
    Key("palette", "ctrl+p", "palette", "commands", "Find any command, model, theme or tool", "View"),
    Key("help", "f1", "help", "help", "The keys and commands in force", "View"),
    Key("panel", "ctrl+t", "panel", "trace", "Show or hide the side panel", "View"),
    Key("trace", "f2", "tab('trace')", "trace", "The trace of every run", "View"),
    Key("events", "f3", "tab('events')", "events", "The raw event stream", "View"),
    Key("events_if_empty", "ctrl+e", "events_if_empty", "events", "The raw event stream", "View"),
    Key("tools", "f4", "tab('tools')", "tools", "The tools there are", "View"),
    Key("usage", "f5", "tab('usage')", "usage", "Tokens, cost and latencies", "View"),
    Key("replay", "f7", "replay", "replay", "Go back to any moment of this session", "View"),
    Key("focus_next", "f6", "app.focus_next", "focus", "Go to the next part of the screen", "View"),
    Key("page_up", "pageup", "page(-1)", "scroll", "Scroll the conversation up", "Scrolling"),
    Key("page_down", "pagedown", "page(1)", "scroll", "Scroll the conversation down", "Scrolling"),
    Key("top", "ctrl+home", "top", "top", "Go to the first message", "Scrolling"),
    Key("end", "ctrl+end", "end", "end", "Go to the newest message and follow it", "Scrolling"),
    Key("copy_answer", "ctrl+y", "copy_answer", "copy", "Copy the last answer"),
)  # fmt: skip


def display_key(keys: str) -> str:
    """The first of ``keys`` as people write it: ``escape`` is ``esc``, ``ctrl+t`` stays."""
    first = keys.split(",")[0].strip()
    modifiers, _, name = first.rpartition("+")
    name = _SHORT.get(name, name)
    return f"{modifiers}+{name}" if modifiers else name


def keys_in_force(keymap: Mapping[str, str]) -> dict[str, str]:
    """Keys of every action of the main screen, by id."""
    return {key.id: keymap.get(key.id, key.keys) for key in KEYS}


def check_keymap(
    wanted: Mapping[str, str], known: Mapping[str, str], places: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """The part of a person's keymap that can be used, and what is wrong with the rest.

    Args:
        wanted: Binding id to keys, as configured.
        known: Every binding id there is, with its default keys.
        places: Where each id was set, as far as that is known.
    """
    usable: dict[str, str] = {}
    problems: list[str] = []
    for name, keys in wanted.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            problems.append(
                f"[keys] {name}: no such action" + (f" (did you mean {near[0]}?)" if near else "")
            )
        elif wrong_key(keys) is not None:
            problems.append(f"[keys] {name}: {keys!r} is not a key; write it like ctrl+t or f5")
        else:
            usable[name] = keys
    problems.extend(clashes(usable, places or {}))
    return usable, problems


def clashes(wanted: Mapping[str, str], places: Mapping[str, str]) -> Iterator[str]:
    """Keys that a person's own settings give to two actions of the main screen.

    Args:
        wanted: Binding id to keys, as configured.
        places: Where each id was set, as far as that is known.
    """
    owners: dict[str, list[str]] = {}
    for name, keys in keys_in_force(wanted).items() | wanted.items():
        for key in keys.split(","):
            owners.setdefault(key.strip().lower(), []).append(name)
    for key, names in sorted(owners.items()):
        own = sorted(name for name in names if name in wanted)
        if len(names) > 1 and own:
            where = ", ".join(places[name] for name in own if name in places)
            yield (
                f"{where + ': ' if where else ''}[keys] {display_key(key)} is given to "
                f"{' and '.join(sorted(names))}; set another key for one of them"
            )
