"""A cancel closes the connection at once, wherever it lands, and leaves nothing behind."""

import asyncio
import gc
import time
from contextlib import aclosing

import pytest

from agent_tui.llm.messages import TextDelta
from tests.fakes import calls, markdown
from tests.fakes.calls import HELLO, parts_of, text_of
from tests.fakes.gemini_server import gemini_server
from tests.fakes.openai_server import openai_server
from tests.fakes.wire_server import End, Say, Stall, Tokens, Until, WireServer

pytestmark = pytest.mark.usefixtures("quiet_loop")
AT_ONCE_S = 0.5
"""Far more than it takes (under 2 ms, on a machine that is not held up), far less than any wait would."""
WIRES = pytest.mark.parametrize(
    ("serve", "call"),
    [(gemini_server, calls.gemini), (openai_server, calls.openai)],
    ids=["gemini", "openai"],
)
SLOW = [Tokens(markdown.tokens(2000), 200), End()]
FLAT_OUT = [Tokens(markdown.tokens(4000)), Stall()]
HUNG = [Say("a"), Stall()]
BEFORE_HEADERS = [Stall()]


@pytest.fixture(autouse=True)
def no_help_from_the_collector():
    """A leak that the garbage collector would mend is a leak."""
    gc.disable()
    yield
    gc.enable()


async def closed(server: WireServer, since: float, index: int = -1) -> None:
    await server.until(lambda: server.requests[index].closed_at is not None)
    at = server.requests[index].closed_at
    assert at is not None
    assert at - since < AT_ONCE_S
    await server.until(lambda: server.open_connections == 0)


@WIRES
@pytest.mark.parametrize("reply", [SLOW, HUNG, BEFORE_HEADERS], ids=["streaming", "hung", "before headers"])
async def test_cancel_of_the_task_that_waits_for_the_next_part(serve, call, reply):
    with serve(reply) as server:
        async with call(server) as client:
            task = asyncio.create_task(parts_of(client))
            await server.until(lambda: len(server.requests) == 1)
            if reply is not BEFORE_HEADERS:
                await server.until(lambda: server.requests[0].headers_at is not None)
            since = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await closed(server, since)
            assert text_of(await parts_of(client)) == "Hello."


@WIRES
@pytest.mark.parametrize("reply", [SLOW, HUNG, FLAT_OUT], ids=["streaming", "hung", "flat out"])
async def test_break_between_two_parts(serve, call, reply):
    with serve(reply) as server:
        async with call(server) as client:
            async with aclosing(client.stream(HELLO)) as stream:
                async for _ in stream:
                    since = time.monotonic()
                    break
            await closed(server, since)
            assert text_of(await parts_of(client)) == "Hello."


@WIRES
@pytest.mark.parametrize("reply", [SLOW, HUNG, FLAT_OUT], ids=["streaming", "hung", "flat out"])
async def test_cancel_in_the_loop_body(serve, call, reply):
    reached = asyncio.Event()

    async def consume(client):
        async with aclosing(client.stream(HELLO)) as stream:
            async for _ in stream:
                reached.set()
                await asyncio.Event().wait()

    with serve(reply) as server:
        async with call(server) as client:
            task = asyncio.create_task(consume(client))
            await reached.wait()
            since = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await closed(server, since)


@WIRES
async def test_an_error_in_the_loop_body(serve, call):
    with serve(SLOW) as server:
        async with call(server) as client:
            with pytest.raises(ZeroDivisionError):
                async with aclosing(client.stream(HELLO)) as stream:
                    async for _ in stream:
                        since = time.monotonic()
                        raise ZeroDivisionError
            await closed(server, since)


@WIRES
async def test_cancel_of_generate(serve, call):
    with serve(BEFORE_HEADERS) as server:
        async with call(server) as client:
            task = asyncio.create_task(client.generate(HELLO))
            await server.until(lambda: len(server.requests) == 1)
            since = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await closed(server, since)


@WIRES
async def test_two_cancels_in_a_row(serve, call):
    with serve(HUNG) as server:
        async with call(server) as client:
            task = asyncio.create_task(parts_of(client))
            await server.until(
                lambda: len(server.requests) == 1 and server.requests[0].headers_at is not None
            )
            since = time.monotonic()
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await closed(server, since)


@WIRES
async def test_cancel_before_anything_was_sent(serve, call):
    with serve() as server:
        async with call(server) as client:
            task = asyncio.create_task(parts_of(client))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert text_of(await parts_of(client)) == "Hello."


@WIRES
async def test_thirty_cancels_leave_nothing_open(serve, call):
    with serve(*[SLOW, HUNG, FLAT_OUT] * 10) as server:
        async with call(server) as client:
            await client.warm_up()
            tasks = len(asyncio.all_tasks())
            for index in range(30):
                async with aclosing(client.stream(HELLO)) as stream:
                    async for _ in stream:
                        since = time.monotonic()
                        break
                await closed(server, since, index)
            assert len(asyncio.all_tasks()) == tasks
            assert text_of(await parts_of(client)) == "Hello."


@WIRES
async def test_a_cancel_touches_no_other_call_of_the_same_client(serve, call):
    with serve(HUNG, [Tokens(["one ", "two ", "three"], 50), End()]) as server:
        async with call(server) as client:
            hung = asyncio.create_task(parts_of(client))
            await server.until(
                lambda: len(server.requests) == 1 and server.requests[0].headers_at is not None
            )
            other = asyncio.create_task(parts_of(client))
            await server.until(lambda: len(server.requests) == 2)
            hung.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hung
            assert text_of(await other) == "one two three"


@WIRES
async def test_others_run_while_a_stream_is_flat_out(serve, call):
    """Counted, not timed: another task must get many turns during the stream."""
    turns = 0

    async def ticker():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    tokens = markdown.tokens(3000)
    with serve([Tokens(tokens), End()]) as server:
        async with call(server) as client:
            await client.warm_up()
            ticking = asyncio.create_task(ticker())
            parts = await parts_of(client)
            ticking.cancel()
    assert "".join(part.text for part in parts if isinstance(part, TextDelta)) == "".join(tokens)
    assert turns > 10


@WIRES
async def test_a_fast_stream_is_told_in_larger_pieces_and_a_slow_one_as_it_comes(serve, call):
    tokens = markdown.tokens(100)
    slow: list[str] = []
    slowly = []
    for count, token in enumerate(tokens[:5], 1):
        slowly += [Say(token), Until(lambda count=count: len(slow) >= count)]
    fast: list[str] = []
    with serve([Tokens(tokens, rate=1000), End()], [*slowly, End()]) as server:
        async with call(server) as client:
            for pieces in (fast, slow):
                async with aclosing(client.stream(calls.HELLO)) as parts:
                    async for part in parts:
                        if isinstance(part, TextDelta):
                            pieces.append(part.text)
    assert "".join(fast) == "".join(tokens)
    assert len(fast) < 50
    assert slow == tokens[:5]
