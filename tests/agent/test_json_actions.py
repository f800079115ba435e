"""The portable protocol: what is shown, what is chosen, and what is said of nonsense."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_tui.agent.actions import Action, CallTools, Finish, Malformed
from agent_tui.agent.protocols.base import ModelTurn
from agent_tui.agent.protocols.json_actions import JsonActions, observation_text, parse_observation
from agent_tui.llm import messages as llm
from agent_tui.llm.portable import OBJECTION, declared_tools

ANSWER = {"type": "final", "final": "hello"}
CALC = {"type": "tool", "tool_name": "calc", "args": {"expression": "1 + 1"}}


def read(text: str, cuts: list[int] | None = None, reason: str = "stop") -> tuple[ModelTurn, str, str]:
    """The turn, the text shown as the answer, and all that was shown."""
    ids = itertools.count(1)
    reader = JsonActions().reader(lambda: f"call_{next(ids)}")
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts or [])})
    shown = []
    for start, end in itertools.pairwise(edges):
        shown += reader.feed(llm.TextDelta(text[start:end]))
    shown += reader.feed(llm.Finish(reason))  # type: ignore[arg-type]
    answer = "".join(each.text for each in shown if each.channel == "answer")
    return reader.finish(), answer, "".join(each.text for each in shown)


def action(text: str, reason: str = "stop") -> Action:
    return read(text, reason=reason)[0].action


def final(text: str) -> str:
    turn, shown, _ = read(text)
    assert isinstance(turn.action, Finish), turn.action
    assert shown == turn.action.answer.answer
    assert turn.action.answer.repaired is None
    return shown


def problem(text: str, reason: str = "stop") -> str:
    turn, _shown, _ = read(text, reason=reason)
    assert isinstance(turn.action, Malformed), turn.action
    assert turn.action.problem.startswith(OBJECTION)
    assert '{"type":"tool"' in turn.action.problem
    return turn.action.problem


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ANSWER),
        f"```json\n{json.dumps(ANSWER, indent=2)}\n```",
        f"\ufeff\n  {json.dumps(ANSWER)}  \n",
        f"Sure! Here {{it}} is [1]:\n{json.dumps(ANSWER)}\nAnything else?",
        '{"final": "hello", "type": "final"}',
        '{"final": "hello"}',
        '{"type": "final", "final": "hello",}',
        '{"type": "final", "final": {"answer": "hello", "confidence": 0.5}}',
        '{"type": "final", "answer": "hello"}',
        '[{"type": "final", "final": "hello"}]',
        '{"thought": "hm", "type": "final", "final": "hello", "extra": [1]}',
        '{"type": "final", "final": "hello"',
        '{"note": {"final": 1}} {"type": "final", "final": "hello"}',
        f"{json.dumps(ANSWER)}\n{json.dumps(CALC)}",
    ],
)
def test_the_answer_is_found_and_shown_exactly(text: str) -> None:
    assert final(text) == "hello"


@given(st.text(), st.booleans(), st.booleans(), st.lists(st.integers(0, 2000), max_size=30))
def test_the_answer_is_shown_exactly_in_any_chunks(
    answer: str, as_object: bool, ascii_only: bool, cuts: list[int]
) -> None:
    value = {"answer": answer, "sources": ["a"]} if as_object else answer
    text = json.dumps({"type": "final", "final": value}, ensure_ascii=ascii_only)
    turn, shown, _ = read(text, cuts)
    assert turn.raw == text
    assert shown == answer
    if answer.strip():
        assert isinstance(turn.action, Finish)
        assert turn.action.answer.answer == answer


def test_the_answer_streams_before_it_is_complete() -> None:
    reader = JsonActions().reader(lambda: "c")
    shown = reader.feed(llm.TextDelta('{"type": "final", "final": "Hel'))
    assert [(each.text, each.channel) for each in shown] == [
        ('{"type": "final", "final": "', "action"),
        ("Hel", "answer"),
    ]
    assert [each.text for each in reader.feed(llm.TextDelta("lo\\"))] == ["lo"]
    assert [each.text for each in reader.feed(llm.TextDelta("nyou"))] == ["\nyou"]


def test_an_answer_before_its_type_waits_until_it_is_certain() -> None:
    reader = JsonActions().reader(lambda: "c")
    assert {each.channel for each in reader.feed(llm.TextDelta('{"final": "hello", "type": "fin'))} == {
        "action"
    }
    assert reader.feed(llm.TextDelta('al"}'))[-1].text == "hello"


fragments = st.lists(
    st.sampled_from(
        [
            '{"type":"final","final":"', '{"type":"tool","tool_name":"calc","args":{', "}", "}}", "]", "[",
            '"', ",", ":", '"answer":"x"', "\\", "\\u12", "\\ud83d", '{"', "prose", "```json\n", "\n",
            '"type"',            '"final"', "1.5", "null",
        ]
    )
    | st.text(max_size=5),
    max_size=14,
).map("".join)  # fmt: skip


@given(fragments, st.lists(st.integers(0, 200), max_size=20), st.sampled_from(["stop", "max_tokens"]))
def test_nonsense_never_raises_and_chunks_never_matter(text: str, cuts: list[int], reason: str) -> None:
    whole, shown_whole, _ = read(text, reason=reason)
    turn, shown, _ = read(text, cuts, reason)
    assert turn == whole
    assert shown == shown_whole
    if isinstance(turn.action, Finish):
        assert shown == turn.action.answer.answer


def test_a_call() -> None:
    chosen = action(json.dumps(CALC))
    assert isinstance(chosen, CallTools)
    assert [(call.call_id, call.tool_name, call.args) for call in chosen.calls] == [
        ("call_1", "calc", {"expression": "1 + 1"})
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([CALC, CALC]),
        f"{json.dumps(CALC)}\n{json.dumps(CALC)}",
        f"```\n{json.dumps(CALC)},\n{json.dumps(CALC)}\n```",
        json.dumps([CALC, CALC, ANSWER]),
        f"{json.dumps(CALC)}{json.dumps(CALC)}\nObservation: 2\n{json.dumps(CALC)}",
        f"{json.dumps(CALC)}{json.dumps(CALC)}{json.dumps(ANSWER)}",
    ],
)
def test_calls_side_by_side(text: str) -> None:
    turn, shown, _ = read(text)
    assert isinstance(turn.action, CallTools)
    assert [call.call_id for call in turn.action.calls] == ["call_1", "call_2"]
    assert shown == ""


@pytest.mark.parametrize("args", ["", ', "args": null', ', "args": {}', ', "args": "{}"'])
def test_a_call_without_arguments(args: str) -> None:
    chosen = action(f'{{"type": "tool", "tool_name": "current_time"{args}}}')
    assert isinstance(chosen, CallTools)
    assert chosen.calls[0].args == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("I think the answer is 4.", "only prose"),
        ('{"type": "calc", "args": {}}', '"type" is "calc"'),
        ('{"name": "calc", "arguments": {}}', '"name", "arguments"'),
        ('{"type": "tool", "args": {}}', '"tool_name" is missing'),
        ('{"type": "tool", "tool_name": "calc", "args": [1]}', '"args" must be a JSON object'),
        ('{"type": "final"}', '"final" is missing'),
        ('{"type": "final", "final": ""}', "empty"),
        ('{"type": "final", "final": {"text": "x"}}', 'string "answer"'),
        ('{"type": "final", "final": ["x"]}', "a list"),
        ('{"type": "final", "type": "tool", "tool_name": "x"}', '"type" stands twice'),
        ('{"tool_name": "x", "final": "y"}', "both"),
        ('{"type": "tool", "tool_name": "calc", "args": {"expression": "1', "within a string"),
        ('{"type": "final", "final": "he said "hi""}', 'written \\"'),
        ("{'type': 'final'}", "double quotes"),
        (json.dumps([CALC, "x"]), "item 2"),
    ],
)
def test_what_was_wrong_is_said(text: str, said: str) -> None:
    assert said in problem(text)


def test_a_cut_call_is_never_made() -> None:
    assert "cut off" in problem(
        '{"type": "tool", "tool_name": "calc", "args": {"expression": "1"}', "max_tokens"
    )
    assert "limit was used up" in problem("", "max_tokens")


def test_a_cut_answer_is_kept_and_marked() -> None:
    turn, shown, _ = read('{"type": "final", "final": "a long answer that is', reason="max_tokens")
    assert isinstance(turn.action, Finish)
    assert turn.action.answer.answer == shown == "a long answer that is"
    assert turn.action.answer.repaired == "cut_off"


def test_the_text_of_an_argument_is_no_action() -> None:
    inner = json.dumps(ANSWER)
    text = f'{{"type": "tool", "tool_name": "shell", "args": {{"command": \'echo {inner}\'}}}}'
    assert "double quotes" in problem(text)


def test_fields_of_the_answer() -> None:
    text = json.dumps(
        {
            "type": "final",
            "final": {"answer": "x", "confidence": 0.9, "sources": ["a", 1], "needs_human_review": True},
        }
    )
    chosen = action(text)
    assert isinstance(chosen, Finish)
    assert chosen.answer.confidence == 0.9
    assert chosen.answer.sources == ("a",)
    assert chosen.answer.needs_human_review


@pytest.mark.parametrize("number", ["87.2", "true", "-3"])
def test_a_bare_value_is_an_answer(number: str) -> None:
    assert final(f'{{"type": "final", "final": {number}}}') == number


def test_thoughts_and_everything_else_go_their_own_channels() -> None:
    reader = JsonActions().reader(lambda: "c")
    assert reader.feed(llm.ThoughtDelta("hm"))[0].channel == "thought"
    assert reader.feed(llm.TextDelta("prose"))[0].channel == "action"
    _, _, everything = read(json.dumps(CALC), [3, 9, 20])
    assert everything == json.dumps(CALC)


def test_prose_can_be_taken_as_an_answer_but_a_broken_action_cannot() -> None:
    protocol = JsonActions()
    assert protocol.prose(" It is 4. See {this} and [1]. ") == "It is 4. See {this} and [1]."
    assert protocol.prose('{"type": "tool", "tool_name": ') is None
    assert protocol.prose(" \n") is None


def test_the_prompt_and_the_observations_can_be_read_back() -> None:
    tool = llm.ToolDeclaration(
        "calc",
        "Do sums.\nSafely.",
        {"type": "object", "title": "CalcArgs", "properties": {"title": {"type": "string"}}},
    )
    text = JsonActions().instructions([tool])
    assert (
        '- calc: Do sums. Safely.\n  args: {"type":"object","properties":{"title":{"type":"string"}}}'
        in text
    )
    assert declared_tools(text) == {"calc"}
    seen = parse_observation(observation_text("call_1", "calc", "a\nb"))
    assert seen is not None
    assert (seen.call_id, seen.tool_name, seen.content) == ("call_1", "calc", "a\nb")
    assert parse_observation("Observation: none") is None


def test_native_calls_of_an_earlier_model_are_rewritten() -> None:
    calls = tuple(llm.ToolCall(c, "calc", {"x": 1}, "sig") for c in ("a", "b"))
    results = tuple(llm.ToolResult(c, "calc", "2") for c in ("a", "b"))
    told = [
        llm.user("go"),
        llm.Message("assistant", (llm.Text("Let me see."), *calls)),
        llm.Message("tool", results),
        llm.assistant("2"),
    ]
    rewritten = JsonActions().conversation(told)
    assert [message.role for message in rewritten] == ["user", "assistant", "user", "user", "assistant"]
    assert rewritten[1].text.count('"tool_name": "calc"') == 2
    assert rewritten[2].text == observation_text("a", "calc", "2")
