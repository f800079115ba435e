"""The session log: contiguous, monotonic, followed by any number of cursors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from agent_tui.events import codec
from agent_tui.events.log import RECENT, Emitter, SessionLog
from agent_tui.events.types import Event, LlmDelta, PromptQueued, SessionStart
from tests.fakes.clock import FakeClock


def append(log: SessionLog, count: int) -> None:
    for index in range(count):
        log.append(LlmDelta, run_id="run_1", text=str(index))


async def collect(log: SessionLog, after: int = 0) -> list[Event]:
    return [event async for event in log.follow(after)]


async def test_a_late_follower_reads_the_past_first() -> None:
    log = SessionLog("s")
    append(log, RECENT * 3)
    early = asyncio.create_task(collect(log))
    await asyncio.sleep(0)
    append(log, 10)
    log.close()
    for events in (await early, await collect(log)):
        assert [event.seq for event in events] == list(range(1, RECENT * 3 + 11))


async def test_a_cursor_starts_after_its_seq() -> None:
    log = SessionLog("s")
    append(log, 5)
    log.close()
    assert [event.seq for event in await collect(log, after=3)] == [4, 5]


async def test_a_follower_that_leaves_is_forgotten() -> None:
    log = SessionLog("s")
    follower = asyncio.create_task(collect(log))
    await asyncio.sleep(0)
    follower.cancel()
    with pytest.raises(asyncio.CancelledError):
        await follower
    append(log, 1)
    log.close()
    assert len(await collect(log)) == 1


async def test_time_never_goes_back() -> None:
    clock = FakeClock()
    log = SessionLog("s", clock=clock)
    first = log.append(PromptQueued, prompt_id="p", text="")
    clock.advance(-3600)
    second = log.append(PromptQueued, prompt_id="q", text="")
    assert second.ts == first.ts == "2026-01-02T03:04:05.000000Z"


async def test_sink_gets_the_very_bytes_of_the_event() -> None:
    lines: list[tuple[str, int, bytes]] = []
    log = SessionLog("s", sink=lambda session, seq, line: lines.append((session, seq, line)))
    event = log.append(SessionStart, cwd="/", model="demo", version="1")
    assert lines == [("s", 1, codec.encode(event))]
    assert await log.read_lines(0, 10) == [codec.encode(event)]


async def test_older_events_come_from_their_source() -> None:
    past = SessionLog("s")
    append(past, 700)

    class Stored:
        async def read(self, session_id: str, after: int, limit: int) -> Sequence[bytes]:
            assert session_id == "s"
            return await past.read_lines(after, limit)

    log = SessionLog("s", last_seq=700, older=Stored())
    append(log, 3)
    log.close()
    assert [event.seq for event in await collect(log)] == list(range(1, 704))


async def test_a_refused_event_leaves_no_gap() -> None:
    log = SessionLog("s")
    with pytest.raises(ValueError, match="text"):
        log.append(LlmDelta, txt="misspelled")
    assert log.append(LlmDelta, text="a").seq == 1


async def test_a_closed_emitter_stops_whoever_uses_it() -> None:
    log = SessionLog("s")
    emit = Emitter(log, run_id="run_1")
    inner = emit.within(span_id="llm_1")
    assert inner(LlmDelta, text="a").span_id == "llm_1"
    emit.close()
    with pytest.raises(asyncio.CancelledError):
        inner(LlmDelta, text="b")
    assert log.last_seq == 1
