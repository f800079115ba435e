"""A run equals itself, on another day, in another folder, under other ids; any changed fact is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

import pytest
from hypothesis import given

from agent_tui.errors import NotFoundError, UsageError
from agent_tui.events import types as ev
from agent_tui.events.compare import compare_runs, compare_sessions, compare_until
from agent_tui.events.comparejson import pair_json
from agent_tui.events.facts import (
    EVERYWHERE,
    IGNORED,
    NOT_COMPARED,
    RecordedRun,
    choose_run,
    runs_of,
)
from agent_tui.events.sidebyside import columns, lay_out, wrap
from tests.events.strategies import event_lists

HASH = ev.RequestHash(protocol="json", system="a", tools={"calc": "b"}, options={}, messages="c")
USAGE = ev.Usage(input_tokens=3, output_tokens=4, cost_usd=0.1)
ERROR = ev.ErrorInfo(code="x", message="y")


def story(
    *, folder: str = "/work/a", ids: str = "a", day: int = 1, observed: Sequence[str] = ("1", "2")
) -> list[ev.Event]:
    """A run in which everything happens that is compared."""
    events: list[ev.Event] = []

    def add(kind: Callable[..., ev.Event], **fields: Any) -> None:
        number = len(events) + 1
        ts = f"2026-01-0{day}T00:00:{number:02}.000000Z"
        events.append(kind(seq=number, ts=ts, session_id=ids, **{"run_id": f"run_{ids}", **fields}))

    one, two, gone, denied = (f"call_{ids}{n}" for n in range(4))
    add(ev.SessionStart, run_id=None, cwd=folder, model="demo", version="1")
    add(ev.RunStart, input=f"look at {folder}/x", model="demo", agent="react")
    add(ev.ReactStepStart, step=1, max_steps=5)
    broken, llm = {"span_id": f"llm_{ids}1"}, {"span_id": f"llm_{ids}2"}
    add(ev.LlmStart, model="demo", attempt=1, message_count=2, **broken)
    add(ev.LlmDelta, text="void", **broken)
    add(ev.LlmError, error=ERROR, duration_ms=day, **broken)
    add(ev.LlmRetry, attempt=2, delay_s=day, error=ERROR, **broken)
    add(ev.LlmStart, model="demo", attempt=2, message_count=2, request_hash=HASH, **llm)
    for channel in get_args(ev.Channel):
        add(ev.LlmDelta, text=f"some {channel}", channel=channel, **llm)
    add(ev.LlmDone, finish_reason="stop", detail="d", usage=USAGE, ttft_ms=day, duration_ms=day, **llm)
    calls = (ev.ModelCall(call_id=one, name="calc", args={"x": 1}, signature="s"),)
    add(ev.ReactModelRaw, raw="raw", calls=calls, **llm)
    add(ev.SteerQueued, text="faster")
    for call, name in ((one, "calc"), (two, "read")) if day == 1 else ((two, "read"), (one, "calc")):
        add(ev.ToolStart, call_id=call, tool_name=name, args={"x": name}, risk="low", timeout_s=1)
    add(ev.ToolOutput, call_id=one, stream="stdout", text=ids)
    add(ev.ToolEnd, call_id=one, result={"y": 1}, duration_ms=day, summary="s")
    add(ev.ToolFailed, call_id=two, error=ERROR, duration_ms=day)
    add(ev.ReactObservation, call_id=one, content=observed[0])
    add(ev.ReactObservation, call_id=two, content=observed[1])
    add(ev.ApprovalRequest, call_id=denied, tool_name="shell", args={}, risk="high")
    add(ev.ApprovalResult, call_id=denied, decision="deny", by=ids)
    add(ev.ReactObservation, call_id=denied, content="denied")
    add(ev.ReactObservation, call_id="protocol", content="not JSON")
    add(ev.SteerApplied, text="faster")
    add(ev.Plan, subtasks=("a",))
    add(ev.SubtaskStart, index=0, text="a")
    add(ev.SubtaskDone, index=0, result="a")
    add(ev.MemoryUpdate, count=1, items=("m",))
    add(ev.ReactStepStart, step=2, max_steps=5)
    last = {"span_id": f"llm_{ids}3", "request_hash": HASH}
    add(ev.LlmStart, model="demo", attempt=1, message_count=9, **last)
    add(ev.LlmError, error=ERROR, duration_ms=day, span_id=f"llm_{ids}3")
    add(ev.ToolStart, call_id=gone, tool_name="sleep", args={}, risk="low", timeout_s=2)
    add(ev.CancelCalled, by="user")
    add(ev.ToolCancelled, call_id=gone, partial="p", duration_ms=day)
    add(ev.Final, answer=ev.AgentAnswer(answer="a", tool_calls=(one,)))
    add(ev.RunError, error=ERROR)
    add(ev.Cancelled, latency_ms=day, partial_text="t")
    add(ev.RunDone, status="cancelled", steps=2, usage=USAGE, duration_ms=day)
    return events


def the_run(events: Sequence[ev.Event]) -> RecordedRun:
    (run,) = runs_of(events)
    return run


def test_the_story_tells_of_every_event_that_counts() -> None:
    told = {event.type for event in story()}
    kinds = {cls.model_fields["type"].default for cls in get_args(ev.Event)}
    assert kinds - told <= IGNORED
    assert set(NOT_COMPARED) <= told


def test_times_ids_folder_and_order_of_beginning_do_not_count() -> None:
    pair = compare_runs(the_run(story()), the_run(story(folder="/srv/b", ids="b", day=2)))
    assert pair.same, pair_json(pair)


def changes() -> Iterator[tuple[int, str]]:
    for index, event in enumerate(story()):
        left_out = EVERYWHERE | NOT_COMPARED.get(event.type, frozenset())
        if event.type in IGNORED or event.span_id == "llm_a1":
            continue
        yield from ((index, name) for name in type(event).model_fields if name not in left_out)


OTHER: dict[str, Any] = {
    "usage": ev.Usage(input_tokens=8),
    "error": ev.ErrorInfo(code="x", message="z"),
    "calls": (ev.ModelCall(call_id="call_a0", name="calc", args={"x": 2}, signature="s"),),
    "answer": ev.AgentAnswer(answer="b"),
    "request_hash": HASH.model_copy(update={"options": {"temperature": 0.1}}),
    "args": {"other": True},
    "channel": None,
    "risk": "high",
    "agent": "plan",
    "finish_reason": "safety",
    "status": "failed",
    "subtasks": (),
    "items": (),
}


@pytest.mark.parametrize(("index", "name"), changes(), ids=str)
def test_any_changed_fact_is_found(index: int, name: str) -> None:
    events = story()
    event: ev.Event = events[index]
    value = getattr(event, name)
    if name == "channel":
        other: Any = "answer" if value != "answer" else "thought"
    elif isinstance(value, dict) and name == "result":
        other = {"y": True}
    elif name in OTHER:
        other = OTHER[name]
    elif isinstance(value, bool):
        other = not value
    elif isinstance(value, int | float):
        other = value + 1
    else:
        other = "something else"
    events[index] = event.model_copy(update={name: other})
    pair = compare_runs(the_run(story()), the_run(events))
    assert not pair.same
    first = pair.first
    assert first is not None and first.a is not None and first.b is not None
    assert first.a.first_seq <= index + 1 <= first.a.last_seq
    assert any(index + 1 in (found.seq_a, found.seq_b) for found in first.differences)


def test_a_missing_event_is_found() -> None:
    whole = story()
    for index, event in enumerate(whole):
        if event.type in IGNORED or event.type in ("session_start", "run_start", "react_step_start"):
            continue
        if event.span_id == "llm_a1":
            continue
        assert not compare_runs(the_run(whole), the_run(whole[:index] + whole[index + 1 :])).same, event


def test_an_inserted_step_moves_nothing_else() -> None:
    events = story()
    at = next(number for number, event in enumerate(events) if event.type == "react_step_start")
    inside: dict[str, Any] = {"ts": "", "session_id": "a", "run_id": "run_a", "span_id": "x"}
    extra = [
        events[at],
        ev.LlmStart(seq=90, model="m", attempt=1, message_count=1, **inside),
        ev.ReactModelRaw(seq=91, raw="more", **inside),
    ]
    pair = compare_runs(the_run(events), the_run([*events[:at], *extra, *events[at:]]))
    assert [(row.title, row.a is None) for row in pair.rows if not row.same] == [("model", True)]


def test_up_to_a_cut() -> None:
    events = story()
    cut = next(event.seq for event in events if event.type == "cancel_called")
    other = [event for event in story(ids="b") if event.seq < cut]
    pair = compare_until(the_run(events), the_run(other), cut)
    assert pair.same and pair.rows[-1].title == "model"
    whole = compare_runs(the_run(events), the_run(story(ids="b")))
    assert [row.step for row in pair.rows] == [row.step for row in whole.rows[: len(pair.rows)]]
    assert pair.rows[-1].step == 2


def test_older_recordings_have_no_hashes() -> None:
    older = [
        event.model_copy(update={"request_hash": None}) if event.type == "llm_start" else event
        for event in story()
    ]
    assert compare_runs(the_run(older), the_run(story())).same


def test_runs_are_chosen_by_number_and_id() -> None:
    runs = runs_of([*story(), *story(ids="b"), *story(ids="bc")])
    assert [choose_run(runs, which).number for which in ("1", "-1", "run_a", "run_bc")] == [1, 3, 1, 3]
    for wrong in ("0", "4", "-4", "x"):
        with pytest.raises(NotFoundError):
            choose_run(runs, wrong)
    with pytest.raises(UsageError):
        choose_run(runs, "run_b")


def test_a_run_without_a_counterpart() -> None:
    pairs = compare_sessions(runs_of([*story(), *story(ids="b")]), runs_of(story()))
    assert [pair.same for pair in pairs] == [True, False]
    lines = lay_out(pairs)
    assert "no such run" in [line.right for line in lines]
    assert any(line.left.startswith("step 1 model") and line.right == "nothing" for line in lines)
    assert [row.step for row in pairs[1].rows] == [row.step for row in pairs[0].rows]


@given(event_lists)
def test_anything_equals_itself(events: list[ev.Event]) -> None:
    runs = runs_of(events)
    pairs = compare_sessions(runs, runs)
    assert all(pair.same for pair in pairs)
    for line in lay_out(pairs):
        columns(line, 20)


@given(event_lists, event_lists)
def test_anything_can_be_compared(a: list[ev.Event], b: list[ev.Event]) -> None:
    pairs = compare_sessions(runs_of(a), runs_of(b))
    assert all(not set(line.left + line.right) & set("\n\x1b\r") for line in lay_out(pairs))
    for pair in pairs:
        pair_json(pair)


def test_long_texts_fold_around_what_differs() -> None:
    long = [f"line {n}" for n in range(40)]
    other = [*long[:20], "changed", *long[21:]]
    a, b = story(observed=("\n".join(long), "")), story(observed=("\n".join(other), ""))
    shown = lay_out([compare_runs(the_run(a), the_run(b))])
    changed = next(index for index, line in enumerate(shown) if line.right == "changed")
    assert [line.left for line in shown[changed - 3 : changed + 4]] == [
        "18 lines the same", "line 18", "line 19", "line 20", "line 21", "line 22", "17 lines the same",
    ]  # fmt: skip
    assert [len(line.hidden) for line in shown if line.left.endswith("lines the same")] == [18, 17]
    assert sum(line.first for line in shown) == 1


def test_wrapping_counts_cells() -> None:
    assert wrap("漢字漢字a", 4) == ["漢字", "漢字", "a"]
    assert wrap("", 4) == [""]
    assert wrap("漢", 1) == ["漢"]
