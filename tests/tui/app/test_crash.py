"""Errors that nobody expected: the screen goes, the cause is kept, one line is said."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from agent_tui.tui.run import _record
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
        async with asyncio.timeout(10):
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


def test_the_cause_goes_to_the_log_file() -> None:
    path = _record(ZeroDivisionError("deep inside"))
    assert path is not None
    record = json.loads(path.read_text())
    assert "deep inside" in record["exception"]
    assert record["level"] == "error"


def test_a_log_file_that_cannot_be_written_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AGENT_TUI_HOME", str(tmp_path / "file"))
    assert _record(ZeroDivisionError()) is None
