"""The task manager: serial runs, real cancels, and ends written from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from agent_tui.cancel import lines_of_run
from agent_tui.clock import CountingIds, SystemClock
from agent_tui.errors import ConflictError, ModelUnavailable
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter, SessionLog
from agent_tui.events.unfinished import Unfinished
from agent_tui.runtime import tasks as tasks_module
from agent_tui.runtime.tasks import TaskManager, Work
from tests.fakes.invariants import check_stream


class Bench:
    """A task manager, its log, and the events so far."""

    def __init__(self) -> None:
        self.log = SessionLog("s")
        self.events: list[ev.Event] = []
        unfinished = Unfinished()
        self.log.observe(unfinished.apply)
        self.log.observe(self.events.append)
        self.tasks = TaskManager(
            self.log, unfinished, clock=SystemClock(), ids=CountingIds(), model=lambda: "demo"
        )

    def types(self) -> list[str]:
        return [event.type for event in self.events]

    async def until(self, condition: Callable[[], bool]) -> None:
        async for _ in self.log.follow():
            if condition():
                return

    async def idle(self) -> None:
        while self.tasks.running:
            await asyncio.sleep(0)
        check_stream(self.events)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.tasks.close()
    check_stream(bench.events)


def quick(text: str = "hi") -> Work:
    async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
        return "completed"

    return Work(text, "react", body)


def hanging(text: str = "hi") -> Work:
    async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
        emit(ev.LlmStart, span_id="m", parent_id=run_id, model="demo", attempt=1, message_count=1)
        emit(ev.LlmDelta, span_id="m", parent_id=run_id, text="so far")
        await asyncio.Event().wait()
        return "completed"

    return Work(text, "react", body)


async def test_a_run_ends_with_its_status(bench: Bench) -> None:
    bench.tasks.submit(quick(), queue=False)
    await bench.idle()
    assert bench.types() == ["run_start", "run_done"]


async def test_a_cancel_before_the_first_step_still_ends_the_run(bench: Bench) -> None:
    bench.tasks.submit(hanging(), queue=False)
    assert await bench.tasks.cancel("user")
    assert bench.types() == ["run_start", "cancel_called", "cancelled", "run_done"]
    assert bench.events[-1].status == "cancelled"


async def test_a_cancel_ends_what_is_open_and_keeps_the_text(bench: Bench) -> None:
    bench.tasks.submit(hanging(), queue=False)
    await bench.until(lambda: "llm_delta" in bench.types())
    assert await bench.tasks.cancel("user")
    assert bench.types()[-4:] == ["cancel_called", "llm_done", "cancelled", "run_done"]
    assert bench.events[-2].partial_text == "so far"


async def test_what_the_run_has_open_is_cut_before_anything_else_happens(bench: Bench) -> None:
    known_at_the_cut: list[list[str]] = []

    async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
        lines = lines_of_run.get()
        assert lines is not None
        lines.add(lambda: known_at_the_cut.append(bench.types()))
        lines.add(closed := lambda: known_at_the_cut.append([]))
        lines.discard(closed)
        await asyncio.Event().wait()
        return "completed"

    bench.tasks.submit(Work("hi", "react", body), queue=False)
    await asyncio.sleep(0)
    cancelling = asyncio.ensure_future(bench.tasks.cancel("user"))
    await asyncio.sleep(0)
    assert known_at_the_cut == [["run_start"]]
    assert await cancelling
    assert lines_of_run.get() is None  # it is the run's own


async def test_cancel_twice_is_one_cancel(bench: Bench) -> None:
    bench.tasks.submit(hanging(), queue=False)
    assert await asyncio.gather(bench.tasks.cancel("a"), bench.tasks.cancel("b")) == [True, True]
    assert bench.types().count("cancel_called") == 1
    assert not await bench.tasks.cancel("c")


async def test_prompts_queue_and_start_in_order(bench: Bench) -> None:
    gate = asyncio.Event()

    async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
        await gate.wait()
        return "completed"

    bench.tasks.submit(Work("one", "react", body), queue=True)
    assert bench.tasks.submit(quick("two"), queue=True) == (None, "prompt_1")
    assert bench.tasks.submit(quick("three"), queue=True) == (None, "prompt_2")
    assert bench.tasks.unqueue("prompt_1") == "two"
    assert bench.tasks.unqueue("prompt_1") is None
    with pytest.raises(ConflictError):
        bench.tasks.submit(quick(), queue=False)
    gate.set()
    await bench.idle()
    assert [event.input for event in bench.events if isinstance(event, ev.RunStart)] == ["one", "three"]


async def test_a_cancel_does_not_fire_the_queue(bench: Bench) -> None:
    bench.tasks.submit(hanging("one"), queue=True)
    bench.tasks.submit(quick("two"), queue=True)
    await bench.tasks.cancel("user")
    assert not bench.tasks.running
    bench.tasks.submit(quick("three"), queue=True)
    await bench.idle()
    runs = [event.input for event in bench.events if isinstance(event, ev.RunStart)]
    assert runs == ["one", "three", "two"]


async def test_an_error_is_told_and_ends_the_run(bench: Bench) -> None:
    async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
        raise ModelUnavailable("no answer", hint="try later")

    bench.tasks.submit(Work("hi", "react", body), queue=False)
    await bench.idle()
    error, done = bench.events[-2:]
    assert isinstance(error, ev.RunError) and error.error.message == "no answer; try later"
    assert isinstance(done, ev.RunDone) and done.status == "failed"


async def test_a_defect_is_told_as_one(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
        return "completed"

    async def fail() -> None:
        raise KeyError("oops")

    bench.tasks.submit(Work("hi", "react", body), queue=False)
    await bench.idle()
    assert bench.events[-2].error.code == "internal"
    assert "KeyError" in bench.events[-2].error.message
    assert "a run failed" in caplog.text


async def test_a_run_that_will_not_stop_is_abandoned(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks_module, "ABANDON_AFTER_S", 0.01)
    gate = asyncio.Event()
    late: list[BaseException] = []

    async def body(emit: Emitter, run_id: str) -> ev.RunStatus:
        try:
            await asyncio.Event().wait()
        finally:
            await gate.wait()
            try:
                emit(ev.LlmStart, span_id="m", model="demo", attempt=1, message_count=1)
            except asyncio.CancelledError as error:
                late.append(error)
                raise
        return "completed"

    bench.tasks.submit(Work("hi", "react", body), queue=False)
    await asyncio.sleep(0)
    assert await bench.tasks.cancel("user")
    assert bench.types()[-2:] == ["cancelled", "run_done"]
    assert "was abandoned" in caplog.text
    gate.set()
    while not late:
        await asyncio.sleep(0)
    assert "llm_start" not in bench.types()


async def test_steers_wait_for_the_next_step(bench: Bench) -> None:
    assert not bench.tasks.steer("nobody listens")
    bench.tasks.submit(hanging(), queue=False)
    assert bench.tasks.steer("be brief")
    assert bench.tasks.take_steers() == ["be brief"]
    assert bench.tasks.take_steers() == []
