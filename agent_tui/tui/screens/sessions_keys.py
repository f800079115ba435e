"""The keys of the session picker, and the lines that tell of them."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding
from textual.content import Content

from agent_tui.tui.keys import display_key

BINDINGS: list[Binding] = [
    Binding("up", "move(-1)", "Up", show=False, id="sessions.up"),
    Binding("down", "move(1)", "Down", show=False, id="sessions.down"),
    Binding("pageup", "page(-1)", "Page up", show=False, id="sessions.page_up"),
    Binding("pagedown", "page(1)", "Page down", show=False, id="sessions.page_down"),
    Binding("escape,ctrl+c,ctrl+o", "leave", "Close", show=False, id="sessions.close"),
    *(
        # Before the input, which has uses of its own for some of these.
        Binding(keys, action, words, show=False, id=f"sessions.{action}", priority=True)
        for keys, action, words in (
            ("ctrl+n", "new", "Begin a new session"),
            ("ctrl+t", "folders", "This folder, or all"),
            ("ctrl+l", "preview", "Show or hide the preview"),
            ("ctrl+r", "rename", "Rename"),
            ("ctrl+x", "delete", "Delete, or undo that"),
            ("ctrl+f", "fork", "Fork: go on from a copy"),
        )
    ),
]

_HINTS = (
    ("open", "enter", "open"),
    ("new", "ctrl+n", "new"),
    ("folders", "ctrl+t", ""),
    ("preview", "ctrl+l", ""),
    ("rename", "ctrl+r", "rename"),
    ("delete", "ctrl+x", ""),
    ("fork", "ctrl+f", "fork"),
    ("close", "escape", "close"),
)


def hints(keymap: Mapping[str, str], words: Mapping[str, str], width: int) -> Content:
    """What the keys do, on two lines at most.

    Args:
        keymap: The keys that the person has set, by the ids of bindings.
        words: What those keys do now that do not always do the same, by the names of their actions; one
            whose word is not here is left out.
        width: Cells of a line.
    """
    lines = [Content()]
    for name, default, word in _HINTS:
        said = word or words.get(name, "")
        if not said:
            continue
        key = display_key(keymap.get(f"sessions.{name}", default))
        hint = Content.assemble((key, "bold $foreground"), " ", (said, "$text-muted"))
        joined = Content.assemble(lines[-1], "  ", hint) if lines[-1] else hint
        if joined.cell_length <= width:
            lines[-1] = joined
        elif len(lines) < 2:
            lines.append(hint)
    return Content("\n").join(lines)
