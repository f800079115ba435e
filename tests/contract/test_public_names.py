"""Names that scripts, user tools and front ends rely on."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

import agent_tui.tools
from agent_tui import errors
from agent_tui.runtime.local import LocalRuntime
from agent_tui.runtime.runtime import Runtime


def methods(cls: type) -> Iterator[str]:
    return (name for name, value in vars(cls).items() if callable(value) and not name.startswith("_"))


def test_the_facade_has_what_the_contract_names() -> None:
    assert set(methods(Runtime)) >= {
        "open_session", "submit", "cancel", "answer", "steer", "follow", "unqueue", "run_shell",
        "call_tool",
        "set_model", "set_title", "clear", "tools", "models", "trust", "aclose",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(methods(Runtime)))
def test_the_runtime_in_this_process_keeps_to_the_facade(name: str) -> None:
    promised = inspect.signature(getattr(Runtime, name))
    kept = inspect.signature(getattr(LocalRuntime, name))
    assert kept.parameters.keys() == promised.parameters.keys()
    for parameter, expected in promised.parameters.items():
        actual = kept.parameters[parameter]
        assert (actual.kind, actual.default) == (expected.kind, expected.default), parameter


def test_what_a_user_tool_imports() -> None:
    for name in ("tool", "ToolContext", "ToolReply", "ToolSpec", "ToolError", "RetryPolicy"):
        assert hasattr(agent_tui.tools, name)


def test_errors_say_how_the_process_ends_and_what_the_server_answers() -> None:
    found = {
        cls.__name__: (cls.code, cls.exit_code, cls.http_status)
        for cls in vars(errors).values()
        if inspect.isclass(cls) and issubclass(cls, errors.AgentTuiError)
    }
    assert found["UsageError"] == ("usage", 2, 400)
    assert found["ConfigError"][:2] == ("config", 2)
    assert found["NotFoundError"] == ("not_found", 2, 404)
    assert found["ConflictError"] == ("conflict", 1, 409)
    assert found["ModelUnavailable"] == ("model_unavailable", 4, 503)
    codes = [code for code, _, _ in found.values()]
    assert len(set(codes)) == len(codes)
