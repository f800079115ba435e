"""Follows one session over connections that may break: nothing lost, nothing doubled, nothing mixed up."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing

from agent_tui.errors import AgentTuiError, ConflictError
from agent_tui.events import codec
from agent_tui.events.types import Event
from agent_tui.runtime.runtime import HISTORY_CHANGED
from agent_tui.server.frames import Frames
from agent_tui.server.wire import ConnectionFailed, ServerRefused, Wire

_log = logging.getLogger(__name__)

FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 5.0
SETTLED_S = 5.0
"""A connection that held so long is no sign of trouble when it ends."""

Tell = Callable[[object, bool], None]
"""Told by whom, and whether it is connected."""


class Tail:
    """The events of a session after one of them.

    Each connection begins with the last event that is known, which is compared and left out: a server
    that lost its last moments in a crash counts on from an earlier one, with the same numbers.

    Args:
        wire: To the server.
        path: Of the session's stream.
        after: Number of the last event that is known.
        tell: Told when the connection is lost for more than a moment, and when it is there again.

    Attributes:
        ended: Set from outside: the stream is over and does not come back.
        heard: How often something came from the server.
    """

    def __init__(self, wire: Wire, path: str, after: int, tell: Tell) -> None:
        self._wire = wire
        self._path = path
        self._position = after
        self._tell = tell
        self._known: Event | None = None
        self._failures = 0
        self.ended = False
        self.heard = 0

    async def batches(self) -> AsyncIterator[Sequence[Event]]:
        """Events in batches, until ``ended`` is set or the wire is closed.

        Raises:
            ConflictError: With code ``HISTORY_CHANGED``: begin anew.
            AgentTuiError: The server has no such session any more, or refuses for good.
        """
        loop = asyncio.get_running_loop()
        try:
            while not self._over:
                began, wait = loop.time(), None
                try:
                    async with aclosing(self._connection()) as connection:
                        async for batch in connection:
                            yield batch
                except (ConnectionFailed, ServerRefused) as error:
                    if self._over:
                        return
                    if not (error.retryable or error.http_status >= 500):
                        raise
                    wait = getattr(error, "retry_after_s", None)
                    _log.info("the event stream ended: %s", error)
                    if self._failures or wait is not None:
                        self._tell(self, False)
                if loop.time() - began > SETTLED_S:
                    self._failures = 0
                if not self._over:
                    await asyncio.sleep(self._delay() if wait is None else min(wait, 60.0))
        finally:
            self._tell(self, True)

    @property
    def _over(self) -> bool:
        return self.ended or self._wire.closed

    def _delay(self) -> float:
        delay = min(FIRST_DELAY_S * 2.0**self._failures, LONGEST_DELAY_S)
        self._failures = min(self._failures + 1, 20)
        return delay * random.uniform(0.75, 1.25)

    async def _connection(self) -> AsyncGenerator[Sequence[Event], None]:
        overlap = max(0, self._position - 1)
        headers = {"accept": "text/event-stream", "last-event-id": str(overlap)}
        frames = Frames()
        try:
            async with self._wire.stream(self._path, {}, headers) as chunks:
                self._tell(self, True)
                async for chunk in chunks:
                    self.heard += 1
                    batch = self._new(frames.feed(chunk))
                    if batch:
                        yield batch
                    if self._over:
                        return
        except ConflictError as error:
            if error.code == "ahead":
                raise _changed() from error
            if not self._over:
                raise
        except AgentTuiError:
            if not self._over:
                raise

    def _new(self, frames: Sequence[bytes]) -> list[Event]:
        """The events that follow on what is known."""
        new: list[Event] = []
        for data in frames:
            event = codec.decode(data)
            if event.seq == self._position and self._position > 0:
                if self._known is not None and event != self._known:
                    raise _changed()
            elif event.seq == self._position + 1:
                new.append(event)
                self._position = event.seq
            elif event.seq > self._position:
                raise ConnectionFailed(
                    f"the server left out what is between {self._position} and {event.seq}"
                )
            else:
                continue
            self._known = event
        return new


def _changed() -> ConflictError:
    return ConflictError(
        "the server went on from an earlier moment of this session",
        hint="open it anew",
        code=HISTORY_CHANGED,
    )
