"""The tools that come with the product, one file per family."""

from __future__ import annotations

from agent_tui.tools.spec import ToolSpec


def builtin_tools() -> list[ToolSpec]:
    """Every built-in tool, in the order they are shown."""
    from agent_tui.tools.builtin import calc, moments, reading, searching, shell, web, writing

    return [
        *calc.SPECS,
        *moments.SPECS,
        *reading.SPECS,
        *writing.SPECS,
        *searching.SPECS,
        *shell.SPECS,
        *web.SPECS,
    ]
