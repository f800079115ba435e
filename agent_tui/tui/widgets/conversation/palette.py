"""The styles of the conversation, taken from the theme by component classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.style import Style

from agent_tui.tui.markdown import MarkdownStyles

if TYPE_CHECKING:
    from textual.widget import Widget

ROLES = (
    *("muted", "prompt", "heading1", "heading2", "heading3", "code", "link", "bullet", "border", "block"),
    *("keyword", "string", "number", "comment", "name", "operator", "inserted", "deleted"),
    *("tool", "running", "waiting", "ok", "failed", "error", "denied", "info", "cursor"),
)
CLASSES = {f"conversation--{role}" for role in ROLES}


@dataclass(frozen=True)
class Palette:
    """Every style in use. ``of`` gives the one of a role."""

    text: Style
    markdown: MarkdownStyles
    thought: MarkdownStyles
    roles: dict[str, Style]

    def of(self, role: str) -> Style:
        return self.roles[role]


def palette_of(widget: Widget) -> Palette:
    """The palette of the theme in force."""
    text = widget.rich_style.without_color + Style(
        color=widget.rich_style.color, bgcolor=widget.rich_style.bgcolor
    )
    roles = {role: widget.get_component_rich_style(f"conversation--{role}") for role in ROLES}
    return Palette(text, _markdown(text, roles), _thought(roles), roles)


def _accent(style: Style) -> Style:
    """Only what a role adds, so that it can lie on any ground."""
    return Style(color=style.color, bold=style.bold, italic=style.italic, underline=style.underline)


def _markdown(text: Style, roles: dict[str, Style]) -> MarkdownStyles:
    def on_block(role: str) -> Style:
        return roles["block"] + _accent(roles[role])

    return MarkdownStyles(
        text=text,
        muted=_accent(roles["muted"]),
        headings=(roles["heading1"], roles["heading2"], roles["heading3"]),
        code=Style(color=roles["code"].color, bgcolor=roles["code"].bgcolor),
        link=_accent(roles["link"]),
        bullet=roles["bullet"],
        border=roles["border"],
        block=roles["block"],
        **{
            role: on_block(role)
            for role in (
                "keyword",
                "string",
                "number",
                "comment",
                "name",
                "operator",
                "inserted",
                "deleted",
            )
        },
    )


def _thought(roles: dict[str, Style]) -> MarkdownStyles:
    muted = roles["muted"]
    return MarkdownStyles(
        text=muted, muted=muted, headings=(muted, muted, muted), code=muted, link=Style(underline=True),
        bullet=muted, border=roles["border"], block=muted, keyword=muted, string=muted, number=muted,
        comment=muted, name=muted, operator=muted, inserted=muted, deleted=muted,
    )  # fmt: skip
