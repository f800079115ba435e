"""Attempts, waits and the watchdog, without waiting for real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from agent_tui.errors import ModelAuthError, ModelError, ModelUnavailable
from agent_tui.llm.client import LLMClient
from agent_tui.llm.messages import CallOptions, Finish, Message, StreamPart, TextDelta, user
from agent_tui.llm.retry import AttemptFailed, AttemptStarted, ModelRetryPolicy, stream_with_retry
from agent_tui.llm.scripted import Cut, Gate, ScriptedClient, unavailable
from tests.fakes.leap import leap, turns

PROMPT = [user("hello")]
DONE = [TextDelta("hi"), Finish("stop")]


class Sleeps:
    def __init__(self) -> None:
        self.waited: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)


async def run(
    client: ScriptedClient, policy: ModelRetryPolicy = ModelRetryPolicy(), sleeps: Sleeps | None = None
) -> list[StreamPart | AttemptStarted | AttemptFailed | ModelError]:
    said: list[StreamPart | AttemptStarted | AttemptFailed | ModelError] = []
    stream = stream_with_retry(
        client, PROMPT, CallOptions(), policy, jitter=lambda ceiling: ceiling, sleep=sleeps or Sleeps()
    )
    try:
        async with aclosing(stream) as parts:
            async for part in parts:
                said.append(part)
    except ModelError as error:
        said.append(error)
    assert client.open_streams == 0
    return said


async def test_a_good_stream_comes_through() -> None:
    assert await run(ScriptedClient([["hi"]])) == [AttemptStarted(1), *DONE]


async def test_a_broken_stream_is_asked_for_again() -> None:
    error, sleeps = unavailable(), Sleeps()
    said = await run(ScriptedClient([[error], ["he", Cut()], ["hi"]]), sleeps=sleeps)
    assert said[:4] == [AttemptStarted(1), AttemptFailed(1, error, 0.5), AttemptStarted(2), TextDelta("he")]
    broken = said[4]
    assert isinstance(broken, AttemptFailed)
    assert (broken.error.code, broken.retry_in_s) == ("stream_cut", 1.0)
    assert said[5:] == [AttemptStarted(3), *DONE]
    assert sleeps.waited == [0.5, 1.0]


async def test_waits_double_up_to_a_limit() -> None:
    sleeps = Sleeps()
    said = await run(
        ScriptedClient([[unavailable()]], repeat_last=True),
        ModelRetryPolicy(attempts=6, first_delay_s=1, max_delay_s=5),
        sleeps,
    )
    assert sleeps.waited == [1, 2, 4, 5, 5]
    last = said[-2]
    assert isinstance(last, AttemptFailed)
    assert last.retry_in_s is None
    assert said[-1] is last.error


async def test_the_jitter_is_full() -> None:
    delays = []
    for _ in range(40):
        stream = stream_with_retry(
            ScriptedClient([[unavailable()]]), PROMPT, CallOptions(), ModelRetryPolicy(first_delay_s=8)
        )
        async with aclosing(stream) as parts:
            async for part in parts:
                if isinstance(part, AttemptFailed):
                    delays.append(part.retry_in_s)
                    break
    assert all(delay is not None and 0 <= delay <= 8 for delay in delays)
    assert len(set(delays)) > 30


async def test_what_cannot_get_better_is_not_retried() -> None:
    error = ModelAuthError("the key was refused")
    assert await run(ScriptedClient([[error]])) == [AttemptStarted(1), AttemptFailed(1, error, None), error]


async def test_the_provider_says_how_long() -> None:
    sleeps = Sleeps()
    await run(ScriptedClient([[ModelUnavailable("quota", retry_after_s=7.5)], ["hi"]]), sleeps=sleeps)
    assert sleeps.waited == [7.5]


async def test_a_provider_that_asks_for_too_long_is_not_waited_for() -> None:
    error = ModelUnavailable("quota for today", retry_after_s=3600)
    assert await run(ScriptedClient([[error]])) == [AttemptStarted(1), AttemptFailed(1, error, None), error]


@pytest.mark.parametrize("before", [[], ["some", "text"]])
async def test_silence_counts_as_broken(before: list[str]) -> None:
    gate = Gate()
    client = ScriptedClient([[*before, gate], ["hi"]])
    task = asyncio.create_task(run(client, ModelRetryPolicy(stall_s=30)))
    await gate.reached.wait()
    leap(31)
    said = await task
    failed = next(part for part in said if isinstance(part, AttemptFailed))
    assert failed.error.code == "stream_stalled"
    assert client.closed_early == 1
    assert said[-2:] == DONE


async def test_the_first_part_may_take_longer() -> None:
    gate = Gate()
    task = asyncio.create_task(
        run(ScriptedClient([[gate, "hi"]]), ModelRetryPolicy(stall_s=10, first_part_s=30))
    )
    await gate.reached.wait()
    leap(20)
    await turns()
    assert not task.done()
    gate.open.set()
    assert (await task)[-2:] == DONE


async def test_a_slow_reader_is_no_silence() -> None:
    client = ScriptedClient([["a", "b", "c"]])
    said = []
    stream = stream_with_retry(client, PROMPT, CallOptions(), ModelRetryPolicy(stall_s=10))
    async with aclosing(stream) as parts:
        async for part in parts:
            said.append(part)
            leap(15)  # longer than a stall, but spent here
            await turns()
    assert [part.text for part in said if isinstance(part, TextDelta)] == ["a", "b", "c"]


async def test_cancel_ends_a_wait_at_once() -> None:
    waiting = asyncio.Event()

    async def sleep(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    async def read() -> None:
        stream = stream_with_retry(
            ScriptedClient([[unavailable()]]), PROMPT, CallOptions(), ModelRetryPolicy(), sleep=sleep
        )
        async with aclosing(stream) as parts:
            async for _ in parts:
                pass

    task = asyncio.create_task(read())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancel_in_mid_stream_closes_it() -> None:
    gate = Gate()
    client = ScriptedClient([["a", gate]])
    task = asyncio.create_task(run(client))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (client.open_streams, client.closed_early) == (0, 1)


async def test_closing_between_parts_closes_the_client_stream() -> None:
    client = ScriptedClient([["a", "b"]])
    async with aclosing(stream_with_retry(client, PROMPT, CallOptions())) as parts:
        await anext(parts)
        await anext(parts)
    assert (client.open_streams, client.closed_early) == (0, 1)


class Stubborn(LLMClient):
    """Answers a cancellation with an error of its own, as a badly behaved library may."""

    model = "stubborn"

    async def stream(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> AsyncGenerator[StreamPart, None]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("closed") from None
        yield TextDelta("never")


async def test_a_stall_is_a_stall_whatever_the_client_makes_of_it() -> None:
    stream = stream_with_retry(
        Stubborn(), PROMPT, CallOptions(), ModelRetryPolicy(attempts=1, stall_s=0.01)
    )
    with pytest.raises(ModelUnavailable, match="sent nothing"):
        async with aclosing(stream) as parts:
            async for _ in parts:
                pass
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
