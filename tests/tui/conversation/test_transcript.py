"""Whatever happens to the blocks in whatever order, the column of lines is that of the view."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from agent_tui.events.view import SessionView, TextBuffer, ThoughtBlock
from agent_tui.tui.markdown import MarkdownStyles
from agent_tui.tui.widgets.conversation.draw import Look
from agent_tui.tui.widgets.conversation.heights import Heights
from agent_tui.tui.widgets.conversation.palette import ROLES, Palette
from agent_tui.tui.widgets.conversation.transcript import LINES_KEPT, Transcript
from tests.tui.conversation.app import add, answer, long_view, prompt, tool

PALETTE = Palette(Style(), MarkdownStyles(), MarkdownStyles(), dict.fromkeys(ROLES, Style()))
KINDS = ["answer", "tool", "prompt", "thought", "grow", "void", "end", "look", "open"]
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 30)), max_size=40)


def look(width: int = 40) -> Look:
    return Look(width, PALETTE)


def column(transcript: Transcript) -> list[str]:
    rows = transcript.rows(0, 0, 1_000_000)
    lines = [transcript.line(row) for row in rows]
    return ["" if line is None else line.text for line in lines]


@settings(max_examples=80, deadline=None)
@given(steps)
def test_updates_draw_what_a_fresh_view_draws(plan: list[tuple[str, int]]) -> None:
    view = SessionView()
    transcript = Transcript(view, look())
    opened: set[int] = set()
    for kind, number in plan:
        index = number % len(view.blocks) if view.blocks else 0
        changed = {index} if view.blocks else set()
        block = view.blocks[index] if view.blocks else None
        if kind == "answer":
            answer(view, "a **b**\n" * number, "streaming")
        elif kind == "thought":
            add(view, ThoughtBlock, text=TextBuffer("t " * number), state="streaming")
        elif kind == "tool":
            tool(view, output=[("stdout", "x\n" * number)])
        elif kind == "prompt":
            prompt(view, "p\n" * number)
        elif block is not None and hasattr(block, "text") and not isinstance(block.text, str):
            if kind == "grow" and block.state == "streaming":
                block.text.append("- more\n" * number)
            elif kind in ("void", "end") and block.state == "streaming":
                block.state = "void" if kind == "void" else "cancelled"
        if kind == "look" and view.blocks:
            transcript.rows(min(index, len(transcript) - 1), 0, 20)
        if kind == "open" and index < len(transcript) and transcript.toggle(index):
            opened ^= {index}
        transcript.update(changed)
    fresh = Transcript(view, look())
    for index in opened:
        fresh.toggle(index)
    assert column(transcript) == column(fresh)
    assert transcript.total == len(column(transcript))


@given(
    st.lists(st.integers(0, 9), max_size=80),
    st.lists(st.tuples(st.integers(0, 79), st.integers(0, 9)), max_size=20),
)
def test_running_sums(values: list[int], changes: list[tuple[int, int]]) -> None:
    third = len(values) // 3
    heights = Heights(values[:third])
    for value in values[third : 2 * third]:
        heights.append(value)
    heights.extend(values[2 * third :])
    for index, value in changes:
        if index < len(values):
            heights.set(index, value)
            values[index] = value
    assert heights.total == sum(values)
    for index in range(len(values)):
        assert heights.before(index) == sum(values[:index])
    places = [(index, at) for index, value in enumerate(values) for at in range(value)]
    assert [heights.find(line) for line in range(len(places))] == places


def test_what_was_drawn_long_ago_is_forgotten() -> None:
    view = long_view(1500)
    transcript = Transcript(view, look())
    for index in range(0, len(transcript), 4):
        transcript.rows(index, 0, 30)
        transcript.evict((index, index + 8))
    kept = sum(entry.body.height for entry in transcript._entries if entry.body is not None)
    assert kept <= LINES_KEPT + 100


def test_five_thousand_blocks_load_without_being_drawn() -> None:
    view = long_view(2500)
    start = time.process_time()
    transcript = Transcript(view, look())
    transcript.rows(len(transcript) - 5, 0, 40)
    assert time.process_time() - start < 1
