"""Garbage is collected soon after what has made it, and little by little."""

from __future__ import annotations

import gc
import weakref

from textual.app import App

from agent_tui.tui.rest import OLDER_EVERY, Rest
from tests.fakes.shell import until


class Circle:
    """Only a pass of the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


async def test_garbage_of_every_age_is_found_while_the_screen_rests() -> None:
    app = App[int]()
    async with app.run_test() as pilot:
        rest = Rest(app.screen)
        gc.collect()
        gc.disable()
        try:
            young = weakref.ref(Circle())
            older = Circle()
            kept = weakref.ref(older)
            rest.soon()
            rest.soon()
            await until(pilot, lambda: young() is None)
            del older  # it has outlived a pass: only one over older objects finds it
            assert kept() is not None
            for _ in range(OLDER_EVERY + 1):
                before = gc.get_stats()[0]["collections"] + gc.get_stats()[1]["collections"]
                rest.soon()
                await until(
                    pilot,
                    lambda before=before: (  # type: ignore[misc]
                        gc.get_stats()[0]["collections"] + gc.get_stats()[1]["collections"] > before
                    ),
                )
            assert kept() is None
        finally:
            gc.enable()
