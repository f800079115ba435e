"""Finds the tools that users and packages bring along.

They come from the ``agent_tui.tools`` entry point group, and from ``.agent-tui/tools/*.py`` of a
folder that is trusted. What is broken gives one notice each; everything else is loaded. Files are
run from the bytes that were checked, write no ``__pycache__``, and cannot import one another.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from types import ModuleType

from agent_tui.errors import AgentTuiError
from agent_tui.tools.spec import ToolSpec
from agent_tui.tools.trust import FOLDER, TrustStore, tool_files

GROUP = "agent_tui.tools"


@dataclass(slots=True)
class Found:
    """What a search brought.

    Attributes:
        specs: The tools.
        notices: One sentence for each thing that could not be loaded.
        untrusted: Tool files that wait for the person to trust their folder.
    """

    specs: list[ToolSpec] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    untrusted: list[Path] = field(default_factory=list)

    def extend(self, other: Found) -> None:
        self.specs += other.specs
        self.notices += other.notices
        self.untrusted += other.untrusted


def discover(cwd: Path, store: TrustStore) -> Found:
    """Everything there is, from packages and from the folder."""
    found = entry_point_tools()
    found.extend(folder_tools(cwd, store))
    return found


def entry_point_tools(points: Iterable[metadata.EntryPoint] | None = None) -> Found:
    """Tools of installed packages. An entry point names a tool, a list of them, or a module."""
    found = Found()
    for point in metadata.entry_points(group=GROUP) if points is None else points:
        try:
            specs = _specs_of(point.load())
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything, SystemExit too
            found.notices.append(
                f"tools of entry point {point.name!r} ({point.value}) not loaded: {_say(error)}"
            )
            continue
        if not specs:
            found.notices.append(
                f"entry point {point.name!r} ({point.value}) holds no tool; decorate it with @tool"
            )
        found.specs += [replace(spec, source=f"entry point {point.name}") for spec in specs]
    return found


def folder_tools(cwd: Path, store: TrustStore) -> Found:
    """Tools of the folder, if it is trusted; else the files that wait for that."""
    found = Found()
    try:
        files = tool_files(cwd)
    except OSError as error:
        found.notices.append(f"tools in {cwd / FOLDER} not loaded: {error.strerror or error}")
        return found
    if files and not store.is_trusted(cwd, files):
        found.untrusted = list(files)
        return found
    for path, content in files.items():
        try:
            specs = _specs_of(_run(path, content))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything, SystemExit too
            found.notices.append(f"{_place(path, error)}: {_say(error)}; its tools are not loaded")
            continue
        if not specs:
            found.notices.append(f"{path}: holds no tool; decorate a function with @tool")
        found.specs += [replace(spec, source=str(path)) for spec in specs]
    return found


def _run(path: Path, content: bytes) -> ModuleType:
    unique = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    module = ModuleType(f"agent_tui_user_tools.{path.stem}_{unique}")
    module.__file__ = str(path)
    code = compile(content, str(path), "exec", dont_inherit=True)
    sys.modules[module.__name__] = module  # type hints and dataclasses look their module up
    try:
        exec(code, module.__dict__)  # the person trusted exactly these bytes
    except BaseException:
        sys.modules.pop(module.__name__, None)
        raise
    return module


def _specs_of(value: object) -> list[ToolSpec]:
    if isinstance(value, ToolSpec):
        return [value]
    if isinstance(value, ModuleType):
        named = list(vars(value).values())
        specs = [item for item in named if isinstance(item, ToolSpec)]
        return list({id(spec): spec for spec in specs}.values())
    if callable(value):
        value = value()
    if isinstance(value, ToolSpec):
        return [value]
    if isinstance(value, Iterable):
        return [item for item in value if isinstance(item, ToolSpec)]
    return []


def _place(path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}, line {error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f"{path}, line {lines[-1]}" if lines else str(path)


def _say(error: BaseException) -> str:
    if isinstance(error, AgentTuiError):
        return str(error)
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    first = text.strip().splitlines()[0] if text.strip() else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
