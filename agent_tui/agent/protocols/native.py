"""The native protocol: function calls as the provider itself has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pydantic import ValidationError

from agent_tui.agent.actions import Action, CallTool, CallTools, Finish, Malformed
from agent_tui.agent.protocols.base import ModelTurn, Shown, TurnReader
from agent_tui.events.types import AgentAnswer, ModelCall
from agent_tui.llm import messages as llm
from agent_tui.llm.portable import OBJECTION

_INSTRUCTIONS = """\
Call the functions you are given when they help, several at once if they do not need each other's
results. When you have what you need, answer the user in Markdown, without a call."""


class NativeCalls:
    """``ActionProtocol`` for providers with function calls."""

    name = "native"

    def instructions(self, tools: Sequence[llm.ToolDeclaration]) -> str:
        return _INSTRUCTIONS if tools else "Answer the user in Markdown."

    def options(self, base: llm.CallOptions, tools: Sequence[llm.ToolDeclaration]) -> llm.CallOptions:
        return replace(base, tools=tuple(tools))

    def conversation(self, messages: Sequence[llm.Message]) -> Sequence[llm.Message]:
        """As they are: actions and observations in JSON are text to it."""
        return messages

    def reader(self, new_call_id: Callable[[], str]) -> TurnReader:
        return NativeTurnReader(new_call_id)

    def prose(self, raw: str) -> str | None:
        """``raw`` as an answer, for a loop whose model gave nothing better; None if it is empty."""
        return raw.strip() or None


class NativeTurnReader:
    """Reads one model call: text is the answer unless function calls come with it."""

    def __init__(self, new_call_id: Callable[[], str]) -> None:
        self._new_call_id = new_call_id
        self._text: list[str] = []
        self._calls: list[ModelCall] = []
        self._problem = ""
        self._finish: llm.Finish | None = None

    def feed(self, part: llm.StreamPart) -> Sequence[Shown]:
        match part:
            case llm.TextDelta(text):
                self._text.append(text)
                return [Shown(text, "answer")] if text else []
            case llm.ThoughtDelta(text):
                return [Shown(text, "thought")] if text else []
            case llm.ToolCallDelta(_, _, text):
                return [Shown(text, "action")] if text else []
            case llm.ToolCall():
                self._take(part)
            case llm.Finish():
                self._finish = part
        return []

    def _take(self, call: llm.ToolCall) -> None:
        call_id = self._new_call_id()  # providers repeat theirs, from one call of the model to the next
        try:
            kept = ModelCall.model_validate(
                {"call_id": call_id, "name": call.name, "args": call.args, "signature": call.signature}
            )
        except ValidationError as error:
            self._problem = f"the call of {call.name!r} is not JSON: {error.errors()[0]['msg']}."
        else:
            self._calls.append(kept)

    def finish(self) -> ModelTurn:
        raw = "".join(self._text)
        calls = tuple(self._calls)
        return ModelTurn(self._action(raw, calls), raw, calls)

    def _action(self, raw: str, calls: tuple[ModelCall, ...]) -> Action:
        if calls:
            return CallTools(tuple(CallTool(call.call_id, call.name, dict(call.args)) for call in calls))
        if self._problem:
            return Malformed(OBJECTION + self._problem)
        reason = self._finish.reason if self._finish is not None else "stop"
        if reason == "malformed_call":
            detail = self._finish.detail if self._finish is not None else ""
            return Malformed(f"{OBJECTION}the function call could not be read. {detail}".rstrip())
        if raw.strip():
            cut = "cut_off" if reason == "max_tokens" else None
            return Finish(AgentAnswer(answer=raw, repaired=cut))
        if reason == "max_tokens":
            return Malformed(f"{OBJECTION}the output token limit was used up before anything was said.")
        return Malformed(f"{OBJECTION}it is empty. Answer the user, or call a function.")
