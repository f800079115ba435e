"""The incremental JSON reader agrees with the standard one, whatever the chunks."""

from __future__ import annotations

import itertools
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_tui.agent.protocols.json_stream import JsonStream

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
containers = st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=6), values, max_size=4)


def read(text: str, cuts: list[int] | None = None) -> JsonStream:
    stream = JsonStream(lambda _: False)
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts or [])})
    for start, end in itertools.pairwise(edges):
        chunk, at = text[start:end], 0
        while at < len(chunk) and not (stream.done or stream.broken):
            at, _ = stream.feed(chunk, at)
    return stream


@given(containers, st.booleans(), st.lists(st.integers(0, 500), max_size=20))
def test_any_value_in_any_chunks(value: object, ascii_only: bool, cuts: list[int]) -> None:
    stream = read(json.dumps(value, ensure_ascii=ascii_only), cuts)
    assert stream.done
    assert stream.root == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        (r'{"a": "\d+ \'x\' C:\q"}', {"a": "\\d+ 'x' C:\\q"}),
        ('{"a": True, "b": None}', {"a": True, "b": None}),
        (r'{"a": "\ud83d\ude80"}', {"a": "🚀"}),
        (r'{"a": "x\ud83dy"}', {"a": "x\ufffdy"}),
        (r'{"a": "\ude80"}', {"a": "\ufffd"}),
        (r'{"a": "\ud83d\ud83d\ude80"}', {"a": "\ufffd🚀"}),
        (r'{"a": "\u12g"}', {"a": "\\u12g"}),
        ('{"a": "{[\\"}]"}', {"a": '{["}]'}),
    ],
)
def test_forgives_what_has_one_reading(text: str, value: object) -> None:
    for cuts in (None, list(range(len(text)))):
        stream = read(text, cuts)
        assert stream.done
        assert stream.root == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{'a': 1}", "double quotes"),
        ('{"a" 1}', "':'"),
        ('{"a": "he said "hi""}', '\\"'),
        ('{"a": NaN}', "value"),
        ('{"a": 1e999}', "value"),
        ('{"a": 01x}', "value"),
        ("[" * 100, "levels deep"),
        ('{"a": [1}', "']'"),
    ],
)
def test_says_what_is_wrong(text: str, problem: str) -> None:
    stream = read(text)
    assert stream.broken
    assert problem in stream.problem


def test_a_lone_surrogate_in_the_input_is_replaced() -> None:
    assert read('{"a": "x\ud800y"}').root == {"a": "x\ufffdy"}


def test_work_grows_with_the_length_only() -> None:
    def lines_run(length: int) -> int:
        text = '{"type": "final", "final": "' + "ab\\n" * length + '"}'
        count = 0

        def trace(*_: object) -> object:
            nonlocal count
            count += 1
            return trace

        sys.settrace(trace)  # type: ignore[arg-type]
        try:
            read(text, list(range(len(text))))
        finally:
            sys.settrace(None)
        return count

    assert lines_run(400) < 2.2 * lines_run(200)
