"""The folder list is the architecture: imports point down, and two rooms of one floor never meet."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import agent_tui

ROOT = Path(agent_tui.__file__).parent
FLOORS = [
    {"errors", "paths", "cancel", "clock", "safetext", "secretshapes", "logs", "keymap", "rulesyntax"},
    {"events"},
    {"llm"},
    {"tools"},
    {"agent", "storage", "config"},
    {"runtime"},
    {"tui", "server", "headless"},
    {"cli"},
]
FLOOR = {package: number for number, floor in enumerate(FLOORS) for package in floor}
FRONT_END_MAY_IMPORT = {
    "events", "errors", "safetext", "clock", "paths", "logs", "keymap", "runtime.runtime",
}  # fmt: skip
MODULES = sorted(path for path in ROOT.rglob("*.py"))


def package_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0]


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Modules of this product that a file imports, wherever in it: ``events.log``, line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            if node.module == "agent_tui":
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif node.module and node.module.startswith("agent_tui."):
                yield node.module.removeprefix("agent_tui."), node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("agent_tui."):
                    yield alias.name.removeprefix("agent_tui."), node.lineno


def test_every_package_has_its_floor() -> None:
    packages = {package_of(path) for path in MODULES} - {"__init__", "__main__"}
    assert packages <= FLOOR.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    package = package_of(path)
    if package in ("__init__", "__main__"):
        return
    for module, line in imports_of(path):
        target = module.split(".")[0]
        if target == package or target not in FLOOR:
            continue
        if FLOOR[package] == FLOOR[target] == 0:
            continue
        where = f"{path.relative_to(ROOT)}:{line} imports {module}"
        assert FLOOR[target] < FLOOR[package], where
        if FLOOR[package] == 6:
            allowed = target in FRONT_END_MAY_IMPORT or module in FRONT_END_MAY_IMPORT
            assert allowed, f"{where}: a front end knows the façade, events and errors only"


def test_there_are_no_circles() -> None:
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        graph[name] = {module for module, _ in top_level_imports(path)}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail, name))
        if name in done or name not in graph:
            return
        for target in graph[name]:
            visit(target, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def top_level_imports(path: Path) -> Iterator[tuple[str, int]]:
    """Imports that run when the module is imported, the names of ``from package import module`` too."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("agent_tui."):
            module = node.module.removeprefix("agent_tui.")
            folder = ROOT / Path(*module.split("."))
            rooms = [alias.name for alias in node.names if (folder / f"{alias.name}.py").exists()]
            yield from ((f"{module}.{room}", node.lineno) for room in rooms)
            if len(rooms) < len(node.names):
                yield module, node.lineno
