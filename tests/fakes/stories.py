"""Ready-made stretches of events for tests that need some, without a runtime."""

from __future__ import annotations

from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog

RUN = {"run_id": "run_1", "span_id": "run_1"}
LLM = {"run_id": "run_1", "span_id": "llm_1", "parent_id": "run_1"}
TOOL = {"run_id": "run_1", "span_id": "tool_1", "parent_id": "run_1"}


def begin(log: SessionLog, cwd: str = "/work") -> None:
    log.append(ev.SessionStart, cwd=cwd, model="demo", version="0")


def start_run(log: SessionLog, text: str = "hello") -> None:
    log.append(ev.RunStart, **RUN, input=text, model="demo", agent="react")


def stream(log: SessionLog, *pieces: str) -> None:
    log.append(ev.LlmStart, **LLM, model="demo", attempt=1, message_count=1)
    for piece in pieces:
        log.append(ev.LlmDelta, **LLM, text=piece)


def end_stream(log: SessionLog) -> None:
    log.append(ev.LlmDone, **LLM, finish_reason="stop", usage=ev.Usage(), duration_ms=1.0)


def end_run(log: SessionLog, status: ev.RunStatus = "completed") -> None:
    log.append(ev.RunDone, **RUN, status=status, steps=1, usage=ev.Usage(), duration_ms=2.0)
