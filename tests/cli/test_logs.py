"""The log file."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_tui import logs
from agent_tui.secretshapes import Finder


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(False)


def test_lines_are_json_and_carry_the_run(tmp_path: Path) -> None:
    file = tmp_path / "state" / "agent-tui.log"
    logs.to_file(file, {})
    token = logs.request_id.set("run_1")
    logging.getLogger("agent_tui.x").warning("two\nlines")
    logs.request_id.reset(token)
    try:
        int("odd")
    except ValueError:
        logging.getLogger("agent_tui.x").exception("failed")
    first, second = [json.loads(line) for line in file.read_text().splitlines()]
    assert (first["message"], first["request_id"], first["level"]) == ("two\nlines", "run_1", "warning")
    assert "ValueError: invalid literal" in second["traceback"]
    assert "request_id" not in second


@pytest.mark.parametrize(
    "text",
    [
        "https://x/v1?key=AIzaSyA1234567890abcdefghijk&alt=sse",
        "Authorization: Bearer sk-abcdefghijklmnopqrstuv",
        "x-goog-api-key: whatever-this-is",
        "sk-proj-abcdefghijklmnop1234",
        "POST http://me:whatever@127.0.0.1/v1",
    ],
)
def test_keys_are_masked(text: str) -> None:
    masked = logs.mask(text, Finder({}))
    assert "[hidden]" in masked
    for secret in ("AIzaSy", "sk-abc", "whatever", "sk-proj"):
        assert secret not in masked


def test_what_the_environment_holds_is_masked_whatever_it_looks_like(tmp_path: Path) -> None:
    environ = {
        "PGPASSWORD": "correct horse",
        "DATABASE_URL": "db://me:plainwords@host/x",
        "HOME": "/home/me",
    }
    logs.to_file(tmp_path / "log", environ)
    error = PermissionError("no entry for correct horse of plainwords")
    logging.getLogger("agent_tui.x").error("refused: %s in /home/me", error, exc_info=error)
    written = (tmp_path / "log").read_text()
    assert "correct horse" not in written and "plainwords" not in written
    assert "refused: no entry for [hidden] of [hidden] in /home/me" in written


def test_a_log_that_cannot_be_written_disturbs_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    logs.to_file(tmp_path / "file" / "agent-tui.log", {})
    logging.getLogger("agent_tui.x").error("lost")


def test_a_log_that_has_grown_is_moved_aside(tmp_path: Path) -> None:
    file = tmp_path / "agent-tui.log"
    file.write_bytes(b"x" * (logs.MAX_BYTES + 1))
    logs.to_file(file, {})
    logging.getLogger("agent_tui.x").error("fresh")
    assert "fresh" in file.read_text()
    assert (tmp_path / "agent-tui.log.1").stat().st_size > logs.MAX_BYTES


def test_where_the_log_is_written_is_known(tmp_path: Path) -> None:
    logs.to_file(tmp_path / "log", {})
    logging.getLogger("agent_tui").error("it broke", exc_info=ZeroDivisionError("deep inside"))
    assert logs.written_to() == tmp_path / "log"
    assert "deep inside" in (tmp_path / "log").read_text()
    (tmp_path / "file").write_text("")
    logs.to_file(tmp_path / "file" / "log", {})
    logging.getLogger("agent_tui").error("again")
    assert logs.written_to() is None
