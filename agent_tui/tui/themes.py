"""Themes from TOML files: found, checked before use, and looked at again when their file changes.

Nothing watches the files while the program is idle. The screen asks ``changed()`` when the terminal
gets the focus, when a theme is chosen, and at most once a second while keys are pressed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import TYPE_CHECKING

import agent_tui
from agent_tui.paths import read_regular

if TYPE_CHECKING:
    from textual.theme import Theme

_COLOURS = (
    "primary", "secondary", "warning", "error", "success", "accent",
    "foreground", "background", "surface", "panel", "boost",
)  # fmt: skip
_FLAGS = ("dark", "ansi")
_NUMBERS = ("luminosity_spread", "text_alpha")


class ThemeError(Exception):
    """A theme file that cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """A theme file on disk. ``stamp`` tells whether it has changed since it was read."""

    path: Path
    stamp: tuple[int, int]


def shipped_dir() -> Path:
    """Where the program's own themes are: in the package when installed, else beside it."""
    packaged = Path(agent_tui.__file__).parent / "themes"
    return packaged if packaged.is_dir() else packaged.parent.parent / "themes"


def read_theme(path: Path) -> Theme:
    """The theme of one file, proven to be usable.

    Raises:
        ThemeError: The file cannot be read, is not TOML, or a key or colour in it is wrong.
    """
    try:
        table = tomllib.loads(read_regular(path).decode())
    except OSError as error:
        raise ThemeError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ThemeError(f"{path}: {error}") from error
    return theme_of(table, path)


def theme_of(table: dict[str, object], path: Path) -> Theme:
    """The theme that ``table`` describes; ``path`` is for messages and the default name.

    Raises:
        ThemeError: A key or a value is wrong.
    """
    from textual.color import Color, ColorParseError
    from textual.theme import Theme

    name = table.get("name", path.stem)
    if not isinstance(name, str) or not name.strip():
        raise ThemeError(f"{path}: name: must be a word")
    allowed = [field.name for field in dataclass_fields(Theme)]
    for key, value in table.items():
        if key not in allowed:
            raise ThemeError(f"{path}: {key}: no such key; allowed are {', '.join(sorted(allowed))}")
        _check_kind(path, key, value)
    for key in _COLOURS:
        if key in table:
            try:
                Color.parse(str(table[key]))
            except ColorParseError as error:
                raise ThemeError(f"{path}: {key}: {table[key]!r} is not a colour") from error
    if "primary" not in table:
        raise ThemeError(f"{path}: primary: missing")
    theme = Theme(**{**table, "name": name})  # type: ignore[arg-type]
    if theme.ansi:
        # Textual's own style sheet names these, but generates them for other themes only.
        theme.variables = {**_ansi_grounds(theme.dark), **theme.variables}
    try:
        _prove(theme)
    except ThemeError as error:
        raise ThemeError(f"{path}: {error}") from error
    return theme


def _ansi_grounds(dark: bool) -> dict[str, str]:
    ground, ink = ("ansi_black", "ansi_white") if dark else ("ansi_white", "ansi_black")
    return {"ansi-background": ground, "ansi-foreground": ink}


def _check_kind(path: Path, key: str, value: object) -> None:
    if key in _FLAGS and not isinstance(value, bool):
        raise ThemeError(f"{path}: {key}: must be true or false")
    if key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ThemeError(f"{path}: {key}: must be a number")
    if key in _COLOURS and not isinstance(value, str):
        raise ThemeError(f"{path}: {key}: must be a colour in quotes")
    if key == "variables" and not (
        isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())
    ):
        raise ThemeError(f"{path}: variables: must be a table of texts")


def _prove(theme: Theme) -> None:
    """Generates every colour and parses every variable that stands for one.

    A value that is wrong would otherwise end the program when the style sheet is next computed.
    """
    from textual.color import Color, ColorParseError

    try:
        theme.to_color_system().generate()
    except ColorParseError as error:
        raise ThemeError(str(error)) from error
    for key, value in theme.variables.items():
        if key.endswith("-style"):
            _prove_style(key, value)
            continue
        colour, _, alpha = value.rpartition(" ") if value.endswith("%") else (value, "", "")
        if colour == "auto":
            continue
        try:
            Color.parse(colour.strip() or alpha)
        except ColorParseError as error:
            raise ThemeError(f"variables.{key}: {value!r} is not a colour") from error


def _prove_style(key: str, value: str) -> None:
    from textual.css.constants import VALID_STYLE_FLAGS

    if not set(value.split()) <= VALID_STYLE_FLAGS:
        raise ThemeError(f"variables.{key}: {value!r} is not a text style")


class ThemeStore:
    """The themes of a list of folders; a later folder's theme replaces an earlier one's.

    Args:
        folders: Where to look, least important first. Folders that do not exist are skipped.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._seen: dict[Path, ThemeFile] = {}
        self.loaded = False
        self.themes: dict[str, Theme] = {}
        self.problems: list[str] = []

    def find(self, name: str) -> Theme | None:
        """One theme by name, reading only the file of that name: what a start needs.

        Raises:
            ThemeError: The file of that name cannot be used.
        """
        for folder in reversed(self._folders):
            path = folder / f"{name}.toml"
            if path.is_file():
                theme = read_theme(path)
                self.themes[theme.name] = theme
                return theme
        return self.load().get(name)

    def load(self) -> dict[str, Theme]:
        """Reads every file again; ``problems`` then says what is wrong with which."""
        self.themes, self.problems, self._seen, self.loaded = {}, [], {}, True
        for file in self._files():
            self._seen[file.path] = file
            try:
                theme = read_theme(file.path)
            except ThemeError as error:
                self.problems.append(str(error))
            else:
                self.themes[theme.name] = theme
        return self.themes

    def changed(self) -> bool:
        """Whether a file came, went or changed since ``load``; costs one look per file."""
        return {file.path: file for file in self._files()} != self._seen

    def _files(self) -> Iterator[ThemeFile]:
        for folder in self._folders:
            if not folder.is_dir():
                continue
            for path in sorted(folder.glob("*.toml")):
                try:
                    stat = path.stat()
                except OSError:
                    continue  # it went away between the listing and the look
                yield ThemeFile(path, (stat.st_mtime_ns, stat.st_size))
