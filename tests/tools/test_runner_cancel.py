"""Cancelling a call at any point: it ends at once, in one event, and nothing comes after."""

import asyncio
import inspect
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agent_tui.events import types as ev
from agent_tui.tools import RetryPolicy, ToolContext, ToolSpec
from agent_tui.tools.policy import Policy
from tests.tools.kit import Bench

HELD_S = 10.0
"""Whoever waited for what does not stop here would wait for half a minute at least."""


class NoArgs(BaseModel):
    pass


def spec(function: Any, **fields: Any) -> ToolSpec:
    return ToolSpec("t", "", NoArgs, function, is_async=inspect.iscoroutinefunction(function), **fields)


async def cancel_when(task: asyncio.Task[Any], bench: Bench, kind: str) -> float:
    """Cancels once an event of that type was written; seconds until the task had ended."""
    async for event in bench.log.follow():
        if event.type == kind:
            break
    begun = time.perf_counter()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.perf_counter() - begun


async def test_a_coroutine_is_cancelled_and_its_output_kept(tmp_path: Path) -> None:
    cleaned = asyncio.Event()

    async def slow(args: NoArgs, context: ToolContext) -> None:
        context.output("half of it", "stdout")
        try:
            await asyncio.sleep(30)
        finally:
            cleaned.set()

    bench = Bench([spec(slow)], tmp_path)
    await cancel_when(asyncio.create_task(bench.run("t")), bench, "tool_output")
    assert cleaned.is_set()
    assert bench.types() == ["tool_start", "tool_output", "tool_cancelled"]
    assert bench.of(ev.ToolCancelled)[0].partial == "half of it"


async def test_a_thread_that_ignores_the_token_holds_nobody(tmp_path: Path) -> None:
    release, over = threading.Event(), threading.Event()

    def deaf(args: NoArgs, context: ToolContext) -> None:
        context.output("begun", "stdout")
        release.wait(30)
        context.output("too late", "stdout")
        over.set()

    bench = Bench([spec(deaf)], tmp_path)
    took = await cancel_when(asyncio.create_task(bench.run("t")), bench, "tool_output")
    assert took < HELD_S
    release.set()
    assert over.wait(5)
    for _ in range(3):
        await asyncio.sleep(0)
    assert bench.types() == ["tool_start", "tool_output", "tool_cancelled"]


async def test_a_thread_that_asks_is_told(tmp_path: Path) -> None:
    stopped = threading.Event()

    def polite(args: NoArgs, context: ToolContext) -> None:
        context.output("begun", "stdout")
        try:
            while True:
                context.cancel.wait(0.01)
                context.cancel.checkpoint()
        finally:
            stopped.set()

    bench = Bench([spec(polite)], tmp_path)
    await cancel_when(asyncio.create_task(bench.run("t")), bench, "tool_output")
    assert stopped.wait(5)


async def test_a_coroutine_that_swallows_the_cancel_is_left_behind(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def stubborn(args: NoArgs, context: ToolContext) -> None:
        context.output("begun", "stdout")
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    bench = Bench([spec(stubborn)], tmp_path)
    took = await cancel_when(asyncio.create_task(bench.run("t")), bench, "tool_output")
    assert took < HELD_S
    assert bench.types()[-1] == "tool_cancelled"
    release.set()
    await asyncio.sleep(0)


async def test_a_cancel_while_waiting_to_retry(tmp_path: Path) -> None:
    async def lost(args: NoArgs, context: ToolContext) -> None:
        raise ConnectionResetError

    bench = Bench([spec(lost, retry=RetryPolicy(attempts=3), idempotent=True)], tmp_path)
    bench.runner._sleep = lambda seconds: asyncio.sleep(30)
    assert await cancel_when(asyncio.create_task(bench.run("t")), bench, "tool_retry") < HELD_S
    assert bench.types() == ["tool_start", "tool_retry", "tool_cancelled"]


async def test_a_cancel_while_the_person_is_asked_writes_no_tool_event(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(*args: Any) -> Any:
        asked.set()
        await asyncio.sleep(30)

    async def unreached(args: NoArgs, context: ToolContext) -> None: ...

    bench = Bench([spec(unreached, risk="high")], tmp_path, policy=Policy())
    bench.runner._approve = never
    task = asyncio.create_task(bench.run("t"))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.events == []


@pytest.mark.parametrize("seed", range(40))
async def test_every_start_has_one_end_wherever_the_cancel_falls(tmp_path: Path, seed: int) -> None:
    """Tools of every temper, cancelled after a random number of turns of the loop."""
    chance = random.Random(seed)

    async def lively(args: NoArgs, context: ToolContext) -> str:
        for _ in range(chance.randrange(6)):
            context.output("x", chance.choice(["stdout", "stderr", "progress"]))  # type: ignore[arg-type]
            await asyncio.sleep(0)
        if chance.random() < 0.3:
            raise ConnectionResetError
        return "ok"

    def threaded(args: NoArgs, context: ToolContext) -> str:
        for _ in range(5):
            context.output("y", "stdout")
            context.cancel.checkpoint()
        return "ok"

    function = lively if seed % 2 else threaded
    bench = Bench([spec(function, retry=RetryPolicy(attempts=2), idempotent=True)], tmp_path)
    tasks = [asyncio.create_task(bench.run("t")) for _ in range(3)]
    for _ in range(chance.randrange(14)):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
        if chance.random() < 0.3:
            await asyncio.sleep(0)
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    count = bench.log.last_seq
    for _ in range(5):
        await asyncio.sleep(0)
    assert bench.log.last_seq == count
    for call_id in {event.call_id for event in bench.events}:
        types = [event.type for event in bench.events if event.call_id == call_id]
        assert types[0] == "tool_start"
        assert types[-1] in {"tool_end", "tool_error", "tool_cancelled"}
        assert sum(kind in {"tool_end", "tool_error", "tool_cancelled"} for kind in types) == 1
        assert types.count("tool_start") == 1


async def test_a_cancel_that_comes_as_the_preview_ends_is_not_lost(tmp_path: Path) -> None:
    loop, calls = asyncio.get_running_loop(), list[asyncio.Task[Any]]()

    def preview(args: NoArgs, context: ToolContext) -> str:
        loop.call_soon_threadsafe(calls[0].cancel)
        return "shown"

    async def never(args: NoArgs, context: ToolContext) -> None:
        raise AssertionError("it was cancelled before it ran")

    asking = spec(never, risk="high", preview=preview)
    bench = Bench([asking], tmp_path, policy=Policy(cwd=tmp_path), answers=[("allow", None)] * 20)
    for _ in range(20):
        calls[:] = [asyncio.create_task(bench.run("t"))]
        with pytest.raises(asyncio.CancelledError):
            await calls[0]
