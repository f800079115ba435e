"""The pump: frames bounded in number, what matters at once, nothing left undrawn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.log import SessionLog
from agent_tui.events.view import Changes
from agent_tui.tui.pump import Pump


class Watched:
    """A pump over a log, and the frames it asked for."""

    def __init__(self, fps: float) -> None:
        self.log = SessionLog("s")
        self.frames: list[Sequence[ev.Event]] = []
        self.drawn = asyncio.Event()
        self.task = asyncio.create_task(Pump(self.log.follow_batches(), Fold(), self._frame, fps=fps).run())

    def _frame(self, _changes: Changes, events: Sequence[ev.Event]) -> None:
        self.frames.append(list(events))
        self.drawn.set()

    def delta(self, text: str) -> None:
        self.log.append(ev.LlmDelta, run_id="r", span_id="m", text=text)

    async def next_frame(self) -> None:
        self.drawn.clear()
        await asyncio.wait_for(self.drawn.wait(), 5)


async def test_the_first_event_is_drawn_at_once() -> None:
    watched = Watched(fps=0.01)
    watched.delta("a")
    await watched.next_frame()
    assert len(watched.frames) == 1
    watched.task.cancel()


async def test_more_text_waits_for_the_next_frame_and_what_matters_does_not() -> None:
    watched = Watched(fps=0.01)
    watched.delta("a")
    await watched.next_frame()
    for _ in range(50):
        watched.delta("b")
        await asyncio.sleep(0)
    assert len(watched.frames) == 1
    watched.log.append(ev.CancelCalled, run_id="r", by="me")
    await watched.next_frame()
    assert [event.type for event in watched.frames[1]] == ["llm_delta"] * 50 + ["cancel_called"]
    watched.task.cancel()


async def test_what_is_left_is_drawn_when_the_log_ends() -> None:
    watched = Watched(fps=0.01)
    watched.delta("a")
    await watched.next_frame()
    watched.delta("b")
    watched.log.close()
    await asyncio.wait_for(watched.task, 5)
    assert [len(frame) for frame in watched.frames] == [1, 1]


async def test_the_end_of_a_run_is_drawn_at_once_however_lately_something_was() -> None:
    watched = Watched(fps=0.01)
    watched.log.append(ev.CancelCalled, run_id="r", by="me")
    watched.log.append(
        ev.RunDone, run_id="r", status="cancelled", steps=1, usage=ev.Usage(), duration_ms=1.0
    )
    await watched.next_frame()
    assert [event.type for event in watched.frames[0]] == ["cancel_called", "run_done"]
    watched.task.cancel()
