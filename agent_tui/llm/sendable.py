"""Text that survives a wire: no half of a surrogate pair, in what is sent and in what was received."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from agent_tui.safetext import encodable


def clean_json(value: Any) -> Any:
    """A JSON value with all its text clean and without numbers that JSON does not have."""
    match value:
        case str():
            return encodable(value)
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {encodable(str(key)): clean_json(item) for key, item in value.items()}
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
