"""What is sent to Gemini."""

import base64

import pytest

from agent_tui.llm.messages import (
    CallOptions,
    Message,
    Text,
    Thought,
    ToolCall,
    ToolDeclaration,
    ToolResult,
    assistant,
    system,
    user,
)
from tests.fakes.calls import HELLO, KEY, gemini, parts_of
from tests.fakes.gemini_server import gemini_server
from tests.fakes.wire_server import Call, End, Think

pytestmark = pytest.mark.usefixtures("quiet_loop")
SIGNATURE = base64.b64encode(b"\xfb\xff\xfe signed").decode()


async def sent(messages, options=CallOptions(), name="gemini-2.5-flash"):
    with gemini_server() as server:
        async with gemini(server, name) as client:
            await client.generate(messages, options)
    return server.requests[0]


async def test_the_request_goes_to_v1beta_as_server_sent_events_with_the_key_in_a_header():
    with gemini_server() as server:
        async with gemini(server) as client:
            await parts_of(client)
    (request,) = server.requests
    assert request.path == "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert request.headers["x-goog-api-key"] == KEY
    assert request.headers["accept-encoding"] == "identity"
    assert "x-server-timeout" not in request.headers


async def test_roles_and_the_system_text():
    request = await sent(
        [system("Be brief."), user("hi"), assistant("hello"), user("more"), user("please")]
    )
    body = request.body
    assert body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"text": "hello"}]},
        {"role": "user", "parts": [{"text": "more"}, {"text": "please"}]},
    ]


async def test_calls_and_results_with_signatures():
    call = ToolCall("c1", "calc", {"expression": "1+1"}, SIGNATURE)
    other = ToolCall("c2", "calc", {"expression": "1/0"})
    thoughts = (Thought("only words"), Thought("", SIGNATURE))
    results = (ToolResult("c1", "calc", "2"), ToolResult("c2", "calc", "no", is_error=True))
    request = await sent(
        [
            user("go"),
            Message("assistant", (*thoughts, Text("on it"), call, other)),
            Message("tool", results),
        ]
    )
    _, model, tool = request.body["contents"]
    assert model["role"] == "model"
    assert model["parts"] == [
        {"text": "", "thoughtSignature": SIGNATURE},
        {"text": "on it"},
        {
            "functionCall": {"id": "c1", "name": "calc", "args": {"expression": "1+1"}},
            "thoughtSignature": SIGNATURE,
        },
        {"functionCall": {"id": "c2", "name": "calc", "args": {"expression": "1/0"}}},
    ]
    assert tool["role"] == "user"
    assert [part["functionResponse"]["response"] for part in tool["parts"]] == [
        {"output": "2"},
        {"error": "no"},
    ]


async def test_what_gemini_signed_comes_back_as_it_was():
    reply = [Think("hm", SIGNATURE), Call("calc", {}, SIGNATURE, "c1"), End()]
    with gemini_server(reply) as server:
        async with gemini(server) as client:
            answer = await client.generate(HELLO)
            await client.generate([*HELLO, answer.message])
    thought, call = server.requests[1].body["contents"][1]["parts"]
    assert thought == {"text": "hm", "thought": True, "thoughtSignature": SIGNATURE}
    assert call["thoughtSignature"] == SIGNATURE


async def test_options():
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    tool = ToolDeclaration("calc", "Adds.", schema)
    options = CallOptions(
        tools=(tool,), response_schema=schema, temperature=0.2, max_output_tokens=99, thinking_budget=512
    )
    body = (await sent(HELLO, options)).body
    declaration = body["tools"][0]["functionDeclarations"][0]
    assert (declaration["name"], declaration["description"]) == ("calc", "Adds.")
    assert declaration["parameters_json_schema"] == schema
    config = body["generationConfig"]
    assert config["temperature"] == 0.2
    assert config["maxOutputTokens"] == 99
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"] == schema
    assert config["thinkingConfig"] == {"include_thoughts": True, "thinking_budget": 512}


@pytest.mark.parametrize("name", ["gemini-2.0-flash", "gemma-3-27b-it"])
async def test_models_that_cannot_think_are_not_asked_to(name: str):
    request = await sent(HELLO, name=name)
    assert "thinkingConfig" not in request.body.get("generationConfig", {})
