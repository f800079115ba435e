"""What the panel tells its screen. Nothing here draws."""

from __future__ import annotations

from textual.message import Message


class SpanPicked(Message, namespace="side_panel"):
    """The reader picked a span in the trace."""

    def __init__(self, span_id: str) -> None:
        self.span_id = span_id
        super().__init__()


class CopyRequested(Message, namespace="side_panel"):
    """The reader wants ``text`` on the clipboard. ``what`` names it in a few words: ``result``."""

    def __init__(self, text: str, what: str) -> None:
        self.text = text
        self.what = what
        super().__init__()


class ToolChosen(Message, namespace="side_panel"):
    """The reader wants to call the tool ``name``."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()
