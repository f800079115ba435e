"""End-to-end fixtures: the real program, a folder of its own, the offline model at full speed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.terminal import Terminal
from tests.fakes.surroundings import agent_tui

pytestmark = pytest.mark.slow
Start = Callable[..., Terminal]


def stored(folder: Path, home: str = ".home") -> list[dict[str, Any]]:
    """Every event in the journal, of all sessions, in order."""
    file = folder / home / "data" / "journal.db"
    journal = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        rows = journal.execute("SELECT line FROM events ORDER BY session_id, seq")
        return [json.loads(line) for (line,) in rows]
    finally:
        journal.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Programs are started here, one after the other: a slow machine gets the time for it."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.timeout(180))


def kept(folder: Path, kind: str) -> bool:
    """Whether an event of this type is in the journal, which it reaches a moment after the screen."""
    return any(event["type"] == kind for event in stored(folder))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts ``agent-tui`` and waits for its prompt; all that were started are ended."""
    with ExitStack() as stack:

        def begin(
            *args: str,
            env: dict[str, str] | None = None,
            size: tuple[int, int] = (120, 40),
            config: str = "",
        ) -> Terminal:
            if config:
                file = tmp_path / ".home" / "config" / "config.toml"
                file.parent.mkdir(parents=True)
                file.write_text(config)
            environment = {"AGENT_TUI_DEMO_TPS": "0", **(env or {})}
            terminal = Terminal([agent_tui(), *args], cwd=tmp_path, env=environment, size=size)
            stack.enter_context(terminal)
            terminal.wait_for("❯")
            return terminal

        yield begin


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    """Writes a script of model outputs; the name of the model that plays it."""

    def write(*turns: object) -> str:
        (tmp_path / "script.json").write_text(json.dumps([[turn] for turn in turns]))
        return "script:script.json"

    return write
