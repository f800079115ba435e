"""The theme on the screen: chosen by name, drawn anew when its file changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from textual.app import App
from textual.theme import Theme

from agent_tui.tui.background import Level
from agent_tui.tui.settings import DEFAULT_THEME
from agent_tui.tui.themes import ThemeError, ThemeStore

LOOK_S = 1.0
"""Theme files are looked at no more often than this, in seconds."""


class LiveThemes:
    """Keeps an app's theme.

    Args:
        app: Whose.
        folders: Where themes are, least important first.
        say: Tells the person what is wrong with one.
        monotonic: Seconds; only differences mean anything.
    """

    def __init__(
        self,
        app: App[Any],
        folders: Sequence[Path],
        say: Callable[[Level, str], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._app = app
        self._store = ThemeStore(folders)
        self._say = say
        self._monotonic = monotonic
        self._looked_at = float("-inf")

    def all(self) -> list[Theme]:
        """Every theme there is by now, dark ones first."""
        self.reload()
        return sorted(self._store.themes.values(), key=lambda theme: (not theme.dark, theme.name))

    def choose(self, name: str) -> bool:
        """Puts a theme on the screen. False, and a notice, if there is none that can be used."""
        try:
            theme = self._store.find(name)
            problem = "" if theme else f"there is no theme {name}; /theme lists them"
        except ThemeError as error:
            theme, problem = None, str(error)
        if theme is not None:
            self._app.register_theme(theme)
            if self._app.theme == theme.name:
                self._app._watch_theme(theme.name)
            else:
                self._app.theme = theme.name
            return True
        self._say("warning", problem)
        if name != DEFAULT_THEME and self._app.theme not in self._store.themes:
            self.choose(DEFAULT_THEME)
        return False

    def maybe_changed(self) -> None:
        """Looks at the files, if the last look is long enough ago."""
        now = self._monotonic()
        if now - self._looked_at >= LOOK_S:
            self._looked_at = now
            self.reload()

    def reload(self) -> None:
        """Reads the files again if any of them changed; the one in use is drawn anew."""
        store, app = self._store, self._app
        if not store.changed():
            return
        first_look = not store.loaded
        before = store.themes.get(app.theme)
        store.load()
        for problem in store.problems:
            self._say("warning", problem)
        for theme in store.themes.values():
            app.register_theme(theme)
        after = store.themes.get(app.theme)
        if after is not None and after != before and not first_look:
            app._watch_theme(after.name)
