"""What the screen is told about itself. It is handed in; nothing here reads files or the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_THEME = "midnight"


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the screen looks and behaves.

    Attributes:
        theme: Name of the theme.
        themes_dirs: Folders with the person's own ``*.toml`` themes; a later one wins over an
            earlier one, and all win over those that ship with the program.
        keys: Binding id to keys, such as ``{"cancel": "escape,f9"}``.
        key_places: Where each of ``keys`` was set, for what is said of them.
        esc_delay_ms: How long a lone escape waits to become something longer; None decides by the
            kind of connection.
        mouse: Whether the mouse is used at all.
        cwd: The working folder.
        history_file: Where prompts are remembered; None keeps them in memory.
        version: The program's version.
        fps: Most repaints a second.
    """

    theme: str = DEFAULT_THEME
    themes_dirs: tuple[Path, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)
    key_places: dict[str, str] = field(default_factory=dict)
    esc_delay_ms: int | None = None
    mouse: bool = True
    cwd: Path = field(default_factory=Path.cwd)
    history_file: Path | None = None
    version: str = ""
    fps: int = 60
