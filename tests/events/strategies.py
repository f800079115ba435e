"""Hypothesis strategies for events: any event of the union, and plausible sequences of them."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from agent_tui.events import types as ev

_IDS = st.sampled_from(["a", "b", "c"])
_TEXT = st.text(max_size=12)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | _TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
    max_leaves=4,
)

_NUMBER = st.floats(0, 1e6, allow_infinity=False)
_USAGE = st.builds(ev.Usage, input_tokens=st.integers(0, 9), cost_usd=st.none() | _NUMBER)
_ERROR = st.builds(ev.ErrorInfo, code=_TEXT, message=_TEXT, retryable=st.booleans())
_ANSWER = st.builds(ev.AgentAnswer, answer=_TEXT, repaired=st.none() | _TEXT)
_CALL = st.builds(ev.ModelCall, call_id=_IDS, name=_TEXT, args=st.dictionaries(_TEXT, _JSON, max_size=2))
_HASH = st.builds(
    ev.RequestHash,
    protocol=st.sampled_from(["native", "json"]),
    system=_TEXT,
    tools=st.dictionaries(_TEXT, _TEXT, max_size=2),
    options=st.dictionaries(_TEXT, _JSON, max_size=2),
    messages=_TEXT,
)
_BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "args": st.dictionaries(_TEXT, _JSON, max_size=3),
    "call_id": _IDS,
    "prompt_id": _IDS,
    "run_id": st.none() | _IDS,
    "span_id": st.none() | _IDS,
    "parent_id": st.none() | _IDS,
    "request_hash": st.none() | _HASH,
    "calls": st.lists(_CALL, max_size=2).map(tuple),
    "seq": st.just(1),
    "ts": st.just("2026-01-02T03:04:05.000000Z"),
    "session_id": st.just("s"),
}
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(0, 5),
    float: _NUMBER,
    float | None: st.none() | _NUMBER,
    ev.Usage: _USAGE,
    ev.ErrorInfo: _ERROR,
    ev.AgentAnswer: _ANSWER,
    tuple[str, ...]: st.lists(_TEXT, max_size=3).map(tuple),
}


def _event(cls: type[ev.EventBase]) -> st.SearchStrategy[ev.EventBase]:
    fields = {}
    for name, info in cls.model_fields.items():
        if (cls, name) == (ev.ToolEnd, "result"):
            fields[name] = _JSON
        elif name in _BY_NAME:
            fields[name] = _BY_NAME[name]
        elif info.annotation in _BY_TYPE:
            fields[name] = _BY_TYPE[info.annotation]
        else:
            fields[name] = st.from_type(info.annotation)
    return st.fixed_dictionaries(fields).map(lambda values: cls(**values))


any_event = st.one_of([_event(cls) for cls in get_args(ev.Event)])
event_lists = st.lists(any_event, max_size=40).map(
    lambda events: [event.model_copy(update={"seq": number}) for number, event in enumerate(events, 1)]
)
