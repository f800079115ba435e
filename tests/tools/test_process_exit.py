"""What happens to tools when the program itself goes away, and what importing them costs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent_tui.tools.tree import processes

LEAN = """
import sys
from agent_tui.tools.builtin import builtin_tools
from agent_tui.tools.registry import ToolRegistry, declarations
import agent_tui.tools.runner, agent_tui.tools.discover
assert len(declarations(ToolRegistry(builtin_tools()))) == 11
heavy = {"httpx2", "tenacity", "textual", "google.genai", "openai", "tomlkit", "rich"} & sys.modules.keys()
assert not heavy, heavy
"""

LEAVE = """
import asyncio, sys, threading
from pathlib import Path
from agent_tui.tools import tool
from agent_tui.tools.builtin import builtin_tools
from tests.tools.kit import Bench

@tool
def stuck() -> None:
    print("stuck", flush=True)
    threading.Event().wait()

async def main():
    bench = Bench([*builtin_tools(), stuck], Path(sys.argv[1]))
    task = asyncio.create_task(bench.run(sys.argv[2], **({"command": sys.argv[3]} if sys.argv[3:] else {})))
    wanted = "tool_output" if sys.argv[3:] else "tool_start"
    async for event in bench.log.follow():
        if event.type == wanted:
            break

asyncio.run(main())  # leaving cancels what runs
"""


def run(code: str, *args: str) -> None:
    """Runs a program to its end, which must come: what holds it up here does so for ever."""
    root = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", code, *args], check=True, cwd=root, timeout=40)


def test_importing_the_tools_loads_nothing_heavy() -> None:
    run(LEAN)


def test_a_stuck_thread_does_not_hold_the_exit(tmp_path: Path) -> None:
    run(LEAVE, str(tmp_path), "stuck")


@pytest.mark.slow
def test_a_tree_that_ignores_term_does_not_outlive_the_program(tmp_path: Path) -> None:
    command = "trap '' TERM; echo $$ > pid; echo go; while :; do sleep 0.1; done"
    run(LEAVE, str(tmp_path), "shell", command)
    pid = int((tmp_path / "pid").read_text())
    assert pid != os.getpid()
    assert all(process.pid != pid for process in processes())
