"""Event ⇄ JSON: lossless, flat, and strict about what it reads."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from agent_tui.errors import StorageError
from agent_tui.events import codec
from agent_tui.events.types import EventBase, ToolStart
from tests.events.strategies import any_event


@given(any_event)
def test_any_event_survives_the_round_trip(event: EventBase) -> None:
    line = codec.encode(event)
    assert b"\n" not in line
    assert codec.decode(line) == event
    assert codec.encode(codec.decode(line)) == line


def test_nulls_inside_arguments_are_kept() -> None:
    event = ToolStart(
        seq=1, ts="t", session_id="s", call_id="c", tool_name="x", args={"a": None}, risk="low"
    )
    assert json.loads(codec.encode(event))["args"] == {"a": None}


@pytest.mark.parametrize(
    "line", [b"", b"{}", b'{"type":"nope"}', b'{"type":"llm_delta","seq":"x"}', b"\xff"]
)
def test_what_is_no_event_is_refused_with_a_reason(line: bytes) -> None:
    with pytest.raises(StorageError, match="not an event"):
        codec.decode(line)


def test_a_type_of_another_version_is_named_in_a_short_line() -> None:
    line = b'{"seq":1,"ts":"t","session_id":"s","type":"of_tomorrow"}'
    with pytest.raises(StorageError, match="the type 'of_tomorrow'") as refused:
        codec.decode(line)
    assert "tool_start" not in str(refused.value) and len(str(refused.value)) < 160


def test_unknown_fields_are_refused() -> None:
    line = b'{"seq":1,"ts":"t","session_id":"s","type":"llm_delta","text":"a","extra":1}'
    with pytest.raises(StorageError):
        codec.decode(line)
