"""What the model is told of the past: a fold of the event stream into messages.

There is no other record of a conversation: a run that goes on, one resumed after a crash and one
forked from the middle all read their history from the events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from agent_tui.agent.protocols.json_actions import observation_text
from agent_tui.events import types as ev
from agent_tui.llm.messages import Message, Part, Text, Thought, ToolCall, ToolResult, assistant, user
from agent_tui.tools.limits import DEFAULT_CONTENT_LIMIT, cut_middle

INTERRUPTED = "[interrupted]"
CHARACTERS_PER_TOKEN = 4
"""A rough average over languages and code, used only to stay clear of the context limit."""


@dataclass(slots=True)
class _Turn:
    """A prompt and all that came of it. Turns are dropped whole when the context is full."""

    messages: list[Message] = field(default_factory=list)
    size: int = 0

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self.size += _size(message)

    def replace_last(self, message: Message) -> None:
        self.size += _size(message) - _size(self.messages[-1])
        self.messages[-1] = message


class History:
    """Messages for the next model call, kept up to date event by event."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._turns: list[_Turn] = []
        self._answer: list[str] = []
        self._open_calls: dict[str, ToolCall] = {}
        self._tool_names: dict[str, str] = {}
        self._told: set[str] = set()
        self._ended: dict[str, str] = {}
        self._command: str | None = None
        self._running = False
        self._cleared = False

    def apply_all(self, events: Iterable[ev.Event]) -> History:
        for event in events:
            self.apply(event)
        return self

    def messages(self, context_tokens: int | None = None) -> list[Message]:
        """The conversation so far, oldest first.

        Args:
            context_tokens: Leave out the oldest turns so that about this many tokens remain; the
                newest turn is never left out. None keeps all.
        """
        turns: Sequence[_Turn] = self._turns
        if context_tokens is not None:
            turns = self._newest(context_tokens * CHARACTERS_PER_TOKEN)
        kept = [message for turn in turns for message in turn.messages]
        if len(turns) < len(self._turns):
            left_out = len(self._turns) - len(turns)
            kept.insert(0, user(f"[{left_out} earlier turns of this conversation are left out]"))
        return kept

    def _newest(self, characters: int) -> Sequence[_Turn]:
        first, room = len(self._turns), characters
        while first > 0 and (first == len(self._turns) or self._turns[first - 1].size <= room):
            first -= 1
            room -= self._turns[first].size
        return self._turns[first:]

    def apply(self, event: ev.Event) -> None:
        match event:
            case ev.LlmDelta():
                if event.channel == "answer":
                    self._answer.append(event.text)
            case ev.SessionUpdate():
                if event.cleared:
                    self._clear()
            case ev.RunStart():
                self._run_start(event)
            case ev.LlmStart() | ev.LlmError():
                self._answer.clear()
            case ev.LlmDone():
                if event.finish_reason == "cancelled":
                    self._interrupted_answer()
            case ev.ReactModelRaw():
                self._model_raw(event)
            case ev.ToolStart() | ev.ApprovalRequest():
                self._tool_names[event.call_id] = event.tool_name
            case ev.ReactObservation():
                self._observe(event.call_id, event.content)
            case ev.ToolEnd():
                self._ended[event.call_id] = _as_text(event.result)
            case ev.ToolFailed():
                self._ended[event.call_id] = f"error: {event.error.message}"
            case ev.ToolCancelled():
                self._observe(event.call_id, f"{INTERRUPTED}\n{event.partial}".rstrip())
            case ev.SteerApplied():
                self._turn().add(user(event.text))
            case ev.RunDone():
                if event.status == "interrupted":  # perhaps between an answer's end and its raw text
                    self._interrupted_answer()
                self._run_done()
            case _:
                pass

    def _turn(self) -> _Turn:
        if not self._turns:
            self._turns.append(_Turn())
        return self._turns[-1]

    def _clear(self) -> None:
        """A run that is going keeps its own turn: its next model call needs it."""
        if self._running:
            self._turns, self._cleared = self._turns[-1:], True
        else:
            self._reset()

    def _run_start(self, event: ev.RunStart) -> None:
        if self._cleared:
            self._reset()
        self._running = True
        self._turns.append(_Turn())
        self._answer.clear()
        self._command = event.input if event.agent in ("shell", "tool") else None
        if self._command is None:
            self._turn().add(user(event.input))

    def _model_raw(self, event: ev.ReactModelRaw) -> None:
        parts: list[Part] = [Text(event.raw)] if event.raw else []
        for call in event.calls:
            tool_call = ToolCall(call.call_id, call.name, dict(call.args), call.signature)
            parts.append(tool_call)
            self._open_calls[call.call_id] = tool_call
        if parts:
            self._turn().add(Message("assistant", tuple(parts)))
        self._answer.clear()

    def _interrupted_answer(self) -> None:
        if self._answer:
            self._turn().add(assistant("".join(self._answer) + f"\n{INTERRUPTED}"))
            self._answer.clear()

    def _observe(self, call_id: str, content: str) -> None:
        self._ended.pop(call_id, None)
        if call_id in self._told:
            return
        call = self._open_calls.pop(call_id, None)
        if call is not None or call_id in self._tool_names:
            self._told.add(call_id)  # what no call stands for may be said again and again
        if call is not None:
            self._tool_result(ToolResult(call_id, call.name, content))
        elif self._command is not None:
            self._turn().add(user(f"I ran this myself: {self._command}\n{content}"))
        else:
            name = self._tool_names.get(call_id, "")
            self._turn().add(user(observation_text(call_id, name, content) if name else content))

    def _tool_result(self, result: ToolResult) -> None:
        """Results of one step go back in one message: Gemini wants as many as it made calls."""
        turn = self._turn()
        last = turn.messages[-1] if turn.messages else None
        if last is not None and last.role == "tool":
            turn.replace_last(Message("tool", (*last.parts, result)))
        else:
            turn.add(Message("tool", (result,)))

    def _run_done(self) -> None:
        """Calls that never got a result get one: providers refuse a history that lacks it.

        A call that had ended when others of its step were cut short did what it did.
        """
        for call_id, result in list(self._ended.items()):
            self._observe(call_id, cut_middle(result, DEFAULT_CONTENT_LIMIT)[0])
        for call in list(self._open_calls.values()):
            self._observe(call.call_id, f"{INTERRUPTED} This call did not run.")
        if self._command is None:  # calls in plain JSON, which are known by their approvals only
            for call_id in [name for name in self._tool_names if name not in self._told]:
                self._observe(call_id, f"{INTERRUPTED} This call did not run.")
        self._tool_names.clear()
        self._told.clear()
        self._command = None
        self._running = False


def _as_text(result: JsonValue) -> str:
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)


def _size(message: Message) -> int:
    total = 0
    for part in message.parts:
        match part:
            case Text(text) | Thought(text):
                total += len(text)
            case ToolCall():
                total += len(part.name) + len(str(part.args))
            case ToolResult():
                total += len(part.content)
    return total
