"""Model calls read back from the events they left: what was said, in the pieces it came in.

Attempts that were made again are left out; what counts is what the agent went on with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent_tui.errors import ModelError
from agent_tui.events import types as ev
from agent_tui.llm.messages import Finish, StreamPart, TextDelta, ThoughtDelta, ToolCall, ToolCallDelta

_SHORT_ESCAPE, _LONG_ESCAPE = 2, 6  # \n and \u00e9


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One model call of a recording.

    Attributes:
        start: Its last attempt's ``llm_start``.
        parts: What the model said; ends with ``Finish`` unless it failed or was cancelled.
        error: How it failed, if it did.
    """

    start: ev.LlmStart
    parts: tuple[StreamPart, ...]
    error: ModelError | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled before the model had ended."""
        return self.error is None and not (self.parts and isinstance(self.parts[-1], Finish))


@dataclass(slots=True)
class _Attempt:
    start: ev.LlmStart
    deltas: list[ev.LlmDelta] = field(default_factory=list)
    raw: ev.ReactModelRaw | None = None
    done: ev.LlmDone | None = None
    error: ev.LlmError | None = None
    void: bool = False


def read_calls(events: Iterable[ev.Event]) -> list[RecordedCall]:
    """The model calls of a session, in the order in which they began."""
    attempts: dict[str | None, _Attempt] = {}
    for event in events:
        if isinstance(event, ev.LlmStart):
            attempts[event.span_id] = _Attempt(event)
            continue
        attempt = attempts.get(event.span_id)
        if attempt is None:
            continue
        match event:
            case ev.LlmDelta():
                attempt.deltas.append(event)
            case ev.ReactModelRaw():
                attempt.raw = event
            case ev.LlmDone():
                attempt.done = event
            case ev.LlmError():
                attempt.error = event
            case ev.LlmRetry():
                attempt.void = True
            case _:
                pass
    return [_call(attempt) for attempt in _last_of_each(list(attempts.values()))]


def is_native(events: Iterable[ev.Event]) -> bool:
    """Whether the recorded model was talked to with native function calls."""
    for event in events:
        if isinstance(event, ev.LlmStart) and event.request_hash is not None:
            return event.request_hash.protocol == "native"
        if isinstance(event, ev.ReactModelRaw) and event.calls:
            return True
    return False


def _last_of_each(attempts: Sequence[_Attempt]) -> Iterable[_Attempt]:
    """The attempts that count; one whose next attempt never came was cancelled in the wait for it."""
    for number, attempt in enumerate(attempts):
        following = attempts[number + 1].start if number + 1 < len(attempts) else None
        again = following is not None and following.parent_id == attempt.start.parent_id
        if not (attempt.void and again):
            yield attempt


def _call(attempt: _Attempt) -> RecordedCall:
    if attempt.void:
        return RecordedCall(attempt.start, ())
    if attempt.error is not None:
        error = ModelError(attempt.error.error.message, code=attempt.error.error.code)
        error.retryable = attempt.error.error.retryable
        return RecordedCall(attempt.start, tuple(_pieces(attempt)), error)
    parts = list(_pieces(attempt))
    if attempt.done is not None and attempt.done.finish_reason != "cancelled":
        calls, done = attempt.raw.calls if attempt.raw is not None else (), attempt.done
        parts += [ToolCall(call.call_id, call.name, dict(call.args), call.signature) for call in calls]
        parts.append(Finish(done.finish_reason, done.usage, done.detail or ""))
    return RecordedCall(attempt.start, tuple(parts))


def _pieces(attempt: _Attempt) -> Iterable[StreamPart]:
    """What was shown, as the stream parts that it was made from."""
    shown = "".join(delta.text for delta in attempt.deltas if delta.channel == "answer")
    if _spoke_natively(attempt, shown):
        for delta in attempt.deltas:
            match delta.channel:
                case "answer":
                    yield TextDelta(delta.text)
                case "thought":
                    yield ThoughtDelta(delta.text)
                case "action":
                    yield ToolCallDelta("", "", delta.text)
        return
    raw = attempt.raw.raw if attempt.raw is not None else None
    position = 0
    for delta in attempt.deltas:
        if delta.channel == "thought":
            yield ThoughtDelta(delta.text)
        elif raw is None:
            written = json.dumps(delta.text, ensure_ascii=False)[1:-1]
            yield TextDelta(written if delta.channel == "answer" else delta.text)
        else:
            end = _spelled(raw, position, delta)
            if end is not None and end > position:
                yield TextDelta(raw[position:end])
                position = end
    if raw is not None and position < len(raw):
        yield TextDelta(raw[position:])


def _spoke_natively(attempt: _Attempt, shown: str) -> bool:
    if attempt.start.request_hash is not None:
        return attempt.start.request_hash.protocol == "native"
    return attempt.raw is not None and (bool(attempt.raw.calls) or attempt.raw.raw == shown)


def _spelled(raw: str, start: int, delta: ev.LlmDelta) -> int | None:
    """Where in ``raw`` the text of ``delta`` ends; None if it does not stand at ``start``.

    Text of an answer is shown decoded, while ``raw`` has it as it stands in a JSON string.
    """
    if delta.channel == "action":
        return start + len(delta.text) if raw.startswith(delta.text, start) else None
    at, said, wanted = start, "", delta.text
    while len(said) < len(wanted):
        if at >= len(raw):
            return None
        width = 1
        if raw[at] == "\\":
            width = _LONG_ESCAPE if raw[at + 1 : at + 2] == "u" else _SHORT_ESCAPE
            if width == _LONG_ESCAPE and raw[at + 2 : at + 4].lower() in ("d8", "d9", "da", "db"):
                width *= 2  # a surrogate pair is one character
        said += _decoded(raw[at : at + width])
        at += width
    return at if said == wanted else None


def _decoded(text: str) -> str:
    if not text.startswith("\\"):
        return text
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
