"""``agent-tui serve`` as a process, which can be killed and started again at the same port."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2


class Program:
    """The server, once it says where it listens.

    Args:
        folder: Its working folder, with its journal in it.
        options: Of the command line.
        env: Added to a bare environment.
    """

    def __init__(self, folder: Path, *options: str, model: str = "demo", port: int = 0, **env: str) -> None:
        argv = [sys.executable, "-m", "agent_tui", "serve", "--port", str(port), "-m", model, *options]
        home = {
            "AGENT_TUI_HOME": str(folder / "home"),
            "AGENT_TUI_DEMO_TPS": "0",
            "PATH": os.environ["PATH"],
        }
        self.process = subprocess.Popen(
            argv,
            cwd=folder,
            env=home | {"PYTHONPATH": str(Path(__file__).parents[2])} | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.errors = ""
        for line in self.process.stderr:
            self.errors += line
            if found := re.search(r"listening on (http://\S+)", line):
                self.url = found[1]
                return
        raise AssertionError(self.errors)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """``kill -9``: the end without a word."""
        self.process.kill()
        self.process.communicate(timeout=20)

    def end(self) -> tuple[int, str, str]:
        out, errors = self.process.communicate(timeout=20)
        return self.process.returncode, out, self.errors + errors


@contextmanager
def program(folder: Path, *options: str, **given: Any) -> Iterator[Program]:
    running = Program(folder, *options, **given)
    try:
        yield running
    finally:
        running.kill()


def call(running: Program, method: str, path: str, **more: Any) -> httpx2.Response:
    with httpx2.Client(base_url=running.url, trust_env=False, timeout=20) as client:
        return client.request(method, path, **more)


def start_run(running: Program) -> str:
    """A new session with a run in it."""
    session_id = call(running, "POST", "/sessions").json()["id"]
    answer = call(running, "POST", f"/sessions/{session_id}/runs", json={"input": "go"})
    assert answer.status_code == 202, answer.text
    return str(session_id)


def script(folder: Path, *turns: object) -> str:
    """The name of a model that plays ``turns``."""
    (folder / "script.json").write_text(json.dumps(turns))
    return "script:script.json"
