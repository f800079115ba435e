"""``/chat*``: a run as one answer."""

from __future__ import annotations

from typing import Any

from agent_tui.server.projections.agent import usage_of
from agent_tui.server.projections.result import RunResult


def chat_reply(result: RunResult, *, session_id: str, task_type: str | None) -> dict[str, Any]:
    """The answer of ``/chat``, and of one query of ``/chat/batch``."""
    answer = result.answer
    return {
        "answer": result.text,
        "model_used": result.model,
        "latency_ms": result.duration_ms,
        "session_id": session_id,
        "task_type": task_type,
        "status": result.status,
        "usage": usage_of(result.usage),
        "confidence": answer.confidence if answer else None,
        "sources": list(answer.sources) if answer else [],
        "needs_human_review": answer.needs_human_review if answer else True,
    }


def multi_agent_reply(result: RunResult) -> dict[str, Any]:
    """The answer of ``/chat/multi-agent``; an agent that makes no plan did the task as one."""
    return {
        "task_id": result.run_id,
        "subtasks_count": max(1, result.subtasks),
        "final_answer": result.text,
    }
