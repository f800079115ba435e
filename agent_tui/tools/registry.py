"""Which tools there are, by name, and how models are told of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from agent_tui.errors import ConfigError
from agent_tui.llm.messages import ToolDeclaration
from agent_tui.tools.spec import ToolSpec

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")  # what every provider of function calls accepts


class ToolRegistry:
    """Tools by name, in the order they came."""

    def __init__(self, specs: Iterable[ToolSpec] = ()) -> None:
        self._specs: dict[str, ToolSpec] = {}
        for spec in specs:
            self.register(spec)

    def register(self, spec: ToolSpec) -> None:
        """Adds a tool.

        Raises:
            ConfigError: The name is taken, or no model could call it.
        """
        if not _NAME.fullmatch(spec.name):
            raise ConfigError(
                f"tool name {spec.name!r} of {spec.source} cannot be used",
                hint="use letters, digits, _ and -, beginning with a letter, at most 64 of them",
                code="tool_name",
            )
        if other := self._specs.get(spec.name):
            raise ConfigError(
                f"two tools are called {spec.name!r}: {other.source} and {spec.source}",
                hint="rename one",
                code="tool_duplicate",
            )
        self._specs[spec.name] = spec

    def register_all(self, specs: Iterable[ToolSpec]) -> list[str]:
        """Adds what can be added; a notice for each tool that could not be."""
        notices = []
        for spec in specs:
            try:
                self.register(spec)
            except ConfigError as error:
                notices.append(str(error))
        return notices

    def get(self, name: str) -> ToolSpec | None:
        """The tool of that name, or None."""
        return self._specs.get(name)

    def names(self) -> list[str]:
        return list(self._specs)

    def specs(self) -> list[ToolSpec]:
        return list(self._specs.values())

    def __iter__(self) -> Iterator[ToolSpec]:
        return iter(self._specs.values())

    def __len__(self) -> int:
        return len(self._specs)

    def __contains__(self, name: object) -> bool:
        return name in self._specs


def declarations(registry: ToolRegistry) -> list[ToolDeclaration]:
    """Every tool as a model is told of it."""
    return [ToolDeclaration(spec.name, spec.description, parameters(spec)) for spec in registry]


def parameters(spec: ToolSpec) -> dict[str, object]:
    """The JSON schema of a tool's arguments without the titles pydantic adds, which only cost tokens."""
    return dict(_parameters(spec.args_model))


@lru_cache(maxsize=512)
def _parameters(model: type[BaseModel]) -> dict[str, object]:
    schema: dict[str, object] = _untitled(model.model_json_schema(), names=False)
    schema.pop("description", None)  # the tool's own description says it
    schema.setdefault("properties", {})
    return schema


def _untitled(node: Any, *, names: bool) -> Any:
    """``node`` without its ``title`` keywords; where the keys are ``names``, one may be called title."""
    if isinstance(node, list):
        return [_untitled(item, names=False) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _untitled(value, names=key in {"properties", "$defs"} and not names)
        for key, value in node.items()
        if names or key != "title" or not isinstance(value, str)
    }
