"""Copies of blocks and spans for a fold that shares its past: made before the first write to one."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TypeVar

from agent_tui.events.view import (
    AnswerBlock,
    AnyBlock,
    AnySpan,
    LlmSpan,
    NoticeBlock,
    PlanBlock,
    PromptBlock,
    RunSpan,
    SessionView,
    StepSpan,
    ThoughtBlock,
    ToolBlock,
    ToolSpan,
)

B = TypeVar("B", bound=AnyBlock)
S = TypeVar("S", bound=AnySpan)


def view_copy(view: SessionView) -> SessionView:
    """A view of its own whose blocks and spans are the same objects."""
    return replace(
        view,
        blocks=list(view.blocks),
        spans=dict(view.spans),
        runs=list(view.runs),
        approvals=dict(view.approvals),
        queue=list(view.queue),
        steers=list(view.steers),
    )


def block_copy(block: B) -> B:
    """A block that may be written without the other one changing; what never changes is shared."""
    twin = copy.copy(block)
    match twin:
        case AnswerBlock() | ThoughtBlock():
            twin.text = twin.text.copy()
        case ToolBlock():
            twin.output = list(twin.output)
        case PlanBlock():
            twin.results = dict(twin.results)
        case PromptBlock() | NoticeBlock():
            pass
    return twin


def span_copy(span: S) -> S:
    """A span that may be written without the other one changing; what never changes is shared."""
    twin = copy.copy(span)
    twin.children = list(twin.children)
    match twin:
        case LlmSpan():
            twin.answer, twin.thought, twin.action = (
                twin.answer.copy(),
                twin.thought.copy(),
                twin.action.copy(),
            )
        case RunSpan() | StepSpan() | ToolSpan():
            pass
    return twin
