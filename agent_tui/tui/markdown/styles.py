"""The styles that markdown is drawn in. Where they come from is the caller's business."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.style import Style

_BOLD, _ITALIC = Style(bold=True), Style(italic=True)


@dataclass(frozen=True)
class MarkdownStyles:
    """One style per role. All are complete: they carry their own background, if any."""

    text: Style = field(default_factory=Style)
    muted: Style = field(default_factory=lambda: Style(dim=True))
    headings: tuple[Style, Style, Style] = (Style(bold=True, underline=True), _BOLD, _BOLD)
    strong: Style = _BOLD
    emphasis: Style = _ITALIC
    strike: Style = field(default_factory=lambda: Style(strike=True))
    code: Style = field(default_factory=lambda: Style(reverse=True))
    link: Style = field(default_factory=lambda: Style(underline=True))
    bullet: Style = field(default_factory=Style)
    quote: Style = field(default_factory=lambda: Style(italic=True))
    border: Style = field(default_factory=lambda: Style(dim=True))
    block: Style = field(default_factory=Style)
    keyword: Style = field(default_factory=Style)
    string: Style = field(default_factory=Style)
    number: Style = field(default_factory=Style)
    comment: Style = field(default_factory=Style)
    name: Style = field(default_factory=Style)
    operator: Style = field(default_factory=Style)
    inserted: Style = field(default_factory=Style)
    deleted: Style = field(default_factory=Style)
