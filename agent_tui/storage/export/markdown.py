"""A session as a document to read, in Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from agent_tui.events.view import (
    AnswerBlock,
    AnyBlock,
    NoticeBlock,
    PlanBlock,
    PromptBlock,
    SessionView,
    ThoughtBlock,
    ToolBlock,
)
from agent_tui.safetext import visible

_SAID = {"prompt": "Prompt", "shell": "Command", "tool": "Tool call", "steer": "Said while it ran"}


def markdown(view: SessionView) -> str:
    """The conversation with its tool calls; what was taken back is left out."""
    tokens = view.usage.input_tokens + view.usage.output_tokens
    head = f"# {_line(view.title or 'Session')}\n\nsession `{_line(view.session_id)}`, "
    head += f"model `{_line(view.model)}`, folder `{_line(view.cwd)}`, "
    head += f"{counted(len(view.runs), 'run')}, {counted(tokens, 'token')}"
    if view.usage.cost_usd is not None:
        head += f", ${view.usage.cost_usd:.4f}"
    return "\n\n".join([head, *(part for block in view.blocks for part in _block(block))]) + "\n"


def _block(block: AnyBlock) -> Iterator[str]:
    match block:
        case PromptBlock():
            yield f"## {_SAID[block.kind]}"
            yield _quoted(block.text)
        case AnswerBlock() if block.state != "void" and block.text:
            yield visible(str(block.text).strip())
            if block.state in ("cancelled", "broken"):
                yield "*(cut short)*"
        case ThoughtBlock() if block.state != "void" and block.text:
            yield "*Thought:*"
            yield _quoted(str(block.text))
        case ToolBlock():
            took = f", {block.duration_ms:.0f} ms" if block.duration_ms is not None else ""
            yield f"**{_line(block.name)}** ({block.state}{took})"
            yield fenced(json.dumps(block.args, indent=2, ensure_ascii=False), "json")
            if said := tool_text(block):
                yield fenced(said)
        case NoticeBlock():
            yield f"*{block.level}: {_line(block.text)}*"
        case PlanBlock():
            yield "\n".join(f"{number}. {_line(task)}" for number, task in enumerate(block.subtasks, 1))
        case _:
            pass


def counted(count: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def tool_text(block: ToolBlock) -> str:
    """What a tool gave back: what the model was told, else what it printed, else its error."""
    if block.observation:
        return block.observation
    if block.output:
        return "".join(text for stream, text in block.output if stream != "progress")
    return block.error.message if block.error is not None else ""


def fenced(text: str, language: str = "") -> str:
    """A code block that its text cannot end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{visible(text).rstrip()}\n{fence}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in visible(text).strip().splitlines())


def _line(text: str) -> str:
    return visible(" ".join(text.split()), newlines=False)
