"""Parts that came at the same time are told together, and nothing of them is lost."""

import pytest

from agent_tui.errors import ModelBlocked
from agent_tui.llm.messages import Finish, TextDelta, ThoughtDelta, ToolCall, ToolCallDelta, joined


def test_text_that_goes_on_becomes_one_part():
    parts = [TextDelta("It "), TextDelta("is "), TextDelta("4."), Finish("stop")]
    assert list(joined(parts)) == [TextDelta("It is 4."), Finish("stop")]


def test_what_is_told_apart_stays_apart_and_in_order():
    parts = [
        ThoughtDelta("h"),
        ThoughtDelta("m"),
        ThoughtDelta("", "signature"),
        ThoughtDelta("more"),
        TextDelta("a"),
        ToolCallDelta("1", "read", "{"),
        ToolCallDelta("1", "read", "}"),
        ToolCallDelta("2", "read", "{}"),
        ToolCall("1", "read", {}),
        TextDelta("b"),
    ]
    assert list(joined(parts)) == [
        ThoughtDelta("hm"),
        ThoughtDelta("", "signature"),
        ThoughtDelta("more"),
        TextDelta("a"),
        ToolCallDelta("1", "read", "{}"),
        ToolCallDelta("2", "read", "{}"),
        ToolCall("1", "read", {}),
        TextDelta("b"),
    ]


def test_an_error_comes_after_what_came_before_it():
    def source():
        yield TextDelta("a")
        yield TextDelta("b")
        raise ModelBlocked("no")

    seen = []
    with pytest.raises(ModelBlocked):
        for part in joined(source()):
            seen.append(part)
    assert seen == [TextDelta("ab")]
