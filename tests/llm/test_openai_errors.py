"""Every way a call to an OpenAI-compatible server fails."""

import socket

import pytest

from agent_tui.errors import ModelAuthError, ModelBlocked, ModelRejected, ModelUnavailable
from agent_tui.llm.messages import CallOptions
from agent_tui.llm.openai import OpenAIClient
from tests.fakes.calls import HELLO, KEY, openai, parts_of, text_of, until_error
from tests.fakes.openai_server import openai_server
from tests.fakes.wire_server import Chunk, Cut, End, Fail, Raw, Reset, Say, Stall

pytestmark = pytest.mark.usefixtures("quiet_loop")


async def failure(*reply):
    """The error of a streamed call, and the text that came before it."""
    seen = []
    with openai_server(list(reply)) as server:
        async with openai(server) as client:
            with pytest.raises(Exception) as caught:
                await until_error(client, seen)
            assert text_of(await parts_of(client)) == "Hello.", "the client outlives the error"
    assert KEY not in str(caught.value)
    return caught.value, text_of(seen)


@pytest.mark.parametrize(
    ("fail", "kind"),
    [
        (Fail(429), ModelUnavailable),
        (Fail(500), ModelUnavailable),
        (Fail(501), ModelRejected),
        (Fail(529), ModelUnavailable),
        (Fail(502, body=b"<html>"), ModelUnavailable),
        (Fail(503, body=b'{"error": "loading model"}'), ModelUnavailable),
        (Fail(504), ModelUnavailable),
        (Fail(400), ModelRejected),
        (Fail(400, name="content_filter"), ModelBlocked),
        (Fail(404), ModelRejected),
        (Fail(401), ModelAuthError),
        (Fail(403), ModelAuthError),
        (Fail(422, body=b'{"detail": "no"}'), ModelRejected),
    ],
)
async def test_statuses(fail, kind):
    error, _ = await failure(fail)
    assert type(error) is kind
    assert str(fail.status) in error.message


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("1.5", 1.5), ("soon", None)])
async def test_retry_after(header: str, seconds: float | None):
    error, _ = await failure(Fail(429, retry_after=header))
    assert error.retry_after_s == seconds


async def test_a_key_that_the_server_repeats_is_not_shown():
    error, _ = await failure(Fail(401, f"incorrect key {KEY}, not sk-abcdefghijkl"))
    assert "incorrect key ***, not ***" in error.message


@pytest.mark.parametrize(
    ("fail", "kind"),
    [
        (Fail(503), ModelUnavailable),
        (Fail(0, name="rate_limit_exceeded"), ModelUnavailable),
        (Fail(400), ModelRejected),
    ],
)
async def test_an_error_in_mid_stream_comes_after_the_text(fail, kind):
    error, text = await failure(Say("so far"), fail)
    assert type(error) is kind
    assert text == "so far"


@pytest.mark.parametrize("end", [Reset(), Cut()])
async def test_a_lost_connection(end):
    for reply in ([Say("so far"), end], [end]):
        error, _ = await failure(*reply)
        assert isinstance(error, ModelUnavailable)
        assert error.code == "connection_lost"


@pytest.mark.parametrize("raw", [b'data: {"choices"\n\n', b"data: [1]\n\n", b'data: "x"\n\n'])
async def test_what_cannot_be_read_is_retryable(raw: bytes):
    error, text = await failure(Say("so far"), Raw(raw), End())
    assert isinstance(error, ModelUnavailable)
    assert error.code == "bad_response"
    assert text == "so far"


@pytest.mark.parametrize("reply", [(End(None),), (Say("half"), End(None))])
async def test_an_empty_or_cut_stream(reply):
    error, _ = await failure(*reply)
    assert error.code == "stream_cut"


async def test_headers_that_do_not_come_in_time():
    with openai_server([Stall()], [Stall()]) as server:
        async with openai(server) as client:
            options = CallOptions(timeout_s=0.05)
            for call in (parts_of(client, options), client.generate(HELLO, options)):
                with pytest.raises(ModelUnavailable) as caught:
                    await call
                assert caught.value.code == "timeout"
            await server.until(lambda: all(request.closed_at for request in server.requests))


async def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        client = OpenAIClient("m", base_url=url)
        with pytest.raises(ModelUnavailable, match=f"could not connect to {url}"):
            await parts_of(client)
        await client.aclose()


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Fail(503), ModelUnavailable, "model_unavailable"),
        (Fail(400), ModelRejected, "model_rejected"),
        (Cut(), ModelUnavailable, "connection_lost"),
        (Raw(b"{"), ModelUnavailable, "bad_response"),
        (Chunk({"error": {"message": "no", "code": 500}}), ModelUnavailable, "model_unavailable"),
        (Chunk({"choices": []}), ModelUnavailable, "stream_cut"),
    ],
)
async def test_generate_fails_alike(reply, kind, code):
    with openai_server([reply]) as server:
        async with openai(server) as client:
            with pytest.raises(kind) as caught:
                await client.generate(HELLO)
    assert caught.value.code == code
