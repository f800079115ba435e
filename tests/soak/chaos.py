"""The whole runtime under models that fail and people who change their minds, checked against the contract.

``python -m tests.soak.chaos --count 200 [--seed S]``. Each round opens a session with real tools and a
journal, does a few dozen things to it at random moments, closes it at a random one, and goes on with
it in a second runtime. Then its stream must hold every invariant, its journal the same bytes as its
log, its fold must be total, every conversation a model was shown must be one that providers accept,
and no task, thread or process may be left.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_tui.clock import RandomIds, SystemClock
from agent_tui.config.load import Loaded, load
from agent_tui.errors import AgentTuiError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.llm.client import LLMClient
from agent_tui.runtime.core import Core
from agent_tui.runtime.local import LocalRuntime
from agent_tui.storage.journal import Journal
from agent_tui.tools.tree import processes
from agent_tui.tools.trust import TrustStore
from tests.fakes.invariants import check_stream
from tests.soak.chaos_models import JSON_MODEL, NATIVE_MODEL, Listener, chaotic_models

ROUND_S = 40.0
"""A round that takes longer hangs."""

LEFT_S = 12.0
"""What is still there then would stay; what does not heed its end is killed after 2.5 s."""

_DECISIONS: tuple[ev.Decision, ...] = ("allow", "allow_session", "deny")


class ChaoticCore(Core):
    """A core whose models are those of the round."""

    async def client(self, model: str, cwd: Path) -> LLMClient:
        await asyncio.sleep(0)
        return self._clients[model]


@dataclass
class Figures:
    """What the rounds amounted to."""

    rounds: int = 0
    events: int = 0
    model_calls: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    cancels_ms: list[float] = field(default_factory=list)

    def take(self, events: list[ev.Event], model_calls: int) -> None:
        self.rounds += 1
        self.events += len(events)
        self.model_calls += model_calls
        for event in events:
            self.types[event.type] = self.types.get(event.type, 0) + 1
            if isinstance(event, ev.RunDone):
                self.statuses[event.status] = self.statuses.get(event.status, 0) + 1
            if isinstance(event, ev.Cancelled):
                self.cancels_ms.append(event.latency_ms)

    def lines(self) -> list[str]:
        waits = sorted(self.cancels_ms) or [0.0]
        at = {share: waits[min(int(len(waits) * share), len(waits) - 1)] for share in (0.5, 0.99)}
        return [
            f"{self.rounds} rounds, {self.events} events, {self.model_calls} model calls",
            "runs: " + ", ".join(f"{count} {status}" for status, count in sorted(self.statuses.items())),
            f"cancel to end: median {at[0.5]:.1f} ms, p99 {at[0.99]:.1f} ms, worst {waits[-1]:.1f} ms",
            "events: " + ", ".join(f"{kind} {count}" for kind, count in sorted(self.types.items())),
        ]


class Person:
    """Somebody who does everything a front end can do, at any moment."""

    def __init__(self, runtime: LocalRuntime, session_id: str, lot: random.Random) -> None:
        self._runtime, self._id, self._lot = runtime, session_id, lot
        self.events: list[ev.Event] = []
        self._prompts: list[str] = []
        self._calls: list[str] = ["unknown"]
        self._tasks: set[asyncio.Task[Any]] = set()
        self.problems: list[str] = []

    async def watch(self) -> None:
        """Follows the session to its end and answers what it asks, now and then twice."""
        async for batch in self._runtime.follow(self._id):
            for event in batch:
                self.events.append(event)
                if isinstance(event, ev.ApprovalRequest):
                    self._calls.append(event.call_id)
                    if self._lot.random() < 0.8:
                        self._soon(self._answer(event.call_id))
                if isinstance(event, ev.PromptQueued):
                    self._prompts.append(event.prompt_id)

    async def act(self, times: int) -> None:
        """Does this many things with pauses between them."""
        doings: list[tuple[int, Callable[[], Coroutine[Any, Any, object]]]] = [
            (8, lambda: self._runtime.submit(self._id, f"task {self._lot.random()}")),
            (2, lambda: self._runtime.submit(self._id, "now or never", queue=False)),
            (5, lambda: self._runtime.cancel(self._id)),
            (2, self._cancel_twice),
            (3, lambda: self._runtime.steer(self._id, "steer \udc80 there")),
            (2, lambda: self._runtime.run_shell(self._id, "echo own; sleep 0.02")),
            (2, lambda: self._runtime.call_tool(self._id, "calc", {"expression": "6*7"})),
            (1, lambda: self._runtime.call_tool(self._id, "shell", {"command": "sleep 30"})),
            (1, lambda: self._runtime.clear(self._id)),
            (2, lambda: self._runtime.set_model(self._id, self._lot.choice((JSON_MODEL, NATIVE_MODEL)))),
            (1, lambda: self._runtime.set_title(self._id, "title \ud800")),
            (2, lambda: self._runtime.unqueue(self._id, self._lot.choice([*self._prompts, "unknown"]))),
            (2, lambda: self._answer(self._lot.choice(self._calls))),
            (1, lambda: self._runtime.open_session(self._id[:9])),
        ]
        weights = [weight for weight, _ in doings]
        for _ in range(times):
            _, doing = self._lot.choices(doings, weights)[0]
            self._soon(self._try(doing))
            await asyncio.sleep(self._lot.choice((0, 0, 0.001, 0.01, self._lot.random() * 0.06)))

    async def come_to_rest(self) -> None:
        """Cancels and empties the queue until nothing runs."""
        while self._tasks or await self._runtime.cancel(self._id):
            for prompt_id in self._prompts:
                await self._runtime.unqueue(self._id, prompt_id)
            await asyncio.sleep(0)

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _cancel_twice(self) -> None:
        await asyncio.gather(self._runtime.cancel(self._id), self._runtime.cancel(self._id))

    async def _answer(self, call_id: str) -> None:
        await asyncio.sleep(self._lot.choice((0, 0.001, self._lot.random() * 0.03)))
        for _ in range(self._lot.choice((1, 1, 2))):
            decision = self._lot.choice(_DECISIONS)
            await self._runtime.answer(
                self._id, call_id, decision, feedback="no \udcff" * (decision == "deny")
            )

    async def _try(self, doing: Callable[[], Coroutine[Any, Any, object]]) -> None:
        with contextlib.suppress(AgentTuiError):
            await doing()

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._gone)

    def _gone(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.problems.append(f"a front end's call raised {error!r}")


def open_core(loaded: Loaded, clients: dict[str, LLMClient]) -> ChaoticCore:
    return ChaoticCore(
        config=loaded.config,
        env=loaded.env,
        clock=SystemClock(),
        ids=RandomIds(),
        paths=loaded.paths,
        journal=Journal(loaded.paths.journal),
        trust=TrustStore(loaded.paths.trust_file),
        _clients=clients,
    )


async def one_sitting(
    loaded: Loaded, lot: random.Random, session_id: str | None, listener: Listener
) -> tuple[str, list[ev.Event]]:
    """Opens the session, does things to it, closes it; its id and all its events."""
    core = open_core(loaded, dict(chaotic_models(lot, listener)))
    runtime = LocalRuntime(core, cwd=loaded.cwd, model=lot.choice((JSON_MODEL, NATIVE_MODEL)))
    await core.journal.start()
    session_id = (await runtime.open_session(session_id)).id
    person = Person(runtime, session_id, lot)
    watching = asyncio.create_task(person.watch())
    await person.act(lot.randrange(4, 30))
    if lot.random() < 0.5:
        await person.come_to_rest()
    await runtime.aclose()
    await person.leave()
    await watching
    lines = runtime._sessions[session_id].log._lines
    assert not person.problems, person.problems
    encoded = [codec.encode(event) for event in person.events]
    assert encoded[len(encoded) - len(lines) :] == lines, "followers saw other bytes than the log has"
    return session_id, person.events


async def one_round(seed: int, figures: Figures) -> None:
    """A session in two sittings, and what must be true of it afterwards."""
    lot = random.Random(seed)
    listener = Listener()
    threads = set(threading.enumerate())
    with tempfile.TemporaryDirectory() as folder:
        loaded = _settings(Path(folder))
        session_id, _ = await one_sitting(loaded, lot, None, listener)
        _, events = await one_sitting(loaded, lot, session_id, listener)
        check_stream(events)
        _check_fold(events)
        await _check_journal(loaded, session_id, events)
    assert not listener.complaints, listener.complaints[:3]
    figures.take(events, listener.calls)
    await _check_nothing_is_left(threads)


def _settings(folder: Path) -> Loaded:
    work = folder / "work"
    work.mkdir()
    (work / "notes.txt").write_text("one\ntwo\n")
    flags = {
        "retry.first_delay_s": 0.005,
        "retry.attempts": 3,
        "model.stall_s": 0.05,
        "agent.max_steps": 5,
        "agent.context_tokens": 1000,
    }
    return load(work, {"AGENT_TUI_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin"}, flags)


def _check_fold(events: list[ev.Event]) -> None:
    fold = Fold()
    for event in events:
        fold.apply(event)
    assert fold.view.status == "idle", f"the fold ends {fold.view.status}"
    assert not fold.view.approvals


async def _check_journal(loaded: Loaded, session_id: str, events: list[ev.Event]) -> None:
    journal = await Journal.open(loaded.paths.journal)
    try:
        stored = [bytes(line) for line in await journal.read(session_id, 0, 10_000_000)]
        assert stored == [codec.encode(event) for event in events], "the journal holds other bytes"
        assert not await journal.open_runs(session_id)
    finally:
        await journal.close()


async def _check_nothing_is_left(threads: set[threading.Thread]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others, f"tasks are left: {others}"
    until = time.monotonic() + LEFT_S
    while True:
        fresh = [thread for thread in threading.enumerate() if thread not in threads]
        held = [thread.name for thread in fresh if not thread.name.startswith("asyncio_")]
        children = [member.pid for member in processes() if member.parent == os.getpid()]
        if not held and not children:
            return
        assert time.monotonic() < until, f"threads {held} and processes {children} are left"
        await asyncio.sleep(0.01)


def run_round(seed: int, figures: Figures) -> None:
    """One round in a loop of its own; complaints of the loop are failures too."""
    said: list[str] = []

    async def within() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(str(context)))
        async with asyncio.timeout(ROUND_S):
            await one_round(seed, figures)

    asyncio.run(within())
    assert not said, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0, help="the first round's; each further one is +1")
    given = parser.parse_args()
    figures = Figures()
    for seed in range(given.seed, given.seed + given.count):
        try:
            run_round(seed, figures)
        except BaseException:
            print(f"seed {seed} failed")
            raise
    print("\n".join(figures.lines()))


if __name__ == "__main__":
    main()
