"""Which session ``-c`` goes on with, and what never becomes one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent_tui.cli.main import main
from agent_tui.cli.start import find_session, load_settings
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.paths import user_paths
from agent_tui.storage.index import StoredSession
from agent_tui.storage.journal import Journal
from tests.fakes import stories

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AGENT_TUI_DEMO_TPS", "2000")
    return folder


def stored() -> Sequence[StoredSession]:
    async def read() -> Sequence[StoredSession]:
        journal = Journal(user_paths().journal)
        try:
            return await journal.sessions()
        finally:
            await journal.close()

    return asyncio.run(read())


def newest() -> str | None:
    return find_session(load_settings(), prefix=None, newest=True)


@pytest.mark.parametrize(
    ("model", "code"), [("openai:x", "model_auth"), ("script:none.jsonl", "not_found"), ("nosuch", "usage")]
)
def test_a_run_whose_model_cannot_be_asked_is_not_stored(capsys: Capture, model: str, code: str) -> None:
    assert main(["run", "what is 1 + 1"]) == 0
    (before,) = stored()
    capsys.readouterr()
    assert main(["-m", model, "run", "second"]) == 2
    assert main(["-c", "-m", model, "run", "third"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"error[{code}]"] * 2
    assert list(stored()) == [before]
    assert main(["-c", "run", "what is 2 + 3"]) == 0
    (after,) = stored()
    assert (after.id, after.runs) == (before.id, 2)


async def _store(*names: str) -> None:
    """A session in which a model was asked, and one each whose model could not be, in that order."""
    journal = await Journal.open(user_paths().journal)
    for name in names:
        log = SessionLog(name, sink=journal.sink)
        stories.begin(log, str(Path.cwd()))
        stories.start_run(log, name)
        if name.startswith("asked"):
            stories.stream(log, "y")
            stories.end_stream(log)
        else:
            log.append(ev.RunError, **stories.RUN, error=ev.ErrorInfo(code="model_auth", message="no key"))
        stories.end_run(log)
    await journal.close()


def test_sessions_that_no_model_heard_of_are_passed_over_while_there_is_another() -> None:
    asyncio.run(_store("unheard1"))
    assert newest() == "unheard1"
    asyncio.run(_store("asked", "unheard2"))
    assert newest() == "asked"


def test_a_tool_called_by_hand_is_named_and_passed_over(capsys: Capture) -> None:
    assert main(["run", "what is 1 + 1"]) == 0
    talked = newest()
    assert main(["tools", "call", "calc", "--args", json.dumps({"expression": "6*7"})]) == 0
    assert main(["tools", "call", "current_time"]) == 0
    assert [session.title for session in stored()] == [
        "current_time",
        'calc {"expression": "6*7"}',
        "what is 1 + 1",
    ]
    assert newest() == talked
