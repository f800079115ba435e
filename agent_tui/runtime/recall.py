"""What the model is told of a stored session's past, read when it is first needed.

A session of very many events opens at once this way; and most of them, the single deltas of answers
that were finished, are never read at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from agent_tui.agent.history import History
from agent_tui.events import codec
from agent_tui.events import types as ev


class Past(Protocol):
    """Reads stored events; the journal is one."""

    async def read_without_text(self, session_id: str, after: int, limit: int) -> Sequence[bytes]:
        """Up to ``limit`` lines with ``seq > after`` that are neither ``llm_delta`` nor ``tool_output``."""
        ...

    async def read(self, session_id: str, after: int, limit: int) -> Sequence[bytes]:
        """Up to ``limit`` lines with ``seq > after``."""
        ...


READ_AT_ONCE = 2000

_BEGIN = (ev.RunStart, ev.LlmStart, ev.LlmError, ev.ReactModelRaw)
"""Events after which an answer streams from its beginning."""


class Recall:
    """The history of one session: what is stored, then what comes.

    Args:
        past: Where stored events are.
        session_id: Whose they are.
        last_seq: How many there are; none for a new session.
    """

    def __init__(self, past: Past, session_id: str, last_seq: int = 0) -> None:
        self._past = past
        self._session_id = session_id
        self._last_seq = last_seq
        self._history: History | None = None if last_seq else History()
        self._since: list[ev.Event] = []

    def apply(self, event: ev.Event) -> None:
        """Takes in an event that was appended since."""
        if self._history is None:
            self._since.append(event)
        else:
            self._history.apply(event)

    async def history(self) -> History:
        """The history up to now; the first call reads what is stored.

        Raises:
            StorageError: It cannot be read.
        """
        if self._history is None:
            history, begun = History(), 0
            async for event in self._stored():
                cut_short = _cut_short(event)
                if cut_short:
                    history.apply_all(await self._text_between(begun, event.seq))
                history.apply(event)
                if cut_short or isinstance(event, _BEGIN):
                    begun = event.seq
            self._history = history.apply_all(self._since)
            self._since = []
        return self._history

    async def _stored(self) -> AsyncIterator[ev.Event]:
        """Everything that was stored, but for text that came piece by piece."""
        position = 0
        while lines := await self._past.read_without_text(self._session_id, position, READ_AT_ONCE):
            events = await asyncio.to_thread(_decoded, lines)
            for event in events:
                if event.seq > self._last_seq:
                    return
                yield event
            position = events[-1].seq

    async def _text_between(self, after: int, before: int) -> list[ev.Event]:
        """What was streamed of an answer that was cut short: no other event tells it."""
        found: list[ev.Event] = []
        while after < before - 1:
            lines = await self._past.read(self._session_id, after, min(READ_AT_ONCE, before - 1 - after))
            if not lines:
                break
            batch = await asyncio.to_thread(_decoded, lines)
            found += (event for event in batch if isinstance(event, ev.LlmDelta))
            after = batch[-1].seq
        return found


def _cut_short(event: ev.Event) -> bool:
    """Whether an answer may end here that no ``react_model_raw`` tells."""
    match event:
        case ev.LlmDone(finish_reason=reason):
            return reason == "cancelled"
        case ev.RunDone(status=status):
            return status == "interrupted"
        case _:
            return False


def _decoded(lines: Sequence[bytes]) -> list[ev.Event]:
    return [codec.decode(line) for line in lines]
