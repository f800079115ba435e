"""Whether a value fits a setting, and what would. Goes by the types and limits in ``models``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from agent_tui.config.models import Section

_WORDS = {
    "true": True, "yes": True, "on": True, "1": True,
    "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip
_TYPES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list[str]: 'a list of texts, such as ["a", "b"]',
    type(None): "left out",
}
_LIMITS = {"at_least": "of at least", "above": "above", "at_most": "up to"}


def keys_of(kind: type[Section]) -> list[str]:
    """The settings of a section."""
    return list(_hints(kind))


def is_list(kind: type[Section], key: str) -> bool:
    return _hints(kind).get(key) == list[str]


def fit(kind: type[Section], key: str, value: object, *, from_text: bool) -> Any:
    """``value`` as the setting has it.

    Args:
        from_text: The value may be a text that stands for a number, a truth value or nothing.

    Raises:
        ValueError: It does not fit.
    """
    limits = _limits(kind, key)
    for option in _options(kind, key):
        fitted = _as(option, value, from_text=from_text)
        if fitted is not _NO and _within(fitted, limits):
            return fitted
    raise ValueError(f"not {allowed(kind, key)}")


def allowed(kind: type[Section], key: str) -> str:
    """The values that a setting takes, in words."""
    limits = _limits(kind, key)
    bounds = " and ".join(f"{_LIMITS[name]} {limit:g}" for name, limit in limits.items())
    words = []
    for option in _options(kind, key):
        if get_origin(option) is Literal:
            words.append(", ".join(json.dumps(value) for value in get_args(option)))
        else:
            words.append(f"{_TYPES[option]} {bounds if option in (int, float) else ''}".strip())
    return " or ".join(words)


_NO = object()


def _as(option: Any, value: object, *, from_text: bool) -> Any:
    if get_origin(option) is Literal:
        return value if isinstance(value, str) and value in get_args(option) else _NO
    if option == list[str]:
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return value if fits else _NO
    if option is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is option:
        return value
    return _read(option, value) if from_text and isinstance(value, str) else _NO


def _read(option: Any, text: str) -> Any:
    text = text.strip()
    if option is bool:
        return _WORDS.get(text.lower(), _NO)
    if option is type(None):
        return None if not text else _NO
    try:
        return option(text)
    except ValueError:
        return _NO


def _within(value: Any, limits: Mapping[str, float]) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return (
        math.isfinite(value)
        and value >= limits.get("at_least", -math.inf)
        and value > limits.get("above", -math.inf)
        and value <= limits.get("at_most", math.inf)
    )


def _hints(kind: type[Section]) -> dict[str, Any]:
    return get_type_hints(kind)


def _options(kind: type[Section], key: str) -> tuple[Any, ...]:
    hint = _hints(kind)[key]
    return (hint,) if get_origin(hint) in (Literal, list) or not get_args(hint) else get_args(hint)


def _limits(kind: type[Section], key: str) -> Mapping[str, float]:
    return next(field.metadata for field in fields(kind) if field.name == key)  # type: ignore[arg-type]
