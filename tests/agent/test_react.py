"""The loop against a scripted model and real tools."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agent_tui.agent.history import History
from agent_tui.agent.protocols.base import ActionProtocol
from agent_tui.agent.protocols.json_actions import JsonActions
from agent_tui.agent.protocols.native import NativeCalls
from agent_tui.agent.react import LoopSettings, ModelAccess, ReactLoop
from agent_tui.clock import CountingIds, SystemClock
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter, SessionLog
from agent_tui.events.unfinished import Unfinished
from agent_tui.llm import messages as llm
from agent_tui.llm.retry import ModelRetryPolicy
from agent_tui.llm.scripted import Gate, ScriptedClient, unavailable
from agent_tui.runtime.tasks import TaskManager, Work
from agent_tui.tools.policy import Policy
from agent_tui.tools.registry import ToolRegistry, declarations
from agent_tui.tools.runner import RunnerSettings, ToolRunner
from agent_tui.tools.spec import ToolSpec
from tests.fakes.invariants import check_stream


class Number(BaseModel):
    x: int


class World:
    """A loop with tools ``double`` and ``meet`` over a scripted model."""

    def __init__(
        self, tmp_path: Path, *turns: Any, protocol: ActionProtocol | None = None, max_steps: int = 5
    ):
        self.client = ScriptedClient(turns)
        self.protocol = protocol or JsonActions()
        self.log = SessionLog("s")
        self.events: list[ev.Event] = []
        self.history = History()
        self.steers: list[str] = []
        self._max_steps = max_steps
        self._cwd = tmp_path
        unfinished = Unfinished()
        for observer in (unfinished.apply, self.history.apply, self.events.append):
            self.log.observe(observer)
        self._met: list[asyncio.Event] = []
        self.registry = ToolRegistry(
            [
                ToolSpec("double", "Doubles.", Number, self._double),
                ToolSpec("meet", "Returns once two of it run.", Number, self._meet),
            ]
        )
        self.tasks = TaskManager(
            self.log, unfinished, clock=SystemClock(), ids=CountingIds(), model=lambda: "script"
        )

    async def _double(self, args: Number, _context: object) -> int:
        return args.x * 2

    async def _meet(self, args: Number, _context: object) -> int:
        here = asyncio.Event()
        self._met.append(here)
        if len(self._met) == 2:
            for waiting in self._met:
                waiting.set()
        await here.wait()
        return args.x

    async def _body(self, emit: Emitter, run_id: str) -> ev.RunStatus:
        async def approve(*_: object) -> tuple[ev.Decision, str | None]:
            raise AssertionError("these tools need no approval")

        ids = CountingIds()
        loop = ReactLoop(
            access=ModelAccess(
                self.client,
                self.protocol,
                llm.CallOptions(),
                ModelRetryPolicy(attempts=3, first_delay_s=0.0),
            ),
            runner=ToolRunner(
                self.registry, Policy(cwd=self._cwd), emit, approve, RunnerSettings(cwd=self._cwd)
            ),
            system_prompt="be good",
            tools=declarations(self.registry),
            history=self.history,
            emit=emit,
            new_id=lambda prefix: ids.new(f"{run_id}-{prefix}"),
            take_steers=self._take_steers,
            settings=LoopSettings(max_steps=self._max_steps),
        )
        return await loop.run(run_id)

    def _take_steers(self) -> list[str]:
        steers, self.steers = self.steers, []
        return steers

    async def run(self, text: str = "go") -> ev.RunDone:
        self.tasks.submit(Work(text, "react", self._body), queue=False)
        async for event in self.log.follow():
            if isinstance(event, ev.RunDone):
                break
        check_stream(self.events)
        return event

    def of(self, kind: type[ev.EventBase]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def call(name: str, **args: Any) -> str:
    return json.dumps({"type": "tool", "tool_name": name, "args": args})


def final(text: str) -> str:
    return json.dumps({"type": "final", "final": text})


async def test_think_act_observe_answer(tmp_path: Path) -> None:
    world = World(tmp_path, [call("double", x=4)], [final("It is 8.")])
    done = await world.run()
    assert (done.status, done.steps) == ("completed", 2)
    assert [event.content for event in world.of(ev.ReactObservation)] == ["8"]
    (answer,) = world.of(ev.Final)
    assert answer.answer.answer == "It is 8."
    assert len(answer.answer.tool_calls) == 1
    told = world.client.requests[1].messages
    assert [message.role for message in told] == ["system", "user", "assistant", "user"]
    assert "8" in told[-1].text


async def test_calls_of_one_step_run_at_the_same_time(tmp_path: Path) -> None:
    both = json.dumps([json.loads(call("meet", x=1)), json.loads(call("meet", x=2))])
    world = World(tmp_path, [both], [final("done")])
    await world.run()
    assert [event.content for event in world.of(ev.ReactObservation)] == ["1", "2"]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (call("triple", x=1), "triple"),
        (call("double", x="many"), "x"),
        (call("double"), "x"),
    ],
)
async def test_what_a_tool_refuses_becomes_an_observation(tmp_path: Path, action: str, told: str) -> None:
    world = World(tmp_path, [action], [final("sorry")])
    assert (await world.run()).status == "completed"
    (observation,) = world.of(ev.ReactObservation)
    assert told in observation.content
    assert len(world.of(ev.ToolFailed)) == 1


async def test_a_malformed_action_is_explained_to_the_model(tmp_path: Path) -> None:
    world = World(tmp_path, ['{"type":"tool"}'], [final("ok")])
    assert (await world.run()).status == "completed"
    (observation,) = world.of(ev.ReactObservation)
    assert observation.call_id == "protocol"
    assert world.client.requests[1].messages[-1] == llm.user(observation.content)


async def test_a_model_that_never_makes_sense_fails_in_the_end(tmp_path: Path) -> None:
    world = World(tmp_path, *[['{"type":"tool"}']] * 4)
    assert (await world.run()).status == "failed"
    assert len(world.of(ev.ReactObservation)) == 3
    (failed,) = world.of(ev.RunError)
    assert failed.error.code == "malformed_action"
    assert failed.error.message.endswith('; try another model, or protocol = "native" in [model]')
    assert "\n" not in failed.error.message
    assert "Reply with JSON" not in failed.error.message, "that is said to the model"


async def test_a_model_whose_native_calls_make_no_sense_is_advised_the_other_protocol(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, *[[llm.Finish("malformed_call")]] * 4, protocol=NativeCalls())
    assert (await world.run()).status == "failed"
    assert 'protocol = "json" in [model]' in world.of(ev.RunError)[0].error.message


async def test_a_model_that_only_talks_is_heard_in_the_end(tmp_path: Path) -> None:
    world = World(tmp_path, *[["Hello, I am prose."]] * 4)
    assert (await world.run()).status == "completed"
    (answer,) = world.of(ev.Final)
    assert (answer.answer.answer, answer.answer.repaired) == ("Hello, I am prose.", "prose")


async def test_the_step_limit_ends_the_run(tmp_path: Path) -> None:
    world = World(tmp_path, *[[call("double", x=1)]] * 2, max_steps=2)
    done = await world.run()
    assert (done.status, done.steps) == ("max_steps", 2)


async def test_a_broken_stream_is_asked_again(tmp_path: Path) -> None:
    world = World(tmp_path, ['{"type":"final","final":"wro', unavailable()], [final("right")])
    assert (await world.run()).status == "completed"
    assert [event.attempt for event in world.of(ev.LlmStart)] == [1, 2]
    assert len(world.of(ev.LlmError)) == len(world.of(ev.LlmRetry)) == 1
    assert world.of(ev.Final)[0].answer.answer == "right"


async def test_a_model_that_stays_away_fails_the_run(tmp_path: Path) -> None:
    world = World(tmp_path, *[[unavailable()]] * 3)
    assert (await world.run()).status == "failed"
    assert world.of(ev.RunError)[0].error.retryable


async def test_a_client_that_breaks_its_word_still_ends_its_call(tmp_path: Path) -> None:
    world = World(tmp_path, lambda messages: [object()])
    assert (await world.run()).status == "failed"
    assert [event.error.code for event in world.of(ev.LlmError)] == ["internal"]
    assert world.of(ev.LlmDone) == []


async def test_cancel_in_mid_token_closes_the_stream(tmp_path: Path) -> None:
    gate = Gate()
    world = World(tmp_path, ['{"type":"final","final":"Once', gate])
    run = asyncio.create_task(world.run())
    await gate.reached.wait()
    assert await world.tasks.cancel("user")
    done = await run
    assert done.status == "cancelled"
    assert world.client.open_streams == 0
    assert [event.finish_reason for event in world.of(ev.LlmDone)] == ["cancelled"]
    assert world.of(ev.Cancelled)[0].partial_text == "Once"


async def test_a_steer_reaches_the_next_step(tmp_path: Path) -> None:
    world = World(tmp_path, [call("double", x=1)], [final("brief")])
    world.steers.append("be brief")
    await world.run()
    assert "be brief" in [message.text for message in world.client.requests[0].messages]


async def test_a_steer_during_the_answer_is_not_lost(tmp_path: Path) -> None:
    gate = Gate()
    world = World(tmp_path, [gate, final("one")], [final("two")])
    run = asyncio.create_task(world.run())
    await gate.reached.wait()
    world.steers.append("and two?")
    gate.open.set()
    assert (await run).status == "completed"
    assert [event.answer.answer for event in world.of(ev.Final)] == ["two"]


async def test_a_steer_during_the_last_answer_does_not_cost_it(tmp_path: Path) -> None:
    gate = Gate()
    world = World(tmp_path, [gate, final("one")], max_steps=1)
    run = asyncio.create_task(world.run())
    await gate.reached.wait()
    world.steers.append("and two?")
    gate.open.set()
    assert (await run).status == "completed"
    assert [event.answer.answer for event in world.of(ev.Final)] == ["one"]


async def test_native_calls(tmp_path: Path) -> None:
    native = llm.ToolCall("c1", "double", {"x": 3}, "c2ln")
    world = World(
        tmp_path,
        ["Let me see. ", native, llm.Finish("tool_calls")],
        ["It is 6."],
        protocol=NativeCalls(),
    )
    assert (await world.run()).status == "completed"
    assistant, results = world.client.requests[1].messages[-2:]
    ours = world.of(ev.ToolStart)[0].call_id
    assert assistant.parts == (llm.Text("Let me see. "), replace(native, call_id=ours))
    assert results.parts == (llm.ToolResult(ours, "double", "6"),)
    assert [tool.name for tool in world.client.requests[0].options.tools] == ["double", "meet"]
