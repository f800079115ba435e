"""What is sent to an OpenAI-compatible server."""

import json

import pytest

from agent_tui.llm import openai_dialect
from agent_tui.llm.messages import (
    CallOptions,
    Message,
    Text,
    Thought,
    ToolCall,
    ToolDeclaration,
    ToolResult,
    system,
    user,
)
from agent_tui.llm.openai import OpenAIClient
from tests.fakes.calls import HELLO, KEY, openai, parts_of
from tests.fakes.openai_server import openai_server


def body(messages, options=CallOptions(), *, hosted=False):
    return openai_dialect.request("m", messages, options, stream=True, hosted=hosted)


async def test_a_request_on_the_wire(quiet_loop):
    with openai_server() as server:
        async with openai(server) as client:
            await parts_of(client)
    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"
    assert request.body == {
        "model": "some-model",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_without_a_key_none_is_sent(quiet_loop):
    with openai_server() as server:
        client = OpenAIClient.from_env("m", {"OPENAI_BASE_URL": server.origin + "/v1/"})
        await client.generate(HELLO)
        await client.aclose()
    assert "authorization" not in server.requests[0].headers


def test_a_conversation_with_calls():
    call = ToolCall("c1", "read", {"path": "ä"})
    made = body(
        [
            system("Be brief."),
            user("go"),
            Message("assistant", (Thought("hm"), Text("on it"), call)),
            Message(
                "tool", (ToolResult("c1", "read", "text"), ToolResult("c2", "read", "no", is_error=True))
            ),
            Message("assistant", ()),
        ]
    )["messages"]
    assert made[:2] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "go"}]
    assert made[2]["content"] == "on it"
    (sent,) = made[2]["tool_calls"]
    assert (sent["id"], sent["type"], sent["function"]["name"]) == ("c1", "function", "read")
    assert json.loads(sent["function"]["arguments"]) == {"path": "ä"}
    assert made[3:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "text"},
        {"role": "tool", "tool_call_id": "c2", "content": "no"},
    ]


def test_neighbours_of_one_role_are_joined():
    call = Message("assistant", (ToolCall("c1", "read", {}),))
    said = Message("assistant", (Text("half an answer"),))
    result = Message("tool", (ToolResult("c1", "read", "x"),))
    made = body([user("one"), user("two"), said, call, result, user("three")])["messages"]
    assert [message["role"] for message in made] == ["user", "assistant", "tool", "user"]
    assert made[0]["content"] == "one\n\ntwo"
    assert (made[1]["content"], len(made[1]["tool_calls"])) == ("half an answer", 1)


def test_options():
    schema = {"type": "object"}
    options = CallOptions(
        tools=(ToolDeclaration("calc", "Adds.", schema),),
        response_schema=schema,
        temperature=0.0,
        max_output_tokens=9,
    )
    made = body(HELLO, options)
    function = {"name": "calc", "description": "Adds.", "parameters": schema}
    assert made["tools"] == [{"type": "function", "function": function}]
    assert made["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema},
    }
    assert (made["temperature"], made["max_tokens"]) == (0.0, 9)


@pytest.mark.parametrize(
    ("url", "native"), [("https://api.openai.com/v1", True), ("http://127.0.0.1:8080/v1", False)]
)
def test_openai_itself_gets_the_words_of_its_newer_models(url: str, native: bool):
    client = OpenAIClient("gpt-5", api_key=KEY, base_url=url)
    assert client.capabilities.native_tools is native
    assert "max_completion_tokens" in body(HELLO, CallOptions(max_output_tokens=9), hosted=True)
