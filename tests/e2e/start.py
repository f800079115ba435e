"""Starts an installed ``agent-tui`` in a pseudo-terminal, asks it something, and leaves.

python -m tests.e2e.start PROGRAM FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.terminal import Terminal


def main(program: str, folder: str) -> None:
    with Terminal([program], cwd=Path(folder), env={"AGENT_TUI_DEMO_TPS": "0"}) as terminal:
        terminal.wait_for("❯")
        terminal.ask("what is (19.5 + 2.3) * 4", "= 87.2")
        terminal.type("\x04")
        code = terminal.wait_exit()
    assert code == 0, f"exit code {code}"
    print("TUI started, answered and left")


if __name__ == "__main__":
    main(*sys.argv[1:])
