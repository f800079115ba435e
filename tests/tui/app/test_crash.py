"""Errors that nobody expected: the screen goes, the cause is kept, one line is said."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.fakes.shell import make_shell, ready, send, until


async def test_a_frame_that_cannot_be_drawn_ends_the_program_with_its_cause() -> None:
    app, _ = make_shell()

    def broken(indices: Any) -> None:
        raise ZeroDivisionError("no such block")

    async with app.run_test() as pilot:
        await ready(pilot)
        assert app.main.conversation is not None
        app.main.conversation.update_blocks = broken  # type: ignore[method-assign]
        await send(pilot, "hello")
        async with asyncio.timeout(20):
            while app.failure is None:
                await asyncio.sleep(0.005)
    assert isinstance(app.failure, ZeroDivisionError)
    assert app.return_code == 1


async def test_a_handler_that_breaks_prints_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    app, _ = make_shell()

    def broken() -> None:
        secret = "hunter2"
        raise ZeroDivisionError(len(secret))

    with pytest.raises(ZeroDivisionError):
        async with app.run_test() as pilot:
            await ready(pilot)
            app.main.call_later(broken)
            await until(pilot, lambda: app.failure is not None)
    assert isinstance(app.failure, ZeroDivisionError)
    printed = capsys.readouterr()
    assert "hunter2" not in printed.out + printed.err
