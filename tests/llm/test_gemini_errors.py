"""Every way a Gemini call fails, from the real SDK on a real wire, as our errors."""

import asyncio
import socket
from contextlib import aclosing

import pytest

from agent_tui.errors import ModelAuthError, ModelBlocked, ModelRejected, ModelUnavailable
from agent_tui.llm.gemini import GeminiClient
from agent_tui.llm.messages import CallOptions
from tests.fakes.calls import HELLO, KEY, gemini, parts_of, text_of, until_error
from tests.fakes.gemini_server import gemini_server, retry_info, sse
from tests.fakes.leap import leap, turns
from tests.fakes.wire_server import Chunk, Cut, End, Fail, Raw, Reset, Say, Stall

pytestmark = pytest.mark.usefixtures("quiet_loop")
BAD_KEY = "API key not valid. Please pass a valid API key."


async def failure(*reply):
    """The error of a streamed call, and the text that came before it."""
    seen = []
    with gemini_server(list(reply)) as server:
        async with gemini(server) as client:
            with pytest.raises(Exception) as caught:
                await until_error(client, seen)
            # The client outlives the error.
            assert text_of(await parts_of(client)) == "Hello."
    assert KEY not in str(caught.value)
    return caught.value, text_of(seen)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_passing_trouble_is_retryable(status: int):
    error, _ = await failure(Fail(status, "too much"))
    assert isinstance(error, ModelUnavailable)
    assert error.retryable
    assert f"{status}: too much" in error.message
    assert error.retry_after_s is None


async def test_retry_info_says_how_long_to_wait_and_wins_over_the_header():
    error, _ = await failure(Fail(429, details=(retry_info("17.5s"),), retry_after="3"))
    assert error.retry_after_s == 17.5


async def test_retry_after_header():
    error, _ = await failure(Fail(503, retry_after="3"))
    assert error.retry_after_s == 3


@pytest.mark.parametrize("status", [400, 404, 501])
async def test_a_refused_request_is_not_retried(status: int):
    error, _ = await failure(Fail(status, "bad words\nin two lines"))
    assert isinstance(error, ModelRejected)
    assert not error.retryable
    assert "bad words in two lines" in error.message
    assert ("gemini-2.5-flash" in error.hint) == (status == 404)


@pytest.mark.parametrize("fail", [Fail(401), Fail(403), Fail(400, BAD_KEY)])
async def test_a_refused_key_says_what_to_do(fail: Fail):
    error, _ = await failure(fail)
    assert isinstance(error, ModelAuthError)
    assert "GEMINI_API_KEY" in error.hint


async def test_a_key_that_the_server_repeats_is_not_shown():
    error, _ = await failure(Fail(400, f"the key {KEY} and AIzaSyA1234567890abcdef are odd"))
    assert "the key *** and *** are odd" in error.message


async def test_an_error_page_that_is_no_json():
    error, _ = await failure(Fail(502, body=b"<html>Bad Gateway</html>"))
    assert isinstance(error, ModelUnavailable)
    assert "502" in error.message


async def test_503_in_mid_stream_comes_after_the_text():
    error, text = await failure(Say("so far"), Fail(503, "overloaded"))
    assert isinstance(error, ModelUnavailable)
    assert "overloaded" in error.message
    assert text == "so far"


async def test_503_in_mid_stream_as_bare_json():
    bare = Raw(b'{\n"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}\n}\n')
    error, text = await failure(Say("so far"), bare)
    assert isinstance(error, ModelUnavailable)
    assert "503" in error.message
    assert text == "so far"


@pytest.mark.parametrize("end", [Reset(), Cut()])
async def test_a_lost_connection(end):
    error, text = await failure(Say("so far"), Say(" so good"), end)
    assert isinstance(error, ModelUnavailable)
    assert error.code == "connection_lost"
    assert "so far".startswith(text) or text.startswith("so far")


@pytest.mark.parametrize("end", [Reset(), Cut()])
async def test_a_connection_lost_before_the_headers(end):
    error, _ = await failure(end)
    assert error.code == "connection_lost"


@pytest.mark.parametrize(
    "raw",
    [
        b'data: {"candidates": [{"content"\r\n\r\n',
        b'data: {"candidates": [{"content": {"parts": [{"te',
        b": comment\r\n\r\n",
        b"event: message\r\ndata: {}\r\n\r\n",
        b"data: [1, 2]\r\n\r\n",
        b'data: "text"\r\n\r\n',
        b'data: {"candidates": "none"}\r\n\r\n',
    ],
)
async def test_what_cannot_be_read_is_retryable(raw: bytes):
    error, text = await failure(Say("so far"), Raw(raw))
    assert isinstance(error, ModelUnavailable)
    assert error.code in ("bad_response", "stream_cut")
    assert text == "so far"


@pytest.mark.parametrize("reply", [(End(None),), (Say("half"), End(None)), (Raw(sse({})), End(None))])
async def test_a_stream_without_finish_reason_was_cut(reply):
    error, _ = await failure(*reply)
    assert isinstance(error, ModelUnavailable)
    assert error.code == "stream_cut"


async def test_a_blocked_prompt():
    error, _ = await failure(Chunk({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}))
    assert isinstance(error, ModelBlocked)
    assert "PROHIBITED_CONTENT" in error.message


async def test_headers_that_do_not_come_in_time():
    with gemini_server([Stall()], [Stall()]) as server:
        async with gemini(server) as client:
            for call in (
                parts_of(client, CallOptions(timeout_s=0.05)),
                client.generate(HELLO, CallOptions(timeout_s=0.05)),
            ):
                with pytest.raises(ModelUnavailable) as caught:
                    await call
                assert caught.value.code == "timeout"
            await server.until(lambda: all(request.closed_at for request in server.requests))


async def test_a_slow_stream_is_not_timed_out():
    with gemini_server([Say("a"), Stall()]) as server:
        async with (
            gemini(server) as client,
            aclosing(client.stream(HELLO, CallOptions(timeout_s=20))) as stream,
        ):
            await anext(stream)
            waiting = asyncio.create_task(anext(stream))
            await turns()
            leap(60)
            await turns()
            assert not waiting.done()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting


async def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        client = GeminiClient("gemini-2.5-flash", api_key=KEY, base_url=url)
        with pytest.raises(ModelUnavailable, match=f"could not connect to {url}"):
            await parts_of(client)
        await client.aclose()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Fail(503), ModelUnavailable),
        (Fail(400), ModelRejected),
        (Cut(), ModelUnavailable),
        (Chunk({"promptFeedback": {"blockReason": "SAFETY"}}), ModelBlocked),
        (Raw(b"{"), ModelUnavailable),
        (End(None), ModelUnavailable),
    ],
)
async def test_generate_fails_alike(reply, kind):
    with gemini_server([reply]) as server:
        async with gemini(server) as client:
            with pytest.raises(kind):
                await client.generate(HELLO)
