"""What works beside the screen and is stopped before it began leaves nothing behind."""

from __future__ import annotations

import gc

from textual.app import App

from agent_tui.tui.working import work_anew, work_on
from tests.fakes.still import still


async def test_only_the_last_of_several_that_come_at_once_begins() -> None:
    app = App[None]()
    began: list[int] = []

    async def work(number: int) -> None:
        began.append(number)

    async with app.run_test():
        for number in range(4):
            work_anew(app, "list", work, number)
        await still(app)
        assert began == [3]
        work_on(app, "list", work, 4)
        work_on(app, "list", work, number=5)
        await still(app)
        assert began == [3, 4, 5]
    gc.collect()  # a coroutine that never began is found here, and told of as a warning: an error in tests
