"""The native protocol: parts of a provider's stream become actions."""

from __future__ import annotations

import itertools

import pytest

from agent_tui.agent.actions import CallTools, Finish, Malformed
from agent_tui.agent.protocols.base import ModelTurn
from agent_tui.agent.protocols.native import NativeCalls
from agent_tui.llm import messages as llm


def read(*parts: llm.StreamPart) -> tuple[ModelTurn, list[tuple[str, str]]]:
    numbers = itertools.count(1)
    reader = NativeCalls().reader(lambda: f"ours{next(numbers)}")
    shown = [(each.text, each.channel) for part in parts for each in reader.feed(part)]
    return reader.finish(), shown


def test_text_is_the_answer() -> None:
    turn, shown = read(
        llm.ThoughtDelta("hm"), llm.TextDelta("Hel"), llm.TextDelta("lo"), llm.Finish("stop")
    )
    assert isinstance(turn.action, Finish)
    assert turn.action.answer.answer == turn.raw == "Hello"
    assert shown == [("hm", "thought"), ("Hel", "answer"), ("lo", "answer")]


def test_calls_keep_their_signature() -> None:
    turn, shown = read(
        llm.TextDelta("Let me see."),
        llm.ToolCallDelta("c1", "calc", '{"expression"'),
        llm.ToolCall("c1", "calc", {"expression": "1+1"}, "c2ln"),
        llm.ToolCall("c1", "calc", {"expression": "2+2"}),
        llm.Finish("tool_calls"),
    )
    assert isinstance(turn.action, CallTools)
    assert [call.call_id for call in turn.action.calls] == ["ours1", "ours2"]  # providers repeat their own
    assert turn.calls[0].signature == "c2ln"
    assert turn.raw == "Let me see."
    assert shown[1] == ('{"expression"', "action")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((llm.Finish("stop"),), "empty"),
        ((llm.TextDelta("  "), llm.Finish("stop")), "empty"),
        ((llm.Finish("max_tokens"),), "limit"),
        ((llm.Finish("malformed_call", detail="bad quote"),), "bad quote"),
        ((llm.ToolCall("c", "calc", {"x": object()}),), "not JSON"),
    ],
)
def test_what_is_no_action_is_said(parts: tuple[llm.StreamPart, ...], said: str) -> None:
    turn, _ = read(*parts)
    assert isinstance(turn.action, Malformed)
    assert said in turn.action.problem


def test_an_answer_at_the_token_limit_is_kept_and_marked() -> None:
    turn, _ = read(llm.TextDelta("half of"), llm.Finish("max_tokens"))
    assert isinstance(turn.action, Finish)
    assert turn.action.answer.repaired == "cut_off"


def test_options_carry_the_declarations() -> None:
    tool = llm.ToolDeclaration("calc", "Do sums.", {"type": "object"})
    assert NativeCalls().options(llm.CallOptions(temperature=0.5), [tool]) == llm.CallOptions(
        tools=(tool,), temperature=0.5
    )
