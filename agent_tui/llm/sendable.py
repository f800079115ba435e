"""Text that survives a wire: no half of a surrogate pair, in what is sent and in what was received."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def clean(text: str) -> str:
    """``text`` with split surrogate pairs joined and lone halves replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_json(value: Any) -> Any:
    """A JSON value with all its text clean and without numbers that JSON does not have."""
    match value:
        case str():
            return clean(value)
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {clean(str(key)): clean_json(item) for key, item in value.items()}
        case list() | tuple():
            return [clean_json(item) for item in value]
        case _:
            return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def read_object(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object that ``text`` is, clean; None where it is none."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        return clean_json(value) if isinstance(value, dict) else None
    except (ValueError, RecursionError):  # the latter: nested without end
        return None
