"""What stands in the prompt's place while another process writes the session."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class ReadOnlyBar(Widget):
    """Says why nothing can be typed, and what can be done instead."""

    DEFAULT_CSS = """
    ReadOnlyBar { height: auto; padding: 0 1; border-top: solid $border-blurred; display: none; }
    """

    def render(self) -> Content:
        return Content.assemble(
            ("read-only", "bold $warning"),
            ("  another agent-tui writes this session. It is shown here as it goes on, and is yours ", ""),
            ("when that one closes it; until then, fork it to go on from a copy.", ""),
        )
