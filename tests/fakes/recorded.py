"""A recorded session of any length: runs of steps, streams, tools, errors and cancels in turn."""

from __future__ import annotations

from agent_tui.events import types as ev
from agent_tui.events.log import Emitter, SessionLog
from tests.fakes.clock import FakeClock

WORDS = "The **scheduler** keeps a `heap` of timers and wakes the earliest one first. ".split(" ")  # noqa: SIM905


def recorded(count: int, *, session_id: str = "recorded") -> list[ev.Event]:
    """The first ``count`` events of an endless session."""
    clock = FakeClock()
    log = SessionLog(session_id, clock=clock)
    events: list[ev.Event] = []
    log.observe(events.append)
    log.append(ev.SessionStart, cwd="/work", model="demo", version="0")
    number = 0
    while len(events) < count:
        number += 1
        clock.advance(30)
        _run(log, clock, number)
    return events[:count]


def _run(log: SessionLog, clock: FakeClock, number: int) -> None:
    run_id = f"run_{number}"
    emit = Emitter(log, run_id=run_id, span_id=run_id)
    emit(ev.RunStart, input=f"question {number}: why is it slow?", model="demo", agent="react")
    usage = ev.Usage(input_tokens=900, output_tokens=300, cost_usd=0.0004)
    for step in (1, 2):
        step_id = f"step_{number}_{step}"
        emit.within(span_id=step_id, parent_id=run_id)(ev.ReactStepStart, step=step, max_steps=8)
        llm = emit.within(span_id=f"llm_{number}_{step}", parent_id=step_id)
        llm(ev.LlmStart, model="demo", attempt=1, message_count=2)
        clock.advance(0.2)
        for index in range(80 if step == 2 else 8):
            clock.advance(0.01)
            llm(ev.LlmDelta, text=WORDS[index % len(WORDS)] + " ", channel="answer")
        llm(ev.LlmDone, finish_reason="stop", usage=usage, duration_ms=900.0)
        if step == 1:
            _tool(emit, clock, number, step_id)
    if number % 10 == 0:
        emit(ev.CancelCalled, by="user")
        emit(ev.Cancelled, latency_ms=4.0, partial_text="")
    status: ev.RunStatus = "cancelled" if number % 10 == 0 else "completed"
    emit(ev.RunDone, status=status, steps=2, usage=usage, duration_ms=1800.0)


def _tool(emit: Emitter, clock: FakeClock, number: int, step_id: str) -> None:
    call_id = f"call_{number}"
    tool = emit.within(span_id=f"tool_{number}", parent_id=step_id)
    tool(ev.ToolStart, call_id=call_id, tool_name="shell", args={"command": "make"}, risk="high")
    for line in range(3):
        clock.advance(0.1)
        tool(ev.ToolOutput, call_id=call_id, stream="stdout", text=f"line {line}\n")
    failed = number % 5 == 0
    summary = "exit 1" if failed else "exit 0"
    tool(ev.ToolEnd, call_id=call_id, result="", duration_ms=300.0, failed=failed, summary=summary)
    tool(ev.ReactObservation, call_id=call_id, content="done")
