"""The themes that ship: usable, of every kind promised, and legible."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from agent_tui.tui.settings import DEFAULT_THEME
from agent_tui.tui.themes import ThemeStore, shipped_dir

STORE = ThemeStore([shipped_dir()])
THEMES = STORE.load()
RGB = [theme for theme in THEMES.values() if not theme.ansi]


def contrast(one: str, other: str) -> float:
    """The WCAG 2 contrast ratio of two colours."""

    def luminance(colour: Color) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in colour.normalized
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))))
    return (high + 0.05) / (low + 0.05)


def test_every_shipped_file_is_usable() -> None:
    assert STORE.problems == []
    assert DEFAULT_THEME in THEMES


def test_every_kind_is_there() -> None:
    assert len([theme for theme in RGB if theme.dark]) >= 2
    assert len([theme for theme in RGB if not theme.dark]) >= 2
    assert [theme.name for theme in THEMES.values() if theme.ansi] == ["terminal"]
    assert len(THEMES) >= 6


@pytest.mark.parametrize("theme", RGB, ids=lambda theme: theme.name)
def test_text_is_legible_on_every_ground(theme: Theme) -> None:
    for ground in (theme.background, theme.surface, theme.panel):
        assert ground is not None
        assert contrast(str(theme.foreground), ground) >= 7
        assert contrast(theme.variables["text-muted"], ground) >= 4.5


@pytest.mark.parametrize("theme", RGB, ids=lambda theme: theme.name)
@pytest.mark.parametrize("role", ["primary", "secondary", "accent", "success", "warning", "error"])
def test_colours_that_carry_words_are_legible(theme: Theme, role: str) -> None:
    for ground in (theme.background, theme.surface, theme.panel):
        assert contrast(getattr(theme, role), str(ground)) >= 4.5


def test_high_contrast_is_high() -> None:
    theme = THEMES["contrast"]
    roles = (theme.foreground, theme.primary, theme.accent, theme.success, theme.warning, theme.error)
    assert all(contrast(str(role), str(theme.background)) >= 7 for role in roles)
