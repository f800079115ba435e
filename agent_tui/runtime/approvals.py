"""Questions to the person: asked as an event, answered by ``call_id`` from any front end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pydantic import JsonValue

from agent_tui.events import types as ev
from agent_tui.events.log import Emitter


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided, and what the person had to say about it."""

    decision: ev.Decision
    feedback: str | None = None


@dataclass(slots=True)
class _Open:
    emit: Emitter
    reply: asyncio.Future[Answer]


class Approvals:
    """The open questions of one session.

    Args:
        always: The answer to every question, where nobody is there to ask.
    """

    def __init__(self, always: ev.Decision | None = None) -> None:
        self._always = always
        self._open: dict[str, _Open] = {}

    @property
    def waiting(self) -> bool:
        """Whether a question is open."""
        return bool(self._open)

    async def ask(
        self,
        emit: Emitter,
        *,
        call_id: str,
        tool_name: str,
        args: dict[str, JsonValue],
        risk: ev.Risk,
        preview: str | None,
    ) -> Answer:
        """Waits for somebody's answer; a cancelled wait is answered ``cancelled``."""
        reply: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[call_id] = _Open(emit, reply)
        emit(
            ev.ApprovalRequest,
            call_id=call_id,
            tool_name=tool_name,
            args=args,
            risk=risk,
            preview=preview,
        )
        if self._always is not None:
            self._settle(call_id, Answer(self._always), by="headless")
        try:
            return await reply
        except asyncio.CancelledError:
            self._settle(call_id, Answer("cancelled"), by="runtime")
            raise

    def answer(self, call_id: str, answer: Answer, *, by: str) -> bool:
        """Settles a question; false if nobody asks it any more. The first answer counts."""
        return self._settle(call_id, answer, by=by)

    def _settle(self, call_id: str, answer: Answer, *, by: str) -> bool:
        question = self._open.pop(call_id, None)
        if question is None:
            return False
        question.emit(
            ev.ApprovalResult,
            call_id=call_id,
            decision=answer.decision,
            feedback=answer.feedback,
            by=by,
        )
        if not question.reply.done():
            question.reply.set_result(answer)
        return True
