"""Turns a plain typed Python function into a tool."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable
from typing import Any, overload

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.errors import PydanticUserError

from agent_tui.errors import ConfigError
from agent_tui.events.types import Risk
from agent_tui.tools.spec import RetryPolicy, ToolContext, ToolFunction, ToolSpec

_SECTION = re.compile(
    r"^(Args|Arguments|Parameters|Returns|Raises|Yields|Example|Examples|Note|Notes):\s*$"
)
_ARGUMENT = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


@overload
def tool(function: Callable[..., Any], /) -> ToolSpec: ...


@overload
def tool(
    *,
    risk: Risk = "medium",
    timeout_s: float | None = 30.0,
    idempotent: bool = False,
    retry: RetryPolicy | None = None,
    name: str | None = None,
    description: str | None = None,
) -> Callable[[Callable[..., Any]], ToolSpec]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    risk: Risk = "medium",
    timeout_s: float | None = 30.0,
    idempotent: bool = False,
    retry: RetryPolicy | None = None,
    name: str | None = None,
    description: str | None = None,
) -> ToolSpec | Callable[[Callable[..., Any]], ToolSpec]:
    """Makes a tool of a function, sync (it runs in a thread) or async::

        @tool(risk="low", timeout_s=5)
        def count_words(text: str) -> int:
            \"\"\"Count the words of a text.\"\"\"
            return len(text.split())

    The parameters' types become the schema, the docstring the description, its ``Args:`` section
    the parameters' descriptions. A parameter of type ``ToolContext`` gets the context of the call.
    The name now stands for a ``ToolSpec``; the function itself is ``spec.function.__wrapped__``.

    Args:
        risk: ``low`` runs unasked; ``medium``, the default, and ``high`` ask.
        timeout_s: Longest an attempt may take; None for no limit.
        idempotent: Running it twice is the same as running it once, so that it may be retried.
        retry: How an idempotent tool is retried.
        name: Instead of the function's.
        description: Instead of the docstring's.

    Raises:
        ConfigError: A parameter has no type, or one that has no JSON form.
    """

    def make(target: Callable[..., Any]) -> ToolSpec:
        tool_name = name or target.__name__
        summary, about = _docstring(target)
        model, context_name = _arguments(target, tool_name, about)
        return ToolSpec(
            name=tool_name,
            description=description or summary or tool_name,
            args_model=model,
            function=_adapter(target, context_name),
            risk=risk,
            timeout_s=timeout_s,
            retry=retry or RetryPolicy(),
            idempotent=idempotent,
            is_async=inspect.iscoroutinefunction(target),
            source=target.__module__,
        )

    return make if function is None else make(function)


def _arguments(
    target: Callable[..., Any], tool_name: str, about: dict[str, str]
) -> tuple[type[BaseModel], str | None]:
    try:
        hints = typing.get_type_hints(target, include_extras=True)
    except (NameError, TypeError) as error:
        raise ConfigError(
            f"the types of tool {tool_name!r} cannot be read: {error}", code="tool_types"
        ) from error
    fields: dict[str, Any] = {}
    context_name: str | None = None
    for parameter in inspect.signature(target).parameters.values():
        hint = hints.get(parameter.name)
        if hint is ToolContext or (hint is None and parameter.name == "context"):
            context_name = parameter.name
            continue
        _check(parameter, hint, tool_name)
        default = ... if parameter.default is parameter.empty else parameter.default
        text = about.get(parameter.name)
        fields[parameter.name] = (hint, Field(default, description=text) if text else default)
    try:
        model = create_model(
            f"{tool_name}_args", __config__=ConfigDict(extra="forbid", protected_namespaces=()), **fields
        )
        model.model_json_schema()
    except (PydanticUserError, TypeError, NameError) as error:
        problem = str(error).splitlines()[0]
        raise ConfigError(
            f"a parameter of tool {tool_name!r} has no JSON form: {problem}", code="tool_types"
        ) from error
    return model, context_name


def _check(parameter: inspect.Parameter, hint: object, tool_name: str) -> None:
    where = f"parameter {parameter.name!r} of tool {tool_name!r}"
    if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
        raise ConfigError(
            f"{where} cannot be given by name", hint="use plain parameters", code="tool_types"
        )
    if hint is None:
        raise ConfigError(
            f"{where} has no type", hint=f"write {parameter.name}: str, or what it is", code="tool_types"
        )
    if parameter.name.startswith("_") or hasattr(BaseModel, parameter.name):
        raise ConfigError(f"{where} has a name that is taken", hint="rename it", code="tool_types")


def _adapter(target: Callable[..., Any], context_name: str | None) -> ToolFunction:
    """``target`` called the way the runner calls a tool: ``(args, context)``."""

    def keywords(args: BaseModel, context: ToolContext) -> dict[str, Any]:
        given = {name: getattr(args, name) for name in type(args).model_fields}
        return given if context_name is None else {**given, context_name: context}

    if inspect.iscoroutinefunction(target):

        @functools.wraps(target)
        async def call_async(args: BaseModel, context: ToolContext) -> Any:
            return await target(**keywords(args, context))

        return call_async

    @functools.wraps(target)
    def call(args: BaseModel, context: ToolContext) -> Any:
        return target(**keywords(args, context))

    return call


def _docstring(target: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The description, and the descriptions of the arguments (Google style)."""
    summary: list[str] = []
    about: dict[str, str] = {}
    section = last = ""
    for line in (inspect.getdoc(target) or "").splitlines():
        if heading := _SECTION.match(line):
            section = heading[1]
        elif not section:
            summary.append(line)
        elif section in {"Args", "Arguments", "Parameters"} and line.strip():
            indent = len(line) - len(line.lstrip())
            if (match := _ARGUMENT.match(line.strip())) and indent <= 4:
                last = match[1]
                about[last] = match[2]
            elif last:
                about[last] = f"{about[last]} {line.strip()}".strip()
    return "\n".join(summary).strip(), about
