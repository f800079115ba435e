"""A model that fails on purpose, around one that does not: for tests of what is above it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal, get_args

from agent_tui.errors import ModelUnavailable
from agent_tui.llm.client import LLMClient
from agent_tui.llm.messages import CallOptions, Finish, Message, StreamPart, TextDelta

FaultKind = Literal["delay", "unavailable", "reset", "cut", "stall", "malformed"]
BROKEN_ACTION = '{"type": "tool", "tool_name": "calc", "args": {"expression": '
_MOST_PARTS = 40
"""Latest part at which a fault that is drawn by lot strikes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in one call.

    Attributes:
        kind: ``delay`` waits ``delay_s``; ``unavailable`` is a 503; ``reset`` a lost connection;
            ``cut`` an end without ``Finish``; ``stall`` silence for ever; ``malformed`` an action that
            is broken off, after which the stream ends well.
        after: Parts that come through before it. With 0 it strikes before the first.
        delay_s: Seconds of the delay, or what the 503 asks to wait.
    """

    kind: FaultKind
    after: int = 0
    delay_s: float = 0.0


Plan = Sequence[Fault | None]


def draw(seed: int, rate: float = 0.5, most_delay_s: float = 0.01) -> Callable[[int], Fault | None]:
    """A plan drawn by lot: the same ``seed`` gives the same faults.

    Args:
        seed: Any number.
        rate: Share of the calls that go wrong.
        most_delay_s: Longest delay.
    """

    def fault(call: int) -> Fault | None:
        lot = random.Random(f"{seed}/{call}")
        if lot.random() >= rate:
            return None
        kind: FaultKind = lot.choice(get_args(FaultKind))
        return Fault(kind, lot.choice((0, 1, lot.randrange(_MOST_PARTS))), lot.random() * most_delay_s)

    return fault


class ChaosClient(LLMClient):
    """``inner``, with faults.

    Args:
        inner: The model that would work.
        plan: One entry per call, None for none; calls beyond it work. Or a function of the call's
            number, from 0, such as ``draw(seed)``.
        sleep: Waits out delays.

    Attributes:
        struck: The faults that did happen, oldest first.
    """

    def __init__(
        self,
        inner: LLMClient,
        plan: Plan | Callable[[int], Fault | None],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.model = inner.model
        self.capabilities = inner.capabilities
        self.struck: list[Fault] = []
        self._inner = inner
        self._plan = plan
        self._sleep = sleep
        self._calls = 0

    async def stream(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> AsyncGenerator[StreamPart, None]:
        fault = self._next_fault()
        async with aclosing(self._inner.stream(messages, options)) as parts:
            count = 0
            while True:
                if fault is not None and count == fault.after:
                    self.struck.append(fault)
                    if fault.kind == "cut":
                        return
                    if fault.kind == "malformed":
                        yield TextDelta(BROKEN_ACTION)
                        yield Finish("stop")
                        return
                    await self._strike(fault)
                part = await anext(parts, None)
                if part is None:
                    return
                count += 1
                yield part

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _next_fault(self) -> Fault | None:
        call, self._calls = self._calls, self._calls + 1
        if callable(self._plan):
            return self._plan(call)
        return self._plan[call] if call < len(self._plan) else None

    async def _strike(self, fault: Fault) -> None:
        match fault.kind:
            case "delay":
                await self._sleep(fault.delay_s)
            case "stall":
                await asyncio.Event().wait()
            case "unavailable":
                raise ModelUnavailable(
                    "503: the model is overloaded", code="http_503", retry_after_s=fault.delay_s or None
                )
            case _:
                raise ModelUnavailable("the connection was reset", code="connection_lost")
