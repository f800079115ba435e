"""What an OpenAI-compatible server streams."""

import json

import pytest

from agent_tui.errors import ModelUnavailable
from agent_tui.llm.messages import Finish, TextDelta, ThoughtDelta, ToolCall, ToolCallDelta
from tests.fakes import markdown
from tests.fakes.calls import HELLO, openai, parts_of, text_of
from tests.fakes.openai_server import openai_server
from tests.fakes.wire_server import Call, Chunk, End, Raw, Say, Stall, Think, Tokens

pytestmark = pytest.mark.usefixtures("quiet_loop")


async def streamed(*reply):
    with openai_server(list(reply)) as server:
        async with openai(server) as client:
            return await parts_of(client)


def calls_of(parts):
    return [part for part in parts if isinstance(part, ToolCall)]


def delta(**fields):
    return Chunk({"choices": [{"index": 0, "delta": fields}]})


async def test_thoughts_text_and_usage():
    parts = await streamed(Think("hm"), Say("It is "), Say("4."), End())
    assert parts[:2] == [ThoughtDelta("hm"), TextDelta("It is 4.")]
    finish = parts[2]
    assert isinstance(finish, Finish)
    assert finish.reason == "stop"
    assert (finish.usage.input_tokens, finish.usage.output_tokens) == (11, 7)
    assert finish.usage.cost_usd is None, "what a server of one's own costs is not known"


async def test_reasoning_under_its_other_name():
    assert (await streamed(delta(reasoning="hm"), End()))[0] == ThoughtDelta("hm")


async def test_usage_counts_reasoning_apart_and_the_cache():
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "completion_tokens_details": {"reasoning_tokens": 30},
        "prompt_tokens_details": {"cached_tokens": 64},
    }
    finish = (await streamed(Say("x"), End(usage=usage)))[-1]
    assert isinstance(finish, Finish)
    assert (finish.usage.output_tokens, finish.usage.thought_tokens) == (20, 30)
    assert finish.usage.cached_tokens == 64


async def test_calls_are_put_together_from_their_pieces():
    first, second = {"path": "ä.txt", "lines": [1, 2]}, {"x": None}
    parts = await streamed(
        Call("read", first, pieces=3), Call("other", second, pieces=1), End("tool_calls")
    )
    assert calls_of(parts) == [ToolCall("call_0", "read", first), ToolCall("call_1", "other", second)]
    shown = [part for part in parts if isinstance(part, ToolCallDelta) and part.call_id == "call_0"]
    assert json.loads("".join(part.text for part in shown)) == first
    assert {part.name for part in shown} == {"read"}
    assert parts.index(calls_of(parts)[0]) > parts.index(shown[-1])
    assert isinstance(parts[-1], Finish)
    assert parts[-1].reason == "tool_calls"


async def test_calls_that_share_an_index_are_told_apart_by_id():
    def call(call_id, arguments):
        return {"index": 0, "id": call_id, "function": {"name": "f", "arguments": arguments}}

    parts = await streamed(delta(tool_calls=[call("a", '{"n":1}'), call("b", '{"n":2}')]), End("stop"))
    assert [(found.call_id, found.args) for found in calls_of(parts)] == [("a", {"n": 1}), ("b", {"n": 2})]
    assert parts[-1].reason == "tool_calls"


async def test_calls_without_index_id_or_arguments():
    pieces = [{"function": {"name": "now"}}, {"function": {"name": "sum", "arguments": {"n": 1}}}]
    now, total = calls_of(await streamed(delta(tool_calls=pieces), End("stop")))
    assert (now.name, now.args, total.name, total.args) == ("now", {}, "sum", {"n": 1})
    assert now.call_id
    assert now.call_id != total.call_id


async def test_arguments_that_are_no_json_object():
    broken = {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"n": '}}
    parts = await streamed(delta(tool_calls=[broken]), End("tool_calls"))
    assert calls_of(parts) == []
    assert parts[-1].reason == "malformed_call"
    assert "f" in parts[-1].detail


async def test_arguments_cut_by_the_token_limit():
    broken = {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"n": '}}
    assert (await streamed(delta(tool_calls=[broken]), End("length")))[-1].reason == "max_tokens"


@pytest.mark.parametrize(
    ("wire", "reason", "detail"),
    [
        ("stop", "stop", ""),
        ("length", "max_tokens", ""),
        ("content_filter", "safety", "content_filter"),
        ("from_the_future", "other", "from_the_future"),
    ],
)
async def test_finish_reasons(wire: str, reason: str, detail: str):
    finish = (await streamed(Say("x"), End(wire)))[-1]
    assert isinstance(finish, Finish)
    assert (finish.reason, finish.detail) == (reason, detail)


async def test_chunks_of_a_strange_shape_are_passed_over():
    strange = [{}, {"choices": []}, {"choices": None}, {"choices": [{"delta": None}]}, {"choices": ["x"]}]
    strange.append({"choices": [{"delta": {"content": 5, "tool_calls": "x"}}], "usage": "x"})
    assert text_of(await streamed(Say("a"), *map(Chunk, strange), Say("b"), End())) == "ab"


async def test_comments_crlf_and_separators_inside_text():
    raw = Raw(': ping\r\n\r\ndata:{"choices":[{"delta":{"content":"\u2028ü"}}]}\r\n\r\n'.encode())
    assert text_of(await streamed(raw, End())) == "\u2028ü"


async def test_a_long_answer_arrives_whole():
    tokens = markdown.tokens(3000)
    assert text_of(await streamed(Tokens(tokens), End())) == "".join(tokens)


async def test_a_server_that_cannot_stream_answers_whole():
    with openai_server([Say("Hello "), Say("you."), End()], streams=False) as server:
        async with openai(server) as client:
            parts = await parts_of(client)
    assert text_of(parts) == "Hello you."
    assert parts[-1].reason == "stop"


async def test_done_ends_the_answer_even_if_the_server_keeps_talking_to_itself():
    with openai_server([Say("x"), End(), Stall()]) as server:
        async with openai(server) as client:
            assert text_of(await parts_of(client)) == "x"
        await server.until(lambda: server.open_connections == 0)


async def test_a_stream_without_finish_reason_was_cut():
    with pytest.raises(ModelUnavailable) as caught:
        await streamed(Say("half"), Raw(b"data: [DONE]\n\n"))
    assert caught.value.code == "stream_cut"


async def test_generate():
    with openai_server([Think("hm"), Say("Hello."), Call("f", {"n": 1}), End("tool_calls")]) as server:
        async with openai(server) as client:
            response = await client.generate(HELLO)
    assert server.requests[0].body["stream"] is False
    assert "stream_options" not in server.requests[0].body
    assert response.message.text == "Hello."
    assert calls_of(response.message.parts) == [ToolCall("call_0", "f", {"n": 1})]
    assert response.finish.reason == "tool_calls"
    assert response.finish.usage.input_tokens == 11


async def test_calls_that_ended_well_share_one_connection():
    with openai_server() as server:
        async with openai(server) as client:
            for _ in range(3):
                await parts_of(client)
            await client.generate(HELLO)
    assert {request.connection for request in server.requests} == {1}
