"""What an import must not bring along. Each check starts a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

CASES = {
    "agent_tui": {"pydantic", "textual", "fastapi", "typer", "rich", "asyncio"},
    "agent_tui.runtime": {"textual", "fastapi", "typer", "google.genai", "openai", "httpx2"},
    "agent_tui.runtime.build": {"textual", "fastapi", "typer", "google.genai", "openai", "httpx2"},
    "agent_tui.cli.main": {"textual", "fastapi", "pydantic", "typer", "google.genai", "sqlite3"},
    # What events are is not needed for the first paint, and takes as long as a fifth of it to load.
    "agent_tui.tui.app": {
        *("google.genai", "openai", "httpx2", "typer", "sqlite3", "tenacity", "fastapi"),
        *("pydantic", "agent_tui.events.types", "agent_tui.tui.pump"),
    },
    "agent_tui.server.client": {"textual", "fastapi", "uvicorn", "starlette", "typer", "httpx2", "sqlite3"},
    "agent_tui.headless.run": {"textual", "fastapi", "google.genai"},
}


@pytest.mark.parametrize(("module", "unwanted"), CASES.items(), ids=CASES)
def test_import_stays_lean(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert unwanted & set(done.stdout.split()) == set()
