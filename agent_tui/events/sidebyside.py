"""A comparison as lines for two columns: what is the same is folded, what differs is shown line by line.

All text is made harmless here; colours, keys and where the lines go are the reader's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import groupby
from typing import Literal, overload

from pydantic import JsonValue

from agent_tui.events.compare import Difference, Row, RunPair, totals
from agent_tui.events.facts import Fact, RecordedRun
from agent_tui.safetext import visible

LineKind = Literal["run", "fact", "field", "same", "changed", "only_a", "only_b", "fold", "total"]

CONTEXT = 2
"""Equal lines shown on either side of ones that differ."""
_DIGESTS = {
    "system": "the system prompt differs",
    "tools": "the tools it was told of differ",
    "conversation": "the conversation it was sent differs",
}
_MARKS: dict[LineKind, str] = {"changed": "~", "only_a": "<", "only_b": ">", "fold": "="}


class _Folded(Sequence["Line"]):
    """Lines that are made when somebody looks at them: of a long comparison most are never seen."""

    def __init__(self, make: Callable[[], Iterable[Line]]) -> None:
        self._make = make

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        return tuple(self._make())

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        return self._lines[index]


@dataclass(frozen=True, slots=True)
class Line:
    """One line over both columns.

    Attributes:
        kind: What it is; ``changed``, ``only_a`` and ``only_b`` differ.
        hidden: The lines that a ``fold`` stands for.
        first: The first difference of all.
        differs: A heading over something that differs.
    """

    kind: LineKind
    left: str = ""
    right: str = ""
    hidden: Sequence[Line] = ()
    first: bool = False
    differs: bool = False

    @property
    def mark(self) -> str:
        """What tells its kind without colour."""
        if self.first:
            return "!"
        return _MARKS.get(self.kind, "~" if self.differs else " ")


def lay_out(pairs: Sequence[RunPair]) -> list[Line]:
    """The lines of a comparison."""
    lines: list[Line] = []
    told = False
    for same, group in groupby(pairs, key=lambda pair: pair.same):
        if same:
            lines.append(_fold_runs(list(group)))
            continue
        for pair in group:
            lines += _run_lines(pair, first=not told)
            told = True
    return lines


def _fold_runs(pairs: Sequence[RunPair]) -> Line:
    """One line for runs that are the same throughout."""
    numbers = [pair.a.number for pair in pairs if pair.a is not None]
    which = f"run {numbers[0]}" if len(numbers) == 1 else f"runs {numbers[0]} to {numbers[-1]}"
    hidden = _Folded(lambda: (line for pair in pairs for line in _run_lines(pair, first=False)))
    return Line("fold", f"the same: {which}", hidden=hidden)


def _run_lines(pair: RunPair, *, first: bool) -> Iterator[Line]:
    yield Line("run", _run_title(pair.a), _run_title(pair.b), differs=not pair.same)
    for same, rows in groupby(pair.rows, key=lambda row: row.same):
        if same:
            yield fold_rows(list(rows))
            continue
        for row in rows:
            yield from row_lines(row, first=first)
            first = False
    yield Line("total", _total(pair.a), _total(pair.b))


def fold_rows(rows: Sequence[Row]) -> Line:
    """One line for rows that are the same; what they hold is hidden in it."""
    names = _listed([row.title for row in rows])
    hidden = _Folded(lambda: (line for row in rows for line in row_lines(row)))
    return Line("fold", f"the same: {names}", hidden=hidden)


def row_lines(row: Row, *, first: bool = False) -> Iterator[Line]:
    """A row in full: its heading, its fields, and where they differ."""
    yield Line("fact", _heading(row, row.a), _heading(row, row.b), first=first, differs=not row.same)
    if row.a is None or row.b is None:
        yield from _one_sided(row.a or row.b, left=row.a is not None)
        return
    differing = {difference.name for difference in row.differences}
    equal = [name for name in row.a.fields if name in row.b.fields and name not in differing]
    if row.same:
        for name in equal:
            yield from _field(name, row.a.fields[name], row.b.fields[name])
        return
    if equal:
        hidden = [line for name in equal for line in _field(name, row.a.fields[name], row.b.fields[name])]
        yield Line("fold", f"the same: {_listed(equal)}", hidden=tuple(hidden))
    result = next((one for one in row.differences if one.name == "result"), None)
    for difference in row.differences:
        if difference.name in _DIGESTS:
            yield Line("changed", _DIGESTS[difference.name], _DIGESTS[difference.name])
        elif difference.name == "observation" and result is not None and _repeats(difference, result):
            yield Line("field", "observation: the result", "observation: the result", differs=True)
        else:
            yield from _field(difference.name, difference.a, difference.b)


def _repeats(one: Difference, other: Difference) -> bool:
    return one.a == other.a and one.b == other.b


def _run_title(run: RecordedRun | None) -> str:
    if run is None:
        return "no such run"
    return _one_line(f"run {run.number} of {run.start.session_id}, {run.start.model}")


def _total(run: RecordedRun | None) -> str:
    if run is None:
        return ""
    total = totals(run)
    cost = f", ${total.usage.cost_usd:.4f}" if total.usage.cost_usd is not None else ""
    tokens = total.usage.input_tokens + total.usage.output_tokens
    steps = "1 step" if total.steps == 1 else f"{total.steps} steps"
    return f"{total.status}, {steps}, {tokens:,} tokens{cost}{_took(total.duration_ms)}"


def _heading(row: Row, fact: Fact | None) -> str:
    if fact is None:
        return "nothing"
    step = f"step {row.step} " if row.step else ""
    return _one_line(f"{step}{fact.title} · event {fact.first_seq}{_took(fact.took_ms)}")


def _took(ms: float | None) -> str:
    if ms is None:
        return ""
    return f", {ms:.0f} ms" if ms < 1000 else f", {ms / 1000:.1f} s"


def _listed(names: Sequence[str], limit: int = 5) -> str:
    counted = {name: list(names).count(name) for name in names}
    said = [name if count == 1 else f"{count}× {name}" for name, count in counted.items()]
    more = f" and {len(said) - limit} more" if len(said) > limit else ""
    return _one_line(", ".join(said[:limit]) + more)


def _one_sided(fact: Fact | None, *, left: bool) -> Iterator[Line]:
    if fact is None:
        return
    for name, value in fact.fields.items():
        if name in _DIGESTS:
            continue
        yield Line("field", name if left else "", "" if left else name)
        for text in _lines(value):
            yield Line("only_a", text, "") if left else Line("only_b", "", text)


def _field(name: str, a: JsonValue, b: JsonValue) -> Iterator[Line]:
    if name in _DIGESTS:
        return
    yield Line("field", name, name, differs=a != b)
    left, right = _lines(a), _lines(b)
    if a != b and left == right:  # such as "1" and 1
        left, right = _as_json(a), _as_json(b)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for group in _with_folds(matcher.get_opcodes()):
        tag, a_from, a_to, b_from, b_to = group
        yield from _stretch(tag, left[a_from:a_to], right[b_from:b_to])


_Opcode = tuple[str, int, int, int, int]


def _with_folds(opcodes: Sequence[_Opcode]) -> Iterator[_Opcode]:
    """Long equal stretches in three: context, what is folded, context."""
    last = len(opcodes) - 1
    for number, (tag, a, a_to, b, b_to) in enumerate(opcodes):
        before = CONTEXT if number > 0 else 0
        after = CONTEXT if number < last else 0
        alone = not before and not after
        if tag != "equal" or alone or a_to - a <= before + after + 1:
            yield tag, a, a_to, b, b_to
            continue
        yield "equal", a, a + before, b, b + before
        yield "fold", a + before, a_to - after, b + before, b_to - after
        yield "equal", a_to - after, a_to, b_to - after, b_to


def _stretch(tag: str, left: Sequence[str], right: Sequence[str]) -> Iterator[Line]:
    if tag == "fold":
        hidden = tuple(Line("same", one, other) for one, other in zip(left, right, strict=True))
        yield Line("fold", f"{len(hidden)} lines the same", hidden=hidden)
        return
    for index in range(max(len(left), len(right))):
        if index >= len(right):
            yield Line("only_a", left[index], "")
        elif index >= len(left):
            yield Line("only_b", "", right[index])
        else:
            yield Line("same" if tag == "equal" else "changed", left[index], right[index])


def _lines(value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [visible(line, newlines=False) for line in value.expandtabs(4).splitlines()] or [""]
    return _as_json(value)


def _as_json(value: JsonValue) -> list[str]:
    if value is None:
        return ["none"]
    text = json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, dict | list) else None)
    return [visible(line, newlines=False) for line in text.splitlines()]


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()), newlines=False)


# Columns


def columns(line: Line, width: int) -> list[tuple[str, str]]:
    """The line as rows of two columns of ``width`` cells, wrapped; a fold has one over both."""
    if line.kind == "fold":
        return [(part, "") for part in wrap(line.left, 2 * width + 3)]
    left, right = wrap(line.left, width), wrap(line.right, width)
    rows = max(len(left), len(right))
    left += [""] * (rows - len(left))
    right += [""] * (rows - len(right))
    return list(zip(left, right, strict=True))


def wrap(text: str, width: int) -> list[str]:
    """``text`` in pieces of at most ``width`` cells; at least one piece."""
    from rich.cells import cell_len, get_character_cell_size

    if cell_len(text) <= width:
        return [text]
    pieces: list[str] = []
    piece, used = "", 0
    for character in text:
        cells = get_character_cell_size(character)
        if used + cells > width and piece:
            pieces.append(piece)
            piece, used = "", 0
        piece += character
        used += cells
    return [*pieces, piece]
