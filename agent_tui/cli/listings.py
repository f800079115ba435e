"""Short lists for people and scripts: models, themes. One line each, columns apart by two spaces."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from agent_tui.cli.start import load_settings
from agent_tui.safetext import visible


def print_models() -> None:
    """Every model that can be named, whether it is usable, and if not why."""
    from agent_tui.llm.router import available_models

    loaded = load_settings()
    print_table(
        (model.model, "usable" if model.usable else "no", model.reason)
        for model in available_models(loaded.env)
    )


def print_themes() -> None:
    """Every theme with its kind and file; problems go to stderr."""
    from agent_tui.tui.themes import ThemeStore, shipped_dir

    loaded = load_settings()
    store = ThemeStore([shipped_dir(), loaded.paths.themes])
    chosen = loaded.config.ui.theme
    rows = [
        ("*" if name == chosen else " ", name, "dark" if theme.dark else "light")
        for name, theme in sorted(store.load().items())
    ]
    print_table(rows)
    for problem in store.problems:
        sys.stderr.write(visible(f"not usable: {problem}", newlines=False) + "\n")


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """Prints rows with their columns under each other; foreign text is made harmless."""
    cells = [[visible(cell, newlines=False) for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        sys.stdout.write("  ".join(padded).rstrip() + "\n")
