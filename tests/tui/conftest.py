"""Screens in tests: waited for by what is to be done, and the same pictures on every machine."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import textual.app
import textual.pilot
import textual.screen
from textual.app import App
from textual.pilot import Pilot

from tests.fakes.still import loop_at_rest, still

FRAME_S = 1 / 500
"""How long a screen waits with what it has to paint; at 60 frames a second most of a test is this wait."""


@pytest.fixture(autouse=True)
def _short_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textual.screen, "UPDATE_PERIOD", FRAME_S)


@pytest.fixture(autouse=True)
def _rest_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textual.app, "wait_for_idle", loop_at_rest)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", loop_at_rest)


@pytest.fixture(autouse=True)
def _fixed_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day on the screen do not depend on where the tests run."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def snap_compare(snap_compare: Callable[..., bool]) -> Callable[..., bool]:
    """Takes every picture once the screen is at rest."""

    def compare(
        app: App[Any], *, run_before: Callable[[Pilot[Any]], Awaitable[None]] | None = None, **how: Any
    ) -> bool:
        async def before(pilot: Pilot[Any]) -> None:
            if run_before is not None:
                await run_before(pilot)
            await still(pilot.app)
            pilot.app.screen.refresh()
            await still(pilot.app)

        return snap_compare(app, run_before=before, **how)

    return compare
