"""What was shown of a JSON answer is found again in its raw text, escapes, surrogates and all."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent_tui.agent.protocols.json_actions import JsonTurnReader
from agent_tui.events import types as ev
from agent_tui.llm.messages import Finish, StreamPart, TextDelta
from agent_tui.llm.recorded import read_calls

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)


def shown_of(parts: list[StreamPart]) -> tuple[list[tuple[str, str]], str]:
    reader = JsonTurnReader(lambda: "call")
    shown = [(one.text, str(one.channel)) for part in parts for one in reader.feed(part)]
    return shown, reader.finish().raw


def recorded(shown: list[tuple[str, str]], raw: str) -> list[ev.Event]:
    common = {"ts": "", "session_id": "s", "run_id": "r", "span_id": "l"}
    events: list[ev.Event] = [ev.LlmStart(seq=1, model="m", attempt=1, message_count=1, **common)]
    for text, channel in shown:
        events.append(ev.LlmDelta(seq=len(events) + 1, text=text, channel=channel, **common))  # type: ignore[arg-type]
    events.append(ev.LlmDone(seq=90, finish_reason="stop", usage=ev.Usage(), duration_ms=1, **common))
    events.append(ev.ReactModelRaw(seq=91, raw=raw, **common))
    return events


@given(TEXT, st.booleans(), st.lists(st.integers(1, 60), max_size=8))
def test_pieces_of_a_streamed_answer(text: str, ascii_only: bool, cuts: list[int]) -> None:
    raw = json.dumps({"type": "final", "final": text}, ensure_ascii=ascii_only)
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    pieces = [raw[start:end] for start, end in pairwise(places)]
    shown, said = shown_of([*(TextDelta(piece) for piece in pieces), Finish("stop")])
    (call,) = read_calls(recorded(shown, said))
    again, said_again = shown_of(list(call.parts))
    assert said_again == said
    assert joined(again) == joined(shown)


@given(
    st.text(max_size=40), st.lists(st.tuples(st.text(max_size=9), st.sampled_from(["answer", "action"])))
)
def test_any_deltas_and_any_raw_text_give_the_raw_text(raw: str, shown: list[tuple[str, str]]) -> None:
    (call,) = read_calls(recorded(shown, raw))
    said = "".join(part.text for part in call.parts if isinstance(part, TextDelta))
    assert said in (raw, "".join(text for text, channel in shown if channel == "answer"))


def joined(shown: list[tuple[str, str]]) -> dict[str, str]:
    """What each channel showed in all; where it was cut may differ."""
    channels = {channel for _, channel in shown}
    return {one: "".join(text for text, channel in shown if channel == one) for one in channels}
