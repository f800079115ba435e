"""What Gemini streams, as the real SDK hands it over from the wire."""

import base64

import pytest

from agent_tui.llm.messages import Finish, Text, TextDelta, ThoughtDelta, ToolCall
from tests.fakes import markdown
from tests.fakes.calls import HELLO, gemini, parts_of, text_of
from tests.fakes.gemini_server import gemini_server, sse
from tests.fakes.wire_server import Call, Chunk, End, Raw, Say, Think, Tokens

pytestmark = pytest.mark.usefixtures("quiet_loop")
SIGNATURE = base64.b64encode(bytes(range(250, 256)) + b"sig").decode()


async def test_text_thoughts_calls_and_finish_arrive_in_order():
    reply = [
        Think("hm"),
        Say("It is "),
        Say("4."),
        Call("calc", {"expression": "2+2"}, SIGNATURE, "id7"),
        End(),
    ]
    with gemini_server(reply) as server:
        async with gemini(server) as client:
            parts = await parts_of(client)
    assert parts[:3] == [
        ThoughtDelta("hm"),
        TextDelta("It is 4."),
        ToolCall("id7", "calc", {"expression": "2+2"}, SIGNATURE),
    ]
    assert isinstance(parts[3], Finish)
    assert parts[3].reason == "tool_calls"
    assert len(parts) == 4


async def test_calls_without_an_id_get_distinct_ones():
    with gemini_server([Call("a"), Call("b"), End()]) as server:
        async with gemini(server) as client:
            calls = [part for part in await parts_of(client) if isinstance(part, ToolCall)]
    assert [call.name for call in calls] == ["a", "b"]
    assert calls[0].call_id != calls[1].call_id
    assert calls[0].args == {}


async def test_a_signature_on_answer_text_is_kept_as_a_thought_without_words():
    signed = {"candidates": [{"content": {"parts": [{"text": "4", "thoughtSignature": SIGNATURE}]}}]}
    with gemini_server([Chunk(signed), End()]) as server:
        async with gemini(server) as client:
            parts = await parts_of(client)
    assert parts[:2] == [TextDelta("4"), ThoughtDelta("", SIGNATURE)]


async def test_usage_counts_thoughts_and_cached_tokens_and_costs():
    usage = {
        "promptTokenCount": 1_000_000,
        "candidatesTokenCount": 100_000,
        "thoughtsTokenCount": 300_000,
        "cachedContentTokenCount": 500_000,
    }
    with gemini_server([Say("x"), End(usage=usage)]) as server:
        async with gemini(server) as client:
            finish = (await parts_of(client))[-1]
    assert isinstance(finish, Finish)
    read = finish.usage
    assert (read.input_tokens, read.output_tokens, read.thought_tokens) == (1_000_000, 100_000, 300_000)
    assert read.cached_tokens == 500_000
    assert read.cost_usd == pytest.approx(0.5 * 0.30 + 0.5 * 0.03 + 0.4 * 2.50)


@pytest.mark.parametrize(
    ("wire", "reason", "detail"),
    [
        ("STOP", "stop", ""),
        ("MAX_TOKENS", "max_tokens", ""),
        ("SAFETY", "safety", "SAFETY"),
        ("PROHIBITED_CONTENT", "safety", "PROHIBITED_CONTENT"),
        ("RECITATION", "recitation", "RECITATION"),
        ("MALFORMED_FUNCTION_CALL", "malformed_call", "MALFORMED_FUNCTION_CALL"),
        ("FUNCTION_CALL", "tool_calls", ""),
        ("LANGUAGE", "other", "LANGUAGE"),
        ("FROM_THE_FUTURE", "other", "FROM_THE_FUTURE"),
    ],
)
async def test_finish_reasons(wire: str, reason: str, detail: str):
    with gemini_server([Chunk({"candidates": [{"finishReason": wire}]})]) as server:
        async with gemini(server) as client:
            (finish,) = await parts_of(client)
    assert isinstance(finish, Finish)
    assert (finish.reason, finish.detail) == (reason, detail)


async def test_without_usage_nothing_is_said_to_cost_nothing():
    with gemini_server([Chunk({"candidates": [{"finishReason": "STOP"}]})]) as server:
        async with gemini(server) as client:
            (finish,) = await parts_of(client)
    assert isinstance(finish, Finish)
    assert finish.usage.cost_usd is None


async def test_text_before_a_safety_stop_is_given():
    with gemini_server([Say("half of it"), Chunk({"candidates": [{"finishReason": "SAFETY"}]})]) as server:
        async with gemini(server) as client:
            parts = await parts_of(client)
    assert text_of(parts) == "half of it"
    assert isinstance(parts[-1], Finish)
    assert parts[-1].reason == "safety"


async def test_chunks_of_a_strange_shape_are_passed_over():
    strange = [Chunk({"something": "else"}), Chunk({"candidates": []}), Chunk({"candidates": [{}]})]
    with gemini_server([Say("a"), *strange, Say("b"), End()]) as server:
        async with gemini(server) as client:
            assert text_of(await parts_of(client)) == "ab"


async def test_events_cut_anywhere_and_line_separators_inside_text():
    text = "naïve \u2028 日本語 🚀 \u0085 end"
    body = sse({"candidates": [{"content": {"parts": [{"text": text}]}}]})
    pieces = [Raw(body[at : at + 3]) for at in range(0, len(body), 3)]
    with gemini_server([*pieces, End()]) as server:
        async with gemini(server) as client:
            assert text_of(await parts_of(client)) == text


async def test_a_long_answer_arrives_whole():
    tokens = markdown.tokens(700)
    with gemini_server([Tokens(tokens), End()]) as server:
        async with gemini(server) as client:
            assert text_of(await parts_of(client)) == "".join(tokens)


async def test_generate_uses_the_call_that_does_not_stream():
    with gemini_server([Think("hm"), Say("Hello "), Say("you."), End()]) as server:
        async with gemini(server) as client:
            response = await client.generate(HELLO)
    assert server.requests[0].path == "/v1beta/models/gemini-2.5-flash:generateContent"
    assert response.message.text == "Hello you."
    assert isinstance(response.message.parts[1], Text)
    assert response.finish.reason == "stop"
    assert response.finish.usage.input_tokens == 11


async def test_calls_that_ended_well_share_one_connection():
    with gemini_server() as server:
        async with gemini(server) as client:
            for _ in range(3):
                await parts_of(client)
            await client.generate(HELLO)
    assert {request.connection for request in server.requests} == {1}
