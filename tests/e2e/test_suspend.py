"""The real program under a shell with job control: Ctrl+Z gives the shell back, fg the whole screen."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.e2e.terminal import ENTER, Terminal
from tests.fakes.surroundings import agent_tui

pytestmark = pytest.mark.slow


def test_ctrl_z_suspends_and_fg_draws_everything_again(tmp_path: Path) -> None:
    with Terminal(["bash", "--norc", "--noprofile", "-i"], cwd=tmp_path) as terminal:
        terminal.type(f"{shlex.quote(agent_tui())} -p 'what is 6*7'{ENTER}")
        terminal.wait_for(lambda: "= 42" in terminal.text() and "○ ready" in terminal.text())
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        terminal.screen.reset()
        terminal.type(f"fg{ENTER}")
        terminal.wait_for(lambda: "= 42" in terminal.text() and "○ ready" in terminal.text())
        terminal.wait_for("enter send")


def test_ctrl_z_without_a_shell_stops_nothing(tmp_path: Path) -> None:
    with Terminal([agent_tui()], cwd=tmp_path) as terminal:
        terminal.wait_for("○ ready")
        terminal.type("\x1a")
        terminal.wait_for("no shell to suspend to")
