"""Shared fixtures. No test reads this person's configuration, keys or journal."""

from __future__ import annotations

import os

import pytest

_PRIVATE = ("GEMINI_", "GOOGLE_", "OPENAI_", "AGENT_TUI_")


@pytest.fixture(autouse=True)
def _clean_environment(tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(_PRIVATE) or name == "NO_COLOR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AGENT_TUI_HOME", str(tmp_path / "home"))
