"""A model that says what a recording says, as long as it is asked what was asked there.

Calls are matched by position and by ``request_hash``; recordings without hashes by what was said
so far alone. Nothing is waited for: the pieces come as fast as they are taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from agent_tui.errors import ModelRejected
from agent_tui.events.types import LlmStart, RequestHash
from agent_tui.llm.client import Capabilities, LLMClient
from agent_tui.llm.fingerprint import Plain, conversation_hash, plain_messages, request_hash
from agent_tui.llm.messages import CallOptions, Finish, Message, StreamPart
from agent_tui.llm.recorded import RecordedCall

MISMATCH = "cassette_mismatch"
_CONTEXT = 24
_SHOWN = 60

Conversation = Callable[[LlmStart], Sequence[Message]]
"""The messages, system prompt aside, that a recorded call was made with."""

Hook = Callable[[LlmStart, bool], Awaitable[None]]
"""Awaited with a recorded call's start: when it is asked (false), and when all has been said but the
end (true). It may hold the call up."""


class Tape:
    """The calls of a recording and how far they have been played, whichever models they are of.

    Args:
        calls: In order.
        conversation: Rebuilds what was said before a call, to show what differs.
        folder: The working folder of the recording.
        hook: Told of each call.
    """

    def __init__(
        self,
        calls: Sequence[RecordedCall],
        conversation: Conversation,
        *,
        folder: str,
        hook: Hook | None = None,
    ) -> None:
        self._calls = calls
        self._conversation = conversation
        self._folder = folder
        self._hook = hook
        self._next = 0

    async def next(self, model: str, messages: Sequence[Message], options: CallOptions) -> RecordedCall:
        """The call that comes next.

        Raises:
            ModelRejected: There is none, or it was asked something else.
        """
        number = self._next + 1
        if number > len(self._calls):
            raise ModelRejected(
                f"the recording has {len(self._calls)} model calls, and this is one more",
                hint="the run has taken another way than the recorded one",
                code=MISMATCH,
            )
        call = self._calls[self._next]
        await self.reached(call, said=False)
        self._next = number
        problem = self._mismatch(call.start, model, messages, options)
        if problem:
            raise ModelRejected(
                f"model call {number} does not match the recording: {problem}", code=MISMATCH
            )
        return call

    async def reached(self, call: RecordedCall, *, said: bool) -> None:
        if self._hook is not None:
            await self._hook(call.start, said)

    def _mismatch(
        self, start: LlmStart, model: str, messages: Sequence[Message], options: CallOptions
    ) -> str:
        if model != start.model:
            return f"it is made to {model}, and was made to {start.model}"
        plain = plain_messages(messages)
        recorded, now = start.request_hash, request_hash(messages, options)
        if recorded is not None:
            if problem := _request_problem(recorded, now):
                return problem
            if recorded.messages == now.messages:
                return ""
        told = [one for one in plain if one.role != "system"]
        was = plain_messages(self._conversation(start), self._folder)
        if recorded is None and conversation_hash(was) == conversation_hash(told):
            return ""
        return _conversation_problem(was, told)


class CassetteClient(LLMClient):
    """``LLMClient`` over a tape.

    Args:
        tape: Shared by the clients of all models of a session.
        model: The name it goes by, that of the recorded model.
        capabilities: Those of the recorded model, as far as they decide how it is talked to.
    """

    def __init__(self, tape: Tape, model: str, capabilities: Capabilities) -> None:
        self.model = model
        self.capabilities = capabilities
        self._tape = tape

    async def stream(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> AsyncGenerator[StreamPart, None]:
        call = await self._tape.next(self.model, messages, options)
        for number, part in enumerate(call.parts):
            if isinstance(part, Finish):
                await self._tape.reached(call, said=True)
            elif number % 16 == 15:
                await asyncio.sleep(0)  # whoever follows gets to see it
            yield part
        if call.error is not None:
            await self._tape.reached(call, said=True)
            raise call.error
        if call.cancelled:
            await self._tape.reached(call, said=True)
            await asyncio.Event().wait()  # it was cancelled here, and will be again


def _request_problem(recorded: RequestHash, now: RequestHash) -> str:
    """What beside the conversation was asked differently."""
    new = [name for name in now.tools if name not in recorded.tools]
    gone = [name for name in recorded.tools if name not in now.tools]
    changed = [name for name, digest in now.tools.items() if recorded.tools.get(name, digest) != digest]
    said = [
        f"{what} {', '.join(names)}"
        for what, names in (("new", new), ("missing", gone), ("declared differently", changed))
        if names
    ]
    if said:
        return f"the tools differ: {'; '.join(said)}"
    if recorded.protocol != now.protocol:
        return f"it speaks the {now.protocol} protocol, and spoke {recorded.protocol}"
    if recorded.system != now.system:
        return "the system prompt differs: AGENTS.md, [agent] instructions, or another agent-tui"
    for name in dict.fromkeys([*recorded.options, *now.options]):
        if recorded.options.get(name) != now.options.get(name):
            return (
                f"the option {name} is {now.options.get(name, 'not given')!r}, "
                f"and was {recorded.options.get(name, 'not given')!r}"
            )
    return ""


def _conversation_problem(was: Sequence[Plain], now: Sequence[Plain]) -> str:
    for number, (old, new) in enumerate(zip(was, now, strict=False), 1):
        if old.role != new.role:
            return f"message {number} is of role {new.role}, and was of role {old.role}"
        if old.text != new.text:
            before, after = first_difference(old.text, new.text)
            return f"message {number} ({new.role}) says {after!r}, and said {before!r}"
    if len(was) == len(now):
        return "its messages read the same, but others were left out, or the recording was edited"
    return f"there are {len(now)} messages, and were {len(was)}"


def first_difference(a: str, b: str) -> tuple[str, str]:
    """The first place where two texts differ, as a short stretch of each."""
    same = next(
        (number for number, (one, other) in enumerate(zip(a, b, strict=False)) if one != other),
        min(len(a), len(b)),
    )
    start = max(0, same - _CONTEXT)
    return _stretch(a, start), _stretch(b, start)


def _stretch(text: str, start: int) -> str:
    end = start + _SHOWN
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
