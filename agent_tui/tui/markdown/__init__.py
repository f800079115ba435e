"""Markdown that arrives piece by piece, as lines of styled segments of a given width.

Knows nothing of widgets; a caller feeds text and reads lines.
"""

from agent_tui.tui.markdown.code import warm_up
from agent_tui.tui.markdown.lines import Line, Span, wrap
from agent_tui.tui.markdown.stream import MarkdownStream
from agent_tui.tui.markdown.styles import MarkdownStyles

__all__ = ["Line", "MarkdownStream", "MarkdownStyles", "Span", "warm_up", "wrap"]
