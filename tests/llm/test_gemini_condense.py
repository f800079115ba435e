"""Text that came together is read as one chunk, and nothing else about a stream is changed."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_tui.llm.gemini_condense import Condenser

USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 2}


def chunk(part: Any, *, end: str = "\r\n\r\n", **more: Any) -> bytes:
    candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
    return event({"candidates": [candidate], "modelVersion": "m", **more}, end)


def event(data: Any, end: str = "\r\n\r\n") -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + end.encode()


def said(text: str, **more: Any) -> bytes:
    return chunk({"text": text}, **more)


def read(stream: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: ")]


def texts(stream: bytes) -> list[tuple[str, bool]]:
    """The text of ``stream`` as a reader would join it: (text, whether it is thought)."""
    joined: list[tuple[str, bool]] = []
    for data in read(stream):
        [part] = data["candidates"][0]["content"]["parts"]
        text, thought = part["text"], bool(part.get("thought"))
        if joined and joined[-1][1] == thought:
            text = joined.pop()[0] + text
        joined.append((text, thought))
    return joined


def test_text_that_came_together_is_one_chunk() -> None:
    stream = b"".join(said(text) for text in ("It ", "is ", "4 – 四."))
    [one] = read(Condenser().feed(stream))
    assert one == {
        "candidates": [{"content": {"parts": [{"text": "It is 4 – 四."}], "role": "model"}, "index": 0}],
        "modelVersion": "m",
    }


def test_what_is_alone_stays_as_it_is() -> None:
    for stream in (said("hi"), said("hi") + b"data: {", b"data: {", b"", b"\r\n\r\n"):
        assert Condenser().feed(stream) == stream


def test_the_last_usage_counts() -> None:
    stream = (
        said("a", usageMetadata={"candidatesTokenCount": 1}) + said("b", usageMetadata=USAGE) + said("c")
    )
    [one] = read(Condenser().feed(stream))
    assert one["usageMetadata"] == USAGE


def test_usage_that_says_nothing_does_not_count() -> None:
    stream = said("a", usageMetadata=USAGE) + said("b", usageMetadata=None)
    [one] = read(Condenser().feed(stream))
    assert one["usageMetadata"] == USAGE


def test_usage_in_detail_as_gemini_gives_it_is_kept() -> None:
    usage = USAGE | {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3}]}
    [one] = read(Condenser().feed(said("a", usageMetadata=usage) + said("b", usageMetadata=usage)))
    assert one["usageMetadata"] == usage


def test_what_is_nested_too_deep_is_left_as_it_is() -> None:
    for depth in range(100, 1000, 10):
        nested = b"[" * depth + b"]" * depth
        part = b'{"content": {"parts": [{"text": "a"}]}}'
        stream = b'data: {"candidates": [%s], "usageMetadata": %s}\n\n' % (part, nested) * 2
        condensed = Condenser().feed(stream)
        assert condensed == stream or condensed.count(b"data: ") == 1


def test_halves_of_a_character_meet() -> None:
    stream = b"".join(
        b'data: {"candidates": [{"content": {"parts": [{"text": "\\u%s"}]}}]}\n\n' % half
        for half in (b"d83d", b"de00")
    )
    assert texts(Condenser().feed(stream)) == [("😀", False)]


def test_thoughts_and_answers_stay_apart() -> None:
    thoughts = [chunk({"text": text, "thought": True}) for text in ("hm", " hm")]
    stream = b"".join([*thoughts, said("a"), said("b"), chunk({"text": "!", "thought": True})])
    condensed = Condenser().feed(stream)
    assert len(read(condensed)) == 3
    assert texts(condensed) == [("hm hm", True), ("ab", False), ("!", True)]


@pytest.mark.parametrize(
    "other",
    [
        chunk({"functionCall": {"name": "calc", "args": {}}}),
        chunk({"text": "x", "thoughtSignature": "c2ln"}),
        said("x", promptFeedback={"blockReason": "SAFETY"}),
        event({"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]}),
        event({"candidates": [{"content": {"parts": [{"text": "x"}]}, "index": 1}]}),
        event({"candidates": [{"content": {"parts": [{"text": "x"}]}, "groundingMetadata": {}}]}),
        event({"candidates": [{"content": {"parts": [{"text": "x"}, {"text": "y"}]}}]}),
        event({"candidates": []}),
        event({"error": {"code": 503, "message": "overloaded"}}),
        event([1]),
        event("text"),
        chunk({"text": None}),
        b"data: {broken\r\n\r\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"data: \xff\xfe\r\n\r\n",
        b"event: message\r\ndata: {}\r\n\r\n",
        b": a comment\n\n",
        b'{"error": {"code": 500}}\n\n',
    ],
)
def test_everything_else_is_passed_on_between_the_texts_around_it(other: bytes) -> None:
    before, after = said("a") + said("b"), said("c") + said("d")
    assert Condenser().feed(before + other + after) == said("ab") + other + said("cd")


@pytest.mark.parametrize("end", ["\n\n", "\r\r", "\r\n\r\n"])
def test_every_line_ending_of_the_format_is_known(end: str) -> None:
    assert texts(Condenser().feed(said("a", end=end) + said("b", end=end))) == [("ab", False)]


@given(
    st.lists(st.tuples(st.text(max_size=5), st.booleans()), max_size=12),
    st.lists(st.integers(0, 2000), max_size=6),
    st.sampled_from(["\n\n", "\r\n\r\n"]),
)
def test_however_it_was_cut_the_text_is_the_same(
    said_or_thought: list[tuple[str, bool]], cuts: list[int], end: str
) -> None:
    stream = b"".join(
        chunk({"text": text} | ({"thought": True} if thought else {}), end=end)
        for text, thought in said_or_thought
    )
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    condenser = Condenser()
    condensed = b"".join(condenser.feed(stream[one:other]) for one, other in pairwise(places))
    assert texts(condensed) == texts(stream)
