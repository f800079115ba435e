"""Shared fixtures. No test reads this person's configuration, keys or journal."""

from __future__ import annotations

import gc
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

_PRIVATE = ("GEMINI_", "GOOGLE_", "OPENAI_", "AGENT_TUI_")


def pytest_configure() -> None:
    _mean_signals()
    # How long one example takes is the machine's business.
    settings.register_profile(
        "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("any machine")


def _mean_signals() -> None:
    """Signals mean what they mean in a terminal, also where a shell runs the tests behind (``&``)."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGHUP", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no collection of a test needs to look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _clean_environment(tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(_PRIVATE) or name == "NO_COLOR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AGENT_TUI_HOME", str(tmp_path / "home"))
