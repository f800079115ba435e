"""Faults strike where they were put, and the same seed draws the same ones."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from agent_tui.errors import ModelError, ModelUnavailable
from agent_tui.llm.chaos import BROKEN_ACTION, ChaosClient, Fault, draw
from agent_tui.llm.messages import CallOptions, Finish, StreamPart, TextDelta, user
from agent_tui.llm.retry import AttemptFailed, ModelRetryPolicy, stream_with_retry
from agent_tui.llm.scripted import ScriptedClient


def working() -> ScriptedClient:
    return ScriptedClient([["a", "b", "c"]], repeat_last=True)


async def play(client: ChaosClient) -> tuple[list[StreamPart], str]:
    said: list[StreamPart] = []
    try:
        async with aclosing(client.stream([user("x")])) as parts:
            async for part in parts:
                said.append(part)
    except ModelUnavailable as error:
        return said, error.code
    return said, ""


@pytest.mark.parametrize(
    ("fault", "texts", "code"),
    [
        (Fault("unavailable"), [], "http_503"),
        (Fault("unavailable", after=2), ["a", "b"], "http_503"),
        (Fault("reset", after=1), ["a"], "connection_lost"),
        (Fault("cut", after=1), ["a"], ""),
        (Fault("malformed", after=1), ["a", BROKEN_ACTION], ""),
    ],
)
async def test_a_fault_strikes_where_it_was_put(fault: Fault, texts: list[str], code: str) -> None:
    inner = working()
    client = ChaosClient(inner, [fault])
    said, error = await play(client)
    assert [part.text for part in said if isinstance(part, TextDelta)] == texts
    assert error == code
    assert client.struck == [fault]
    assert inner.open_streams == 0
    assert (await play(client))[0][-1] == Finish("stop")


async def test_a_delay_delays() -> None:
    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    said, _ = await play(ChaosClient(working(), [Fault("delay", 1, 3.0)], sleep=sleep))
    assert waited == [3.0]
    assert len(said) == 4


async def test_a_stall_is_found_by_the_watchdog() -> None:
    client = ChaosClient(working(), [Fault("stall", 2)])
    stream = stream_with_retry(
        client, [user("x")], CallOptions(), ModelRetryPolicy(first_delay_s=0, stall_s=0.02)
    )
    async with aclosing(stream) as parts:
        said = [part async for part in parts]
    failed = [part for part in said if isinstance(part, AttemptFailed)]
    assert [each.error.code for each in failed] == ["stream_stalled"]
    assert said[-1] == Finish("stop")


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_a_seed_draws_ends_in_an_answer_or_an_error(seed: int) -> None:
    assert [draw(seed)(call) for call in range(9)] == [draw(seed)(call) for call in range(9)]
    client = ChaosClient(working(), draw(seed, rate=0.7, most_delay_s=0.001))
    policy = ModelRetryPolicy(attempts=4, first_delay_s=0, stall_s=0.01)
    try:
        async with aclosing(stream_with_retry(client, [user("x")], CallOptions(), policy)) as parts:
            said = [part async for part in parts]
    except ModelError as error:
        assert error.retryable
    else:
        assert isinstance(said[-1], Finish)
