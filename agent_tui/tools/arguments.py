"""Checks the arguments of a call, and says what is wrong in words a model can act on."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping

from pydantic import BaseModel, JsonValue, ValidationError

from agent_tui.errors import ToolInputError
from agent_tui.tools.registry import ToolRegistry, parameters
from agent_tui.tools.spec import ToolSpec

_SHOWN = 10


def find(registry: ToolRegistry, name: str) -> ToolSpec:
    """The tool of that name.

    Raises:
        ToolInputError: There is none; the message names the nearest ones and all there are.
    """
    spec = registry.get(name)
    if spec is not None:
        return spec
    names = registry.names()
    near = difflib.get_close_matches(name.lower()[:100], names, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise ToolInputError(
        f"there is no tool {name[:100]!r}",
        hint=f"{meant}The tools are: {', '.join(names) or 'none'}",
        code="tool_unknown",
    )


def check(spec: ToolSpec, args: Mapping[str, JsonValue]) -> BaseModel:
    """The arguments as the tool takes them.

    Raises:
        ToolInputError: They do not fit; the message names each wrong field and what it should be.
    """
    try:
        return spec.args_model.model_validate(dict(args))
    except ValidationError as error:
        problems = [
            _problem(spec, dict(item)) for item in error.errors(include_url=False, include_context=False)
        ]
    except RecursionError:
        problems = ["nested too deep"]
    if len(problems) > _SHOWN:
        problems = [*problems[:_SHOWN], f"and {len(problems) - _SHOWN} more"]
    raise ToolInputError(
        f"the arguments do not fit {spec.name}: {'; '.join(problems)}",
        hint=f"it takes {signature(spec)}",
    )


def signature(spec: ToolSpec) -> str:
    """The arguments in one line: ``path (string, required), limit (integer, default 2000)``."""
    schema = parameters(spec)
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, dict) or not properties:
        return "no arguments"
    needed = set(required) if isinstance(required, list) else set()
    return ", ".join(f"{name} ({_describe(item, name in needed)})" for name, item in properties.items())


def _describe(item: object, required: bool) -> str:
    if not isinstance(item, dict):
        return "anything"
    kind = _type(item)
    if required:
        return f"{kind}, required"
    default = item.get("default")
    return f"{kind}, optional" if default is None else f"{kind}, default {json.dumps(default)}"


def _type(item: Mapping[str, object]) -> str:
    options = item.get("anyOf")
    if isinstance(options, list):
        return " or ".join(_type(option) for option in options if option.get("type") != "null")
    if "enum" in item:
        return f"one of {json.dumps(item['enum'])}"
    return str(item.get("type", "object" if "$ref" in item else "anything"))


def _problem(spec: ToolSpec, error: dict[str, object]) -> str:
    location = error.get("loc")
    where = (
        ".".join(str(part) for part in location)
        if isinstance(location, tuple) and location
        else "arguments"
    )
    kind, message = error.get("type"), str(error.get("msg", "")).removeprefix("Value error, ")
    if kind == "missing":
        return f"{where} is missing"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(where, list(spec.args_model.model_fields), n=1)
        return f"{where} is not an argument" + (f" (did you mean {near[0]}?)" if near else "")
    given = _short(error.get("input"))
    return f"{where}: {message[:1].lower()}{message[1:]}, got {given}"


def _short(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return type(value).__name__
    return text if len(text) <= 80 else f"{text[:77]}…"
