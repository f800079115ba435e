"""A session of the screen is a regression test: it passes until what a tool reads changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.terminal import Terminal
from tests.fakes.surroundings import agent_tui

pytestmark = pytest.mark.slow


def verify(folder: Path, *args: str) -> tuple[int, str]:
    """``agent-tui verify`` on a terminal of its own; its exit code and what it shows."""
    with Terminal([agent_tui(), "verify", *args], cwd=folder, env={"AGENT_TUI_DEMO_TPS": "0"}) as terminal:
        code = terminal.wait_exit()
        return code, terminal.text()


def recorded(folder: Path) -> str:
    with Terminal([agent_tui(), "sessions", "list"], cwd=folder) as terminal:
        terminal.wait_exit()
        return terminal.text().split()[0]


def test_verify_fails_at_the_tool_whose_file_has_changed(start: Start, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("alpha\nbeta\n")
    screen = start("-m", "demo")
    screen.ask("read notes.txt", "beta")
    screen.type("\x04")
    assert screen.wait_exit() == 0
    session = recorded(tmp_path)

    code, shown = verify(tmp_path, session)
    assert (code, shown.strip()) == (0, "run 1  read notes.txt: same")

    notes.write_text("alpha\ngamma\n")
    code, shown = verify(tmp_path, session)
    assert code == 1
    assert "run 1  read notes.txt: different" in shown
    assert "! the first difference" in shown
    assert "tool read_file" in shown
    (changed, *_) = [line for line in shown.splitlines() if line.startswith("~ beta")]
    assert changed.endswith("│ gamma")

    code, shown = verify(tmp_path, session, "--replay-tools")
    assert (code, shown.strip()) == (0, "run 1  read notes.txt: same")
