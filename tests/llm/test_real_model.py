"""A real model behind a server that nobody here wrote: true tokens, true usage, a true cancel."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from agent_tui.errors import ModelRejected
from agent_tui.llm.messages import CallOptions, Finish, TextDelta, system, user
from agent_tui.llm.openai import OpenAIClient
from tests.fakes import llama_server
from tests.fakes.calls import text_of

WHY_NOT = llama_server.missing()
pytestmark = [
    pytest.mark.real_model,
    pytest.mark.slow,
    pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or ""),
    pytest.mark.usefixtures("quiet_loop"),
]
TALK = [system("You are helpful."), user("Tell me about the sea.")]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.fakes.llama_server"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


async def test_it_streams_token_by_token_and_counts_them(url: str):
    client = OpenAIClient.from_env("smollm2", {"OPENAI_BASE_URL": url})
    async with aclosing(client.stream(TALK, CallOptions(max_output_tokens=24, temperature=0.0))) as stream:
        parts = [part async for part in stream]
    await client.aclose()
    deltas = [part for part in parts if isinstance(part, TextDelta)]
    assert len(deltas) > 10
    assert len(text_of(parts)) > 20
    finish = parts[-1]
    assert isinstance(finish, Finish)
    assert finish.reason == "max_tokens"
    assert finish.usage.output_tokens == 24
    assert finish.usage.input_tokens > 10


async def test_generate_says_the_same(url: str):
    client = OpenAIClient.from_env("smollm2", {"OPENAI_BASE_URL": url})
    options = CallOptions(max_output_tokens=16, temperature=0.0)
    whole = await client.generate(TALK, options)
    async with aclosing(client.stream(TALK, options)) as stream:
        streamed = text_of([part async for part in stream])
    await client.aclose()
    assert whole.message.text == streamed


async def test_a_json_schema_binds_it(url: str):
    schema = {
        "type": "object",
        "properties": {"type": {"const": "final"}, "final": {"type": "string", "maxLength": 20}},
        "required": ["type", "final"],
        "additionalProperties": False,
    }
    client = OpenAIClient.from_env("smollm2", {"OPENAI_BASE_URL": url})
    options = CallOptions(max_output_tokens=60, temperature=0.0, response_schema=schema)
    answer = await client.generate([user("Say hello.")], options)
    await client.aclose()
    assert json.loads(answer.message.text)["type"] == "final"


async def test_a_cancel_frees_the_server_for_the_next_call(url: str):
    """The server has one slot: the second call can only be quick if the first was really dropped."""
    client = OpenAIClient.from_env("smollm2", {"OPENAI_BASE_URL": url})
    moments: list[float] = []
    for tokens in (4, 1, 1):
        async with aclosing(client.stream(TALK, CallOptions(max_output_tokens=1500))) as stream:
            for _ in range(tokens):
                assert isinstance(await anext(stream), TextDelta)
                moments.append(time.monotonic())
    whole_s = 1500 * (moments[3] - moments[0]) / 3  # what all of it would take, as busy as it is here
    since = time.monotonic()
    await client.generate(TALK, CallOptions(max_output_tokens=1))
    await client.aclose()
    assert time.monotonic() - since < whole_s / 2


async def test_what_it_refuses_is_told(url: str):
    client = OpenAIClient.from_env("smollm2", {"OPENAI_BASE_URL": url})
    with pytest.raises(ModelRejected, match="400"):
        await client.generate([user("word " * 4000)])
    await client.aclose()
