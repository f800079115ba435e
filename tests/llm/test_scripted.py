"""Scripts play as written, from code and from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent_tui.errors import ConfigError, ModelRejected, ModelUnavailable
from agent_tui.llm.messages import CallOptions, Finish, StreamPart, TextDelta, ThoughtDelta, ToolCall, user
from agent_tui.llm.scripted import Delay, ScriptedClient


async def play(client: ScriptedClient, text: str = "hello") -> list[StreamPart]:
    return [part async for part in client.stream([user(text)])]


async def test_turns_play_in_order_and_requests_are_kept() -> None:
    client = ScriptedClient([["a", ThoughtDelta("hm")], lambda messages: [messages[-1].text]])
    assert await play(client) == [TextDelta("a"), ThoughtDelta("hm"), Finish("stop")]
    assert await play(client, "echo") == [TextDelta("echo"), Finish("stop")]
    assert [request.messages[0].text for request in client.requests] == ["hello", "echo"]
    assert client.requests[0].options == CallOptions()
    with pytest.raises(ModelRejected, match="only 2 turns"):
        await play(client)


async def test_a_file_holds_every_kind_of_item(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    turns = [
        "hi",
        [{"thought": "hm"}, {"delay_s": 0}, {"call": {"name": "calc", "args": {"expression": "1"}}}],
        [{"text": "x"}, {"finish": "max_tokens", "usage": {"output_tokens": 3}}],
        [{"error": "overloaded", "retry_after_s": 2}],
        [{"error": "no such model", "status": 404}],
        [{"cut": True}],
    ]
    path.write_text(json.dumps({"turns": turns}), encoding="utf-8")
    client = ScriptedClient.from_file(path)
    assert client.model == f"script:{path}"
    assert client.capabilities.native_tools
    assert await play(client) == [TextDelta("hi"), Finish("stop")]
    assert await play(client) == [
        ThoughtDelta("hm"),
        ToolCall("script_2_1", "calc", {"expression": "1"}),
        Finish("tool_calls"),
    ]
    finish = (await play(client))[-1]
    assert isinstance(finish, Finish)
    assert (finish.reason, finish.usage.output_tokens) == ("max_tokens", 3)
    with pytest.raises(ModelUnavailable) as unavailable:
        await play(client)
    assert (unavailable.value.code, unavailable.value.retry_after_s) == ("http_503", 2)
    with pytest.raises(ModelRejected, match="no such model"):
        await play(client)
    assert await play(client) == []


async def test_actions_are_json_where_no_call_is_native(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    turns = [{"items": [{"tool": "calc", "args": {"expression": "1"}}]}, [{"answer": "done it"}]]
    path.write_text(json.dumps(turns), encoding="utf-8")
    client = ScriptedClient.from_file(path)
    assert not client.capabilities.native_tools
    assert json.loads(_text(await play(client))) == {
        "type": "tool",
        "tool_name": "calc",
        "args": {"expression": "1"},
    }
    assert json.loads(_text(await play(client))) == {"type": "final", "final": "done it"}


async def test_actions_beside_native_calls_are_native_too(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    turns = [
        {"call": {"name": "calc"}},
        {"tool": "calc", "args": {"expression": "1"}},
        {"answer": "done it"},
    ]
    path.write_text(json.dumps(turns), encoding="utf-8")
    client = ScriptedClient.from_file(path)
    await play(client)
    assert (await play(client))[0] == ToolCall("script_2_1", "calc", {"expression": "1"})
    assert _text(await play(client)) == "done it", "JSON would be shown to the person as the answer"


def _text(parts: list[StreamPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, TextDelta))


async def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text('"one"\n\n[{"text": "two"}]\n', encoding="utf-8")
    client = ScriptedClient.from_file(path)
    assert [(await play(client))[0] for _ in range(2)] == [TextDelta("one"), TextDelta("two")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid"),
        ("{", "not valid"),
        ("3", "not a list of turns"),
        ("[]", "no turns"),
        ('["a", 3]', "turn 2: it is not a list"),
        ('[[{"txt": "a"}]]', 'turn 1: {"txt": "a"} is not an item'),
        ('[[{"text": 3}]]', "turn 1: the value of 'text' is wrong"),
        ('[[{"finish": "done"}]]', "'finish'"),
        ('[[{"call": {}}]]', "'call'"),
        ('[[{"delay_s": "x"}]]', "'delay_s'"),
        ('"a"\n{\n', "line 2"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "script"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        ScriptedClient.from_file(path)
    assert said in error.value.message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        ScriptedClient.from_file(tmp_path / "none.json")


async def test_a_delay_is_waited_out() -> None:
    assert await play(ScriptedClient([[Delay(0.001), "a"]])) == [TextDelta("a"), Finish("stop")]
