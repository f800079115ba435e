"""Tools from plain functions."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from agent_tui.errors import ConfigError
from agent_tui.tools import ToolContext, ToolSpec, tool
from agent_tui.tools.registry import ToolRegistry, declarations
from tests.tools.kit import Bench


@tool(risk="low", timeout_s=5, idempotent=True)
def repeat(text: str, times: Annotated[int, Field(ge=1)] = 2, mode: Literal["a", "b"] = "a") -> str:
    """Repeat a text.

    As often as wanted.

    Args:
        text: What to repeat,
            over more than one line.
        times: How often.

    Returns:
        The text.
    """
    return text * times


@tool
async def where(context: ToolContext) -> dict[str, str]:
    """Say where."""
    await asyncio.sleep(0)
    context.output("looking\n", "stdout")
    return {"cwd": str(context.cwd)}


def test_a_function_becomes_a_spec() -> None:
    assert isinstance(repeat, ToolSpec)
    assert repeat.description == "Repeat a text.\n\nAs often as wanted."
    assert (repeat.risk, repeat.timeout_s, repeat.is_async, where.is_async) == ("low", 5, False, True)
    assert where.risk == "medium"
    declared = declarations(ToolRegistry([repeat, where]))
    assert declared[0].parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["text"],
        "properties": {
            "text": {"type": "string", "description": "What to repeat, over more than one line."},
            "times": {"type": "integer", "minimum": 1, "default": 2, "description": "How often."},
            "mode": {"type": "string", "enum": ["a", "b"], "default": "a"},
        },
    }
    assert declared[1].parameters["properties"] == {}


async def test_both_kinds_run(tmp_path: Path) -> None:
    bench = Bench([repeat, where], tmp_path)
    assert (await bench.run("repeat", text="ab")).content == "abab"
    assert (await bench.run("where")).content == f'{{"cwd": "{tmp_path}"}}'
    assert repeat.function.__wrapped__("x", 3) == "xxx"  # type: ignore[attr-defined]


def no_type(x) -> None: ...  # type: ignore[no-untyped-def]


def many(*args: int) -> None: ...


def odd(x: asyncio.Future[int]) -> None: ...


def taken(json: str) -> None: ...


@pytest.mark.parametrize("function", [no_type, many, odd, taken])
def test_what_has_no_schema_is_refused(function: Any) -> None:
    with pytest.raises(ConfigError, match=function.__name__):
        tool(function)


def test_a_name_is_given_once_and_can_be_called() -> None:
    registry = ToolRegistry([repeat])
    with pytest.raises(ConfigError, match="two tools are called 'repeat'"):
        registry.register(repeat)
    with pytest.raises(ConfigError, match="cannot be used"):
        registry.register(tool(name="with space")(lambda: None))
    assert registry.names() == ["repeat"]
    assert registry.register_all([repeat, where]) != []
    assert registry.names() == ["repeat", "where"]
    assert registry.get("nope") is None


def test_a_property_called_title_is_kept() -> None:
    spec = tool(name="book")(_book)
    assert "title" in declarations(ToolRegistry([spec]))[0].parameters["properties"]  # type: ignore[operator]


def _book(title: str) -> str:
    return title
