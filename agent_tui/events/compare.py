"""Two runs beside each other: pure functions from events to rows that are equal or say what differs.

What counts as a difference is decided in ``events.facts``; how it is shown is decided elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from pydantic import JsonValue

from agent_tui.errors import UsageError
from agent_tui.events import types as ev
from agent_tui.events.facts import SINCE_RECORDED, Fact, Outline, RecordedRun, outline

_NOTHING = Outline((), (), ())
"""Of a run that is not there."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field whose values differ; None where one side has none.

    Attributes:
        seq_a: The event it is from, if there is one.
    """

    name: str
    a: JsonValue
    b: JsonValue
    seq_a: int | None = None
    seq_b: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Two facts that stand for each other, or one that nothing on the other side stands for.

    Attributes:
        step: The step of the longer side, from 1; 0 before the first one, None at the end of the run.
    """

    step: int | None
    a: Fact | None
    b: Fact | None
    differences: tuple[Difference, ...] = ()

    @property
    def same(self) -> bool:
        return self.a is not None and self.b is not None and not self.differences

    @property
    def title(self) -> str:
        fact = self.a or self.b
        return fact.title if fact is not None else ""


@dataclass(frozen=True, slots=True)
class RunPair:
    """Two runs aligned, or one that the other session has no counterpart of."""

    a: RecordedRun | None
    b: RecordedRun | None
    rows: Sequence[Row] = field(default_factory=tuple)

    @property
    def same(self) -> bool:
        return self.a is not None and self.b is not None and all(row.same for row in self.rows)

    @property
    def first(self) -> Row | None:
        """The first row that differs."""
        return next((row for row in self.rows if not row.same), None)


def compare_sessions(a: Sequence[RecordedRun], b: Sequence[RecordedRun]) -> list[RunPair]:
    """The runs of two sessions, the first with the first and so on."""
    pairs: list[RunPair] = []
    for index in range(max(len(a), len(b))):
        left = a[index] if index < len(a) else None
        right = b[index] if index < len(b) else None
        if left is not None and right is not None:
            pairs.append(compare_runs(left, right))
        else:
            rows = _rows(*(_NOTHING if run is None else outline(run) for run in (left, right)))
            pairs.append(RunPair(left, right, tuple(rows)))
    return pairs


def compare_chosen(a: Sequence[RecordedRun], b: Sequence[RecordedRun], *, by_run: bool) -> list[RunPair]:
    """Two sessions; or, with ``by_run``, two runs whatever their numbers.

    Raises:
        UsageError: One side is one run and the other several.
    """
    if not by_run:
        return compare_sessions(a, b)
    if len(a) != 1 or len(b) != 1:
        raise UsageError(
            f"one side is a run, and the other has {len(a) if len(a) != 1 else len(b)}",
            hint="name a run of it too, as SESSION:RUN",
        )
    return [compare_runs(a[0], b[0])]


def compare_runs(a: RecordedRun, b: RecordedRun) -> RunPair:
    """Two runs aligned by step, and within a step by what happened."""
    left, right = outline(a), outline(b, cwd=a.cwd or None)
    return RunPair(a, b, tuple(_rows(left, right)))


def compare_until(a: RecordedRun, b: RecordedRun, seq: int) -> RunPair:
    """``a`` as far as it had come before its event ``seq``, with as much of ``b``."""
    one, other = outline(a), outline(b, cwd=a.cwd or None)
    left = [fact for fact in one.all if fact.last_seq < seq]
    right = other.all[: len(left)]
    steps = _numbers(one) | _numbers(other)
    return RunPair(a, b, tuple(_as_far_as_a(row, steps) for row in _pair_facts(None, left, right)))


def _numbers(run: Outline) -> dict[int, int]:
    """Of which step each fact is, as in ``Row``, by the fact's ``id()``."""
    return {id(fact): number for number, step in enumerate([run.head, *run.steps]) for fact in step}


def _as_far_as_a(row: Row, steps: Mapping[int, int]) -> Row:
    """Without what only ``b`` came to say: the last facts of ``a`` may have been left unfinished."""
    known = row.a.fields if row.a is not None else {}
    kept = tuple(one for one in row.differences if row.b is None or one.name in known)
    return Row(steps.get(id(row.b if row.a is None else row.a)), row.a, row.b, kept)


def differences(a: Fact, b: Fact) -> tuple[Difference, ...]:
    """The fields in which two facts differ."""
    found = []
    for name in dict.fromkeys([*a.fields, *b.fields]):
        one, other = a.fields.get(name), b.fields.get(name)
        if name in SINCE_RECORDED and (name not in a.fields or name not in b.fields):
            continue
        if one is other or (type(one) is type(other) is str and one == other):
            continue  # most are, and need not be written down to tell
        if _written(one) != _written(other):
            found.append(Difference(name, one, other, a.seqs.get(name), b.seqs.get(name)))
    return tuple(found)


def _written(value: JsonValue) -> str:
    """As JSON, where ``1`` is neither ``1.0`` nor ``true``."""
    return json.dumps(value, sort_keys=True)


def _rows(a: Outline, b: Outline) -> Iterator[Row]:
    yield from _pair_facts(0, a.head, b.head)
    steps = _aligned([_step_key(step) for step in a.steps], [_step_key(step) for step in b.steps])
    for number, (left, right) in enumerate(steps, 1):
        yield from _pair_facts(
            number,
            a.steps[left] if left is not None else (),
            b.steps[right] if right is not None else (),
        )
    yield from _pair_facts(None, a.tail, b.tail)


def _pair_facts(step: int | None, a: Sequence[Fact], b: Sequence[Fact]) -> Iterator[Row]:
    for one, other in _aligned([fact.title for fact in a], [fact.title for fact in b]):
        left, right = a[one] if one is not None else None, b[other] if other is not None else None
        if left is not None and right is not None and left.kind == right.kind:
            yield Row(step, left, right, differences(left, right))
            continue
        if left is not None:
            yield Row(step, left, None)
        if right is not None:
            yield Row(step, None, right)


def _step_key(step: Sequence[Fact]) -> str:
    """Equal for steps in which the same was done, whatever came of it."""
    done: list[Any] = [
        (fact.kind, fact.fields.get("tool_name"), fact.fields.get("args"), fact.fields.get("raw"))
        for fact in step
    ]
    return json.dumps(done, sort_keys=True)


def _aligned(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Positions in pairs, in order: equal keys with each other, what is between them one by one."""
    if list(a) == list(b):
        yield from ((index, index) for index in range(len(a)))
        return
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    for _, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        for offset in range(max(a_to - a_from, b_to - b_from)):
            yield (
                a_from + offset if a_from + offset < a_to else None,
                b_from + offset if b_from + offset < b_to else None,
            )


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run amounted to."""

    status: str
    steps: int
    usage: ev.Usage
    duration_ms: float | None


def totals(run: RecordedRun) -> Totals:
    """What a run amounted to; of one that is not done, what is known."""
    done = run.done
    if done is None:
        return Totals("running", len(outline(run).steps), ev.Usage(), None)
    return Totals(done.status, done.steps, done.usage, done.duration_ms)
