"""What a JSON value means as an action, forgiving where only one reading is possible."""

from __future__ import annotations

import json

from pydantic import JsonValue

from agent_tui.events.types import AgentAnswer

ACTION_KEYS = frozenset({"tool_name", "final", "args"})
"""Keys that no object has by chance."""


def meant_as_action(root: JsonValue) -> bool:
    """Whether a value, or what there is of it, was to be an action, well made or not."""
    if isinstance(root, list):
        return any(isinstance(item, dict) and meant_as_action(item) for item in root)
    return isinstance(root, dict) and (
        not ACTION_KEYS.isdisjoint(root) or root.get("type") in ("tool", "final")
    )


def near_miss(root: JsonValue) -> str:
    """What to say of an object that stands alone and is no action."""
    if isinstance(root, dict) and root:
        keys = ", ".join(f'"{key[:30]}"' for key in list(root)[:5])
        return f'the JSON object in it has the keys {keys}, but not "type" with "tool_name" or "final".'
    return ""


def decoded(text: str) -> JsonValue:
    """Arguments that a model encoded twice; the text itself if they are not that."""
    try:
        value: JsonValue = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return text
    return value


def answer_in(root: dict[str, JsonValue]) -> AgentAnswer | str:
    """The answer that an object of type ``final`` holds, or what is wrong with it."""
    final = root.get("final")
    if final is None and "answer" in root:
        final = {key: value for key, value in root.items() if key != "type"}
    match final:
        case None:
            return '"final" is missing; it must hold the answer to the user.'
        case str():
            return AgentAnswer(answer=final)
        case bool() | int() | float():
            return AgentAnswer(answer=json.dumps(final))
        case list():
            return '"final" is a list; it must be the answer as a string.'
        case _:
            return _answer_object(final)


def _answer_object(final: dict[str, JsonValue]) -> AgentAnswer | str:
    """The answer's text is what matters: other fields are taken where they make sense."""
    text = final.get("answer")
    if not isinstance(text, str):
        return '"final" is an object without a string "answer" in it.'
    confidence = final.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        confidence = None
    return AgentAnswer(
        answer=text,
        confidence=confidence,
        sources=_strings(final.get("sources")),
        tool_calls=_strings(final.get("tool_calls")),
        needs_human_review=final.get("needs_human_review") is True,
    )


def _strings(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
