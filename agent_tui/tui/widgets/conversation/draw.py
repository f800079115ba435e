"""Blocks of the conversation → lines. Pure: what is drawn depends on nothing but the arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from rich.segment import Segment
from rich.style import Style

from agent_tui.events.view import (
    AnswerBlock,
    AnyBlock,
    NoticeBlock,
    PlanBlock,
    PromptBlock,
    TextBuffer,
    TextState,
    ThoughtBlock,
    ToolBlock,
)
from agent_tui.safetext import visible
from agent_tui.tui.markdown import Line, MarkdownStream, MarkdownStyles, wrap
from agent_tui.tui.markdown.lines import clip, width_of
from agent_tui.tui.widgets.conversation.palette import Palette
from agent_tui.tui.widgets.conversation.tools import OPEN, duration, tool_lines

_PROMPT_SIGNS = {"prompt": "❯ ", "shell": "! ", "tool": "⚙ ", "steer": "↪ "}
_PROMPT_LINES = 30
_PROMPT_CHARS = 200_000
_NOTICE = {
    "info": ("·", "info"),
    "success": ("✓", "ok"),
    "warning": ("!", "waiting"),
    "error": ("✗", "error"),
}
_ENDS: dict[TextState, str] = {"cancelled": "◼ cancelled here", "broken": "✗ broken off here"}
_SNIPPET = 400


@dataclass
class Look:
    """How blocks are drawn: the width they have, and the styles."""

    width: int
    palette: Palette


class Fixed:
    """The drawn lines of a block that is drawn as a whole."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    @property
    def height(self) -> int:
        return len(self._lines)

    def line(self, at: int) -> Line:
        return self._lines[at]


class Flow:
    """The drawn lines of text that grows: only what is new is looked at."""

    def __init__(self, look: Look, styles: MarkdownStyles, head: list[Line], indent: int) -> None:
        self._stream = MarkdownStream(max(look.width - indent, 1), styles)
        self._look = look
        self._head = head
        self._indent = Segment(" " * indent, look.palette.text) if indent else None
        self._foot: list[Line] = []
        self._indented: dict[int, tuple[Line, Line]] = {}

    @property
    def height(self) -> int:
        return len(self._head) + self._stream.height + len(self._foot)

    def line(self, at: int) -> Line:
        at -= len(self._head)
        if at < 0:
            return self._head[at]
        if at >= self._stream.height:
            return self._foot[at - self._stream.height]
        line = self._stream.line(at)
        if self._indent is None:
            return line
        known = self._indented.get(at)
        if known is None or known[0] is not line:
            width = len(self._indent.text)
            known = self._indented[at] = (line, line.prefixed([self._indent], width, width))
        return known[1]

    def grow(self, text: TextBuffer, state: TextState) -> None:
        """Takes in what has been added to ``text`` since."""
        if text.length > self._stream.taken:
            self._stream.feed(text.tail(self._stream.taken))
        if state == "streaming":
            self._stream.show()
            return
        self._stream.close()
        if end := _ENDS.get(state):
            self._foot = [_one(end, self._look.palette.of("waiting"), self._look.width)]


Body = Fixed | Flow


def shown_as(block: AnyBlock) -> str:
    """The kind of what a block shows; empty if it takes no room."""
    match block:
        case AnswerBlock():
            return "text" if block.state != "void" and block.text.length else ""
        case ThoughtBlock():
            return "line" if block.state != "void" and block.text.length else ""
        case ToolBlock():
            return "line"
        case NoticeBlock():
            return "notice"
        case PromptBlock():
            return "prompt"
        case PlanBlock():
            return "plan"
        case _:
            assert_never(block)


def apart(before: str, kind: str) -> int:
    """Blank lines between two blocks that follow each other."""
    return 0 if not before or (before == kind and kind in ("line", "notice")) else 1


def estimate(block: AnyBlock, width: int) -> int:
    """About how many lines a folded block takes, without drawing it."""
    match block:
        case AnswerBlock():
            return _estimate(str(block.text), width)
        case PromptBlock():
            return min(_estimate(block.text, max(width - 2, 1)), _PROMPT_LINES + 1)
        case NoticeBlock():
            return _estimate(block.text, width)
        case PlanBlock():
            return len(block.subtasks) + 1
        case ThoughtBlock() | ToolBlock():
            return 1
        case _:
            assert_never(block)


def _estimate(text: str, width: int) -> int:
    return text.count("\n") + 1 + len(text) * 2 // (3 * max(width, 1))


def can_open(block: AnyBlock) -> bool:
    """Whether a block has more to show than it shows at first."""
    if isinstance(block, PromptBlock):
        return block.text.count("\n") >= _PROMPT_LINES or len(block.text) > 4000
    return isinstance(block, ThoughtBlock | ToolBlock)


def draw(block: AnyBlock, look: Look, *, opened: bool) -> Body:
    """The lines of a block."""
    palette = look.palette
    match block:
        case AnswerBlock():
            flow = Flow(look, palette.markdown, [], 0)
            flow.grow(block.text, block.state)
            return flow
        case ThoughtBlock():
            head = _thought_head(block, look, opened=opened)
            if not opened:
                return Fixed([head])
            flow = Flow(look, palette.thought, [head], 2)
            flow.grow(block.text, block.state)
            return flow
        case ToolBlock():
            return Fixed(tool_lines(block, look.width, palette, opened=opened))
        case PromptBlock():
            return Fixed(_prompt(block, look, opened=opened))
        case NoticeBlock():
            sign, role = _NOTICE[block.level]
            return Fixed(
                _signed(sign + " ", palette.of(role), visible(block.text), palette.of(role), look.width)
            )
        case PlanBlock():
            return Fixed(_plan(block, look))
        case _:
            assert_never(block)


def source_of(block: AnyBlock) -> str:
    """What is copied of a whole block."""
    match block:
        case AnswerBlock() | ThoughtBlock():
            return str(block.text)
        case PromptBlock() | NoticeBlock():
            return block.text
        case PlanBlock():
            return "\n".join(f"- {task}" for task in block.subtasks)
        case ToolBlock():
            return block.observation or "".join([text for _, text in block.output]) or block.name
        case _:
            assert_never(block)


def _one(text: str, style: Style, width: int) -> Line:
    text = clip(text, width)
    return Line([Segment(text, style)], width_of(text))


def _signed(sign: str, sign_style: Style, text: str, style: Style, width: int) -> list[Line]:
    """Wrapped text that hangs behind a sign."""
    indent = width_of(sign)
    lines = []
    for at, line in enumerate(wrap([(text.expandtabs(4), style)] if text else [], max(width - indent, 1))):
        mark = Segment(sign if at == 0 else " " * indent, sign_style)
        lines.append(line.prefixed([mark], indent, len(sign) if at == 0 else indent))
    return lines


def _prompt(block: PromptBlock, look: Look, *, opened: bool) -> list[Line]:
    style = look.palette.of("prompt")
    text = block.text[:_PROMPT_CHARS]
    shown = text if opened else "\n".join(text[:4000].split("\n")[:_PROMPT_LINES])
    lines = _signed(_PROMPT_SIGNS[block.kind], style, visible(shown), style, look.width)
    if len(shown) < len(block.text):
        rest = f"  … {len(block.text) - len(shown):,} more characters"
        lines.append(_one(rest, look.palette.of("muted"), look.width))
    return lines


def _thought_head(block: ThoughtBlock, look: Look, *, opened: bool) -> Line:
    muted = look.palette.of("muted")
    if block.state == "streaming":
        snippet = visible(block.text.tail(max(block.text.length - _SNIPPET, 0)), newlines=True)
        head, text = "✻ thinking… ", " ".join(snippet.split())
        room = look.width - width_of(head)
        while width_of(text) > room > 0:
            text = text[max(1, (width_of(text) - room) // 2) :]
    else:
        snippet = visible(str(block.text)[:_SNIPPET])
        took = f" for {duration((block.ended - block.started) * 1000)}" if block.ended else ""
        end = f"  {_ENDS[block.state]}" if block.state in _ENDS else ""
        head, text = f"✻ thought{took}{end}  ", " ".join(snippet.split())
    return _one(OPEN + head[2:].rstrip() if opened else head + text, muted, look.width)


def _plan(block: PlanBlock, look: Look) -> list[Line]:
    palette = look.palette
    lines = [_one("plan", palette.of("heading2"), look.width)]
    for index, task in enumerate(block.subtasks):
        if index in block.results:
            sign, role = "☑ ", "ok"
        elif index == block.current:
            sign, role = "▸ ", "running"
        else:
            sign, role = "☐ ", "muted"
        lines += _signed(sign, palette.of(role), visible(task, newlines=False), palette.text, look.width)
    return lines
