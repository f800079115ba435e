"""A small application around a conversation, and views to show in it."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult

from agent_tui.events.view import AnswerBlock, AnyBlock, PromptBlock, SessionView, TextBuffer, ToolBlock
from agent_tui.tui.widgets.conversation import Conversation


class ConversationApp(App[None]):
    def __init__(self, view: SessionView) -> None:
        super().__init__()
        self.view = view
        self.picked: list[str] = []
        self.copied: list[str] = []

    def compose(self) -> ComposeResult:
        yield Conversation()

    def on_mount(self) -> None:
        self.conversation.show(self.view)
        self.conversation.focus()

    @property
    def conversation(self) -> Conversation:
        return self.query_one(Conversation)

    def on_conversation_span_picked(self, event: Conversation.SpanPicked) -> None:
        self.picked.append(event.span_id)

    def on_conversation_copied(self, event: Conversation.Copied) -> None:
        self.copied.append(event.text)

    def screen_rows(self) -> list[str]:
        """What is on the screen, row by row, without the padding."""
        widget = self.conversation
        return [strip.text[1:].rstrip() for strip in widget.render_lines(widget.size.region)]


def add(view: SessionView, cls: type[AnyBlock], **fields: Any) -> Any:
    place = {
        "index": len(view.blocks),
        "seq": len(view.blocks) + 1,
        "run_id": "r",
        "span_id": f"s{len(view.blocks)}",
    }
    block = cls(**(place | fields))
    view.blocks.append(block)
    return block


def answer(view: SessionView, text: str, state: str = "done") -> AnswerBlock:
    return add(view, AnswerBlock, text=TextBuffer(text), state=state)


def prompt(view: SessionView, text: str) -> PromptBlock:
    return add(view, PromptBlock, text=text)


def tool(view: SessionView, name: str = "shell", **fields: Any) -> ToolBlock:
    given = {"call_id": f"c{len(view.blocks)}", "name": name, "args": {"command": "ls"}, "risk": "low"}
    return add(view, ToolBlock, **(given | fields))


def long_view(count: int) -> SessionView:
    view = SessionView()
    for at in range(count):
        prompt(view, f"prompt {at}")
        answer(view, f"answer {at}\n\n" + "words and more words. " * (at % 17) + "\n\n- a\n- b")
    return view
