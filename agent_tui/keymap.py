"""What ``[keys]`` may hold: the ids of the bindings, and how a key is written. It knows no screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_IDS = {
    "": """cancel copy_or_quit quit_if_empty quit suspend edit_queued drop_queued sessions next_session
        previous_session palette help panel trace events events_if_empty tools usage replay focus_next
        page_up page_down top end copy_answer""",
    "approval": "allow session deny reason up down page_up page_down start end",
    "compare": "fold leave next previous",
    "conversation": "up down page_up page_down top end previous next toggle copy",
    "panel": """next_tab previous_tab trace events tools usage call_tool close_event collapse copy copy_all
        copy_main deltas down expand filter first fold last next_section open_event page_down page_up
        previous_section raw toggle up""",
    "picker": "up down close",
    "prompt": "submit newline steer search editor complete undo copy",
    "replay": """play next previous next_step previous_step next_run previous_run next_error previous_error
        first last faster slower go span fork leave""",
    "sessions": "up down page_up page_down close new folders preview rename delete fork",
}
IDS = frozenset(
    f"{part}.{name}" if part else name for part, names in _IDS.items() for name in names.split()
)
"""Every id that can be given other keys."""

_MODIFIERS = frozenset({"alt", "ctrl", "hyper", "meta", "shift", "super"})
_NAMED = frozenset(
    {
        *("backspace", "delete", "down", "end", "enter", "escape", "home", "insert", "left", "pagedown"),
        *("pageup", "right", "space", "tab", "up"),
        *(f"f{number}" for number in range(1, 25)),
    }
)
_SHORTER = {
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "low_line": "underscore",
    "plus_sign": "plus",
    "reverse_solidus": "backslash",
    "solidus": "slash",
}
"""Names of characters that are keys under another name."""
_OTHERWISE = {
    "cmd": "super",
    "command": "super",
    "control": "ctrl",
    "del": "delete",
    "esc": "escape",
    "ins": "insert",
    "option": "alt",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "pgup": "pageup",
    "return": "enter",
}
"""What people write for keys and modifiers that have another name here."""


def near_id(name: str) -> str:
    """The id that was probably meant by one that there is not; empty if none comes near."""
    return next(iter(_near(name, IDS, 0.6)), "")


def wrong_key(keys: str) -> tuple[str, str] | None:
    """The first of some comma-separated keys that no terminal could send, and what was probably meant.

    Returns:
        The key as written and a suggestion, which may be empty; None if all of them are keys.
    """
    for key in keys.split(","):
        if not _is_key(key.strip()):
            return key.strip(), _meant(key.strip())
    return None


def _is_key(key: str) -> bool:
    if len(key) == 1:
        return key.isprintable() and not key.isspace()
    *modifiers, name = key.split("+")
    if modifiers != sorted(set(modifiers) & _MODIFIERS):  # in this order, each once: another never matches
        return False
    if len(name) == 1:
        return (name.isalnum() and name == name.lower()) or key == "ctrl+@"
    return name in _NAMED or _is_character(name)


@cache
def _is_character(name: str) -> bool:
    """Whether a character has the name, such as ``question_mark``."""
    if name in _marks().values():
        return True
    import unicodedata

    try:
        return _name_of(unicodedata.lookup(name.replace("_", " "))) == name
    except KeyError:
        return False


@cache
def _marks() -> dict[str, str]:
    import string

    return {character: _name_of(character) for character in string.punctuation}


def _name_of(character: str) -> str:
    if len(character) != 1 or character.isalnum():
        return ""
    import unicodedata

    name = re.sub("[ -]", "_", unicodedata.name(character, "").lower())
    return _SHORTER.get(name, name)


def _meant(key: str) -> str:
    """``Ctrl-T`` is ``ctrl+t``, ``shift+ctrl+p`` is ``ctrl+shift+p``, ``ctrl+/`` is ``ctrl+slash``."""
    words = [word for word in re.split(r"[+-](?=.)", key.lower()) if word]
    words = [_OTHERWISE.get(word) or _SHORTER.get(word, word) for word in words]
    if not words:
        return ""
    modifiers, name = sorted(set(words[:-1])), words[-1]
    if modifiers:
        name = _marks().get(name, name)
    near = [name, *_near(name, sorted(_NAMED | set(_marks().values())), 0.75)]
    return next((found for one in near if _is_key(found := "+".join([*modifiers, one]))), "")


def _near(name: str, names: Iterable[str], cutoff: float) -> list[str]:
    # Imported only where something is wrong: the configuration is read before the screen is painted.
    from difflib import get_close_matches

    return get_close_matches(name, list(names), n=1, cutoff=cutoff)
