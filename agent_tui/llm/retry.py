"""Asking a model again when the way to it failed, and noticing when it has gone silent.

Nothing is hidden: each attempt's beginning and failure come out of the same stream as its parts.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from agent_tui.errors import ModelError, ModelUnavailable
from agent_tui.llm.client import LLMClient
from agent_tui.llm.messages import CallOptions, Finish, Message, StreamPart


@dataclass(frozen=True, slots=True)
class ModelRetryPolicy:
    """When to ask again. Times are in seconds.

    Attributes:
        attempts: How often to ask in all, the first time included.
        first_delay_s: Longest wait before the second attempt; it doubles with each one after.
        max_delay_s: Where the doubling ends.
        stall_s: A stream that gives nothing for this long counts as broken; None for never.
        first_part_s: The same for its first part, for models that read or think long; None takes
            ``stall_s``.
        max_retry_after_s: A provider that asks for a longer wait than this is not asked again.
    """

    attempts: int = 5
    first_delay_s: float = 0.5
    max_delay_s: float = 30.0
    stall_s: float | None = 60.0
    first_part_s: float | None = None
    max_retry_after_s: float = 120.0


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """Attempt ``attempt`` (1, 2, …) begins; what an earlier one said is void."""

    attempt: int


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """The attempt broke. ``retry_in_s`` is None if it was the last: its error is raised next."""

    attempt: int
    error: ModelError
    retry_in_s: float | None


def _full_jitter(ceiling_s: float) -> float:
    return random.uniform(0.0, ceiling_s)


async def stream_with_retry(
    client: LLMClient,
    messages: Sequence[Message],
    options: CallOptions,
    policy: ModelRetryPolicy = ModelRetryPolicy(),
    *,
    jitter: Callable[[float], float] = _full_jitter,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncGenerator[StreamPart | AttemptStarted | AttemptFailed, None]:
    """The model's parts, over as many attempts as it takes.

    Args:
        client: The model.
        messages: The conversation.
        options: Given to the client as they are.
        policy: When to ask again.
        jitter: The wait for a given longest wait; by default anything from nothing to all of it.
        sleep: Waits; cancelling it must end it at once.

    Raises:
        ModelError: The last attempt's error, after its ``AttemptFailed``.
    """
    attempt = 0
    while True:
        attempt += 1
        yield AttemptStarted(attempt)
        try:
            async with aclosing(_one_attempt(client, messages, options, policy)) as parts:
                async for part in parts:
                    yield part
        except ModelError as error:
            failed = error
        else:
            return
        delay = _delay(policy, attempt, failed, jitter)
        yield AttemptFailed(attempt, failed, delay)
        if delay is None:
            raise failed
        await sleep(delay)


async def _one_attempt(
    client: LLMClient, messages: Sequence[Message], options: CallOptions, policy: ModelRetryPolicy
) -> AsyncGenerator[StreamPart, None]:
    first_s = policy.stall_s if policy.first_part_s is None else policy.first_part_s
    watchdog = _Watchdog(first_s)
    try:
        async with aclosing(client.stream(messages, options)) as parts:
            while True:
                watchdog.begin()
                try:
                    part = await anext(parts, None)
                except BaseException:
                    watchdog.end()  # raises in place of a cancellation that was its own
                    raise
                watchdog.end()
                if part is None:
                    raise ModelUnavailable("the model's answer broke off", code="stream_cut")
                yield part
                if isinstance(part, Finish):
                    return
                watchdog.limit_s = policy.stall_s
    finally:
        watchdog.close()


class _Watchdog:
    """Breaks off a wait that lasts too long, at next to no cost for one that does not.

    ``asyncio.timeout`` makes and drops a timer for each part. Here one timer per stream looks now
    and then whether the wait that is going on has been too long, and is set anew for when it would
    be.
    """

    def __init__(self, limit_s: float | None) -> None:
        self.limit_s = limit_s
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._since = 0.0
        self._barked = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """A wait begins in the current task."""
        if self.limit_s is None:
            return
        self._task = asyncio.current_task()
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self.limit_s, self._look)

    def end(self) -> None:
        """The wait is over, however it ended.

        Raises:
            ModelUnavailable: It had lasted too long.
        """
        task, self._task = self._task, None
        if self._barked and task is not None:
            self._barked = False
            if task.uncancel() == 0:  # else someone else cancels too, and goes first
                raise ModelUnavailable(
                    f"the model sent nothing for {self.limit_s:g} s",
                    hint="raise stall_s in [model] if it is only slow",
                    code="stream_stalled",
                ) from None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self.limit_s is None:
            return
        now = self._loop.time()
        due = (now if self._task is None else self._since) + self.limit_s
        if self._task is not None and now >= due:
            self._barked = True
            self._task.cancel()
        else:
            self._timer = self._loop.call_at(due, self._look)


def _delay(
    policy: ModelRetryPolicy, attempt: int, error: ModelError, jitter: Callable[[float], float]
) -> float | None:
    """Seconds to wait before another attempt; None if there is to be none."""
    if not error.retryable or attempt >= policy.attempts:
        return None
    asked = error.retry_after_s if isinstance(error, ModelUnavailable) else None
    if asked is not None and asked > policy.max_retry_after_s:
        return None
    return max(jitter(_ceiling(policy, attempt)), asked or 0.0)


def _ceiling(policy: ModelRetryPolicy, attempt: int) -> float:
    from tenacity import AsyncRetrying, RetryCallState, wait_exponential

    wait = wait_exponential(multiplier=policy.first_delay_s, max=policy.max_delay_s)
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = attempt
    return float(wait(state))
