"""What of a run is compared with another: its events as facts, without times and ids.

This is the one place that says what counts. A fact is what belongs together (a prompt, a model
call, a tool call, an end); its fields are those of its events. ``NOT_COMPARED`` names the rest.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from pydantic import JsonValue

from agent_tui.errors import NotFoundError, UsageError
from agent_tui.events import types as ev

EVERYWHERE = frozenset({"seq", "ts", "type", "session_id", "run_id", "span_id", "parent_id", "call_id"})
"""Fields of every event that are times or ids."""

NOT_COMPARED: Mapping[str, frozenset[str]] = {
    "react_step_start": frozenset({"step", "max_steps"}),  # steps are aligned; the limit shows when reached
    "llm_start": frozenset({"attempt", "cached"}),
    "llm_done": frozenset({"ttft_ms", "duration_ms"}),
    "llm_error": frozenset({"duration_ms"}),
    "tool_end": frozenset({"duration_ms"}),
    "tool_error": frozenset({"duration_ms"}),
    "tool_cancelled": frozenset({"duration_ms"}),
    "cancelled": frozenset({"latency_ms"}),
    "run_done": frozenset({"duration_ms"}),
}
"""Further fields that are no fact about the agent. ``final.answer.tool_calls`` is not either: ids."""

IGNORED: frozenset[str] = frozenset(
    {
        "session_start",
        "session_update",
        "notice",
        "prompt_queued",
        "prompt_unqueued",
        "steer_queued",  # what the model heard is steer_applied
        "llm_retry",  # an attempt that was made again is void, with all it said
        "tool_retry",
        "tool_output",  # a live view that may be cut; tool_end has the result
        "approval_request",  # the decision shows in what was run or what the model was told
        "approval_result",
    }
)
"""Types of events that are not compared."""

SINCE_RECORDED = frozenset({"system", "tools", "options", "conversation", "detail"})
"""Fields that older recordings lack; they count only where both sides have them."""


@dataclass(slots=True)
class Fact:
    """A part of a run that is compared as one.

    Attributes:
        kind: ``prompt``, ``model``, ``tool``, ``answer``, ``end`` …
        name: Of the tool, for a call; else empty.
        fields: What is compared, in order of its events.
        seqs: Which event each field is from.
        took_ms: How long it took, where that is known; not compared.
    """

    kind: str
    name: str
    first_seq: int
    last_seq: int
    fields: dict[str, JsonValue] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    took_ms: float | None = None

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """The events of one run of a session, which counts its runs from 1."""

    number: int
    start: ev.RunStart
    events: Sequence[ev.Event]
    cwd: str = ""

    @property
    def done(self) -> ev.RunDone | None:
        last = self.events[-1]
        return last if isinstance(last, ev.RunDone) else None


@dataclass(frozen=True, slots=True)
class Outline:
    """The facts of a run: before its first step, of each step, and of its end."""

    head: Sequence[Fact]
    steps: Sequence[Sequence[Fact]]
    tail: Sequence[Fact]

    @property
    def all(self) -> list[Fact]:
        return [*self.head, *(fact for step in self.steps for fact in step), *self.tail]


def runs_of(events: Iterable[ev.Event]) -> list[RecordedRun]:
    """The runs of a session, in order."""
    found: dict[str, tuple[ev.RunStart, list[ev.Event]]] = {}
    cwd = ""
    for event in events:
        match event:
            case ev.SessionStart():
                cwd = event.cwd
            case ev.RunStart(run_id=str(run_id)):
                found[run_id] = event, [event]
            case _ if event.run_id in found:
                found[event.run_id][1].append(event)
            case _:
                pass
    return [RecordedRun(n, start, of_run, cwd) for n, (start, of_run) in enumerate(found.values(), 1)]


def split_reference(reference: str) -> tuple[str, str]:
    """``SESSION:RUN`` in its two parts; the second is empty where no run is named."""
    name, colon, run = reference.rpartition(":")
    return (name, run) if colon and name and run else (reference.rstrip(":"), "")


def choose_run(runs: Sequence[RecordedRun], which: str) -> RecordedRun:
    """The run that ``which`` means: its number from 1, from the end as -1, or the beginning of its id.

    Raises:
        NotFoundError: There is no such run.
        UsageError: Several ids begin so.
    """
    if re.fullmatch(r"-?\d+", which):
        number = int(which)
        index = number - 1 if number > 0 else number + len(runs)
        if number and 0 <= index < len(runs):
            return runs[index]
        raise NotFoundError(f"there is no run {which}", hint=f"the session has {len(runs)}")
    named = [run for run in runs if (run.start.run_id or "").startswith(which)]
    if not named:
        raise NotFoundError(f"there is no run {which!r}", hint=f"give a number from 1 to {len(runs)}")
    if len(named) > 1:
        raise UsageError(f"several runs begin with {which!r}", hint="give more of the id")
    return named[0]


def outline(run: RecordedRun, *, cwd: str | None = None) -> Outline:
    """The facts of a run.

    Args:
        run: The run.
        cwd: Write the run's own folder as this one, so that runs in two folders can be equal.
    """
    reader = _Reader(_renamer(run.cwd, cwd))
    for event in run.events:
        reader.take(event)
    return reader.outline()


def _renamer(old: str, new: str | None) -> Callable[[JsonValue], JsonValue]:
    if new is None or new == old or len(old) < 2:
        return lambda value: value
    path, target = re.compile(re.escape(old) + r"(?![\w.-])"), new

    def rename(value: JsonValue) -> JsonValue:
        match value:
            case str():
                return path.sub(lambda _: target, value) if old in value else value
            case dict():
                return {key: rename(item) for key, item in value.items()}
            case list():
                return [rename(item) for item in value]
            case _:
                return value

    return rename


_ENDS = frozenset({"answer", "cancelled", "error", "end"})


class _Reader:
    """Events in, facts out."""

    def __init__(self, rename: Callable[[JsonValue], JsonValue]) -> None:
        self._rename = rename
        self._groups: list[list[Fact]] = [[]]
        self._tail: list[Fact] = []
        self._calls: dict[str, Fact] = {}
        self._models: dict[str | None, Fact] = {}
        self._void: set[int] = set()

    def outline(self) -> Outline:
        head, *steps = [_as_asked(self._void, group) for group in self._groups]
        return Outline(head, steps, self._tail)

    def take(self, event: ev.Event) -> None:
        match event:
            case ev.ReactStepStart():
                self._groups.append([])
            case ev.LlmStart():
                self._models[event.span_id] = fact = self._new("model", event)
                self._add(fact, event, _own(event, without="request_hash"))
                if event.request_hash is not None:
                    self._add(fact, event, _request(event.request_hash))
            case ev.LlmDelta():
                self._delta(event)
            case ev.LlmRetry():
                if event.span_id in self._models:
                    self._void.add(id(self._models[event.span_id]))
            case ev.LlmDone() | ev.LlmError() | ev.ReactModelRaw():
                self._model(event)
            case ev.ApprovalRequest():
                fact = self._call(event.call_id, event)
                fact.name = event.tool_name
                self._add(fact, event, {"tool_name": event.tool_name, "args": dict(event.args)})
            case ev.ToolStart():
                fact = self._call(event.call_id, event)
                fact.name = event.tool_name
                self._add(fact, event, _own(event))
            case ev.ToolEnd() | ev.ToolFailed() | ev.ToolCancelled():
                fact = self._call(event.call_id, event)
                fact.took_ms = event.duration_ms
                self._add(fact, event, _own(event))
            case ev.ReactObservation():
                known = self._calls.get(event.call_id) or self._new("told", event)
                self._add(known, event, {"observation": event.content})
            case ev.CancelCalled() | ev.Cancelled():
                last = self._tail[-1] if self._tail else None
                fact = (
                    last if last is not None and last.kind == "cancelled" else self._new("cancelled", event)
                )
                self._add(fact, event, _own(event))
            case ev.Final():
                answer = event.answer.model_dump(mode="json", exclude={"tool_calls"})
                self._add(self._new("answer", event), event, answer)
            case ev.RunDone():
                fact = self._new("end", event)
                fact.took_ms = event.duration_ms
                self._add(fact, event, _own(event))
            case ev.RunStart():
                self._add(self._new("prompt", event), event, _own(event))
            case ev.SteerApplied():
                self._add(self._new("steer", event), event, _own(event))
            case ev.RunError():
                self._add(self._new("error", event), event, _own(event))
            case ev.Plan() | ev.SubtaskStart() | ev.SubtaskDone() | ev.MemoryUpdate():
                self._add(self._new(event.type.partition("_")[0], event), event, _own(event))
            case (
                ev.SessionStart()
                | ev.SessionUpdate()
                | ev.Notice()
                | ev.PromptQueued()
                | ev.PromptUnqueued()
                | ev.SteerQueued()
                | ev.ToolRetry()
                | ev.ToolOutput()
                | ev.ApprovalResult()
            ):
                pass  # see IGNORED
            case _:
                assert_never(event)

    def _new(self, kind: str, event: ev.Event) -> Fact:
        fact = Fact(kind, "", event.seq, event.seq)
        (self._tail if kind in _ENDS else self._groups[-1]).append(fact)
        return fact

    def _call(self, call_id: str, event: ev.Event) -> Fact:
        fact = self._calls.get(call_id)
        if fact is None:
            fact = self._calls[call_id] = self._new("tool", event)
        return fact

    def _add(self, fact: Fact, event: ev.Event, fields: Mapping[str, JsonValue]) -> None:
        fact.last_seq = event.seq
        for name, value in fields.items():
            fact.fields[name] = self._rename(value)
            fact.seqs[name] = event.seq

    def _delta(self, event: ev.LlmDelta) -> None:
        fact = self._models.get(event.span_id)
        if fact is not None:
            name = f"{event.channel} shown"
            before = fact.fields.get(name, "")
            self._add(fact, event, {name: f"{before}{event.text}"})

    def _model(self, event: ev.LlmDone | ev.LlmError | ev.ReactModelRaw) -> None:
        fact = self._models.get(event.span_id)
        if fact is None:
            return
        if isinstance(event, ev.ReactModelRaw):
            calls: list[JsonValue] = [
                call.model_dump(mode="json", exclude={"call_id"}) for call in event.calls
            ]
            self._add(fact, event, {"raw": event.raw, **({"calls": calls} if calls else {})})
        else:
            fact.took_ms = event.duration_ms
            self._add(fact, event, _own(event))


def _as_asked(void: set[int], group: Sequence[Fact]) -> list[Fact]:
    """A step's facts without void ones, its calls in the order in which the model asked for them.

    They run side by side, so that the order in which they begin means nothing; they are told of in
    the order asked.
    """
    facts = [fact for fact in group if id(fact) not in void]
    told = sorted(
        (fact for fact in facts if fact.kind == "tool"),
        key=lambda fact: fact.seqs.get("observation", sys.maxsize),
    )
    in_order = iter(told)
    return [next(in_order) if fact.kind == "tool" else fact for fact in facts]


def _own(event: ev.EventBase, *, without: str = "") -> dict[str, Any]:
    """The fields of an event that are compared; ``None`` is as good as absent."""
    kind: str = event.type  # type: ignore[attr-defined]
    left_out = EVERYWHERE | NOT_COMPARED.get(kind, frozenset()) | {without}
    return event.model_dump(mode="json", exclude=set(left_out), exclude_none=True)


def _request(request: ev.RequestHash) -> dict[str, JsonValue]:
    return {
        "system": request.system,
        "tools": dict(request.tools),
        "options": request.options,
        "conversation": request.messages,
    }
