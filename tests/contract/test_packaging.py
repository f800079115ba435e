"""What the package says it needs is what it imports; the lock file holds all of it and names no place."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import agent_tui

PACKAGE = Path(agent_tui.__file__).parent
ROOT = PACKAGE.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
DISTRIBUTIONS = {
    "google": "google-genai",
    "markdown_it": "markdown-it-py",
    "opentelemetry": "opentelemetry-proto",
    "prometheus_client": "prometheus-client",
    "pydantic_core": "pydantic",  # each of its versions comes with exactly one of this
    "sse_starlette": "sse-starlette",
    "starlette": "fastapi",  # what it is made of, and passes on
}
"""Where the name of what is imported is not that of what is installed."""
RUN_BY_PYTEST = {"pytest-asyncio", "pytest-textual-snapshot", "pytest-timeout"}
OPTIONAL = {"xllamacpp"}
"""Looked for by a test that is skipped without it."""


def imported(folder: Path) -> set[str]:
    """The distributions that the files of ``folder`` import, wherever in them."""
    modules = {module for path in folder.rglob("*.py") for module in _modules(path)}
    foreign = modules - sys.stdlib_module_names - {"agent_tui", "tests"}
    return {DISTRIBUTIONS.get(module, module) for module in foreign}


def _modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w-]", line)[0].lower() for line in requirements}


def test_dependencies_are_what_is_imported() -> None:
    optional = names(PROJECT["optional-dependencies"]["server"])
    assert names(PROJECT["dependencies"]) == imported(PACKAGE) - optional
    assert optional <= imported(PACKAGE / "server")


def test_the_tests_need_no_more_than_their_extra() -> None:
    needed = imported(ROOT / "tests") - OPTIONAL
    extras = PROJECT["optional-dependencies"]
    there = names([*PROJECT["dependencies"], *extras["server"], *extras["test"]])
    assert needed <= there
    assert names(extras["test"]) - {"agent-tui"} <= needed | RUN_BY_PYTEST


def test_every_dependency_has_a_lower_bound() -> None:
    extras = PROJECT["optional-dependencies"]
    for line in [*PROJECT["dependencies"], *extras["server"], *extras["test"]]:
        assert ">=" in line or line == "agent-tui[server]", line


def test_the_lock_holds_everything_and_names_no_place() -> None:
    locked = set(re.findall(r"^([\w.-]+)==", LOCK, re.M))
    extras = PROJECT["optional-dependencies"]
    assert (
        names([*PROJECT["dependencies"], *extras["server"], *extras["test"], *extras["dev"]])
        - {"agent-tui"}
        <= locked
    )
    pins = [line for line in LOCK.splitlines() if line and not line.lstrip().startswith("#")]
    assert not [line for line in pins if re.search(r"://|@ |^-|file:|/", line)]
    assert LOCK.count("==") <= LOCK.count("--hash=sha256:")
