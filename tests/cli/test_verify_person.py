"""What the person did in a recording is done again: decisions, steers, cancels, their own commands."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent_tui.cli.main import main
from agent_tui.config.load import load
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.runtime.build import build_runtime
from agent_tui.runtime.local import LocalRuntime

Capture = pytest.CaptureFixture[str]
Record = Callable[..., None]
Scene = Callable[["Stage"], Awaitable[None]]
FAST = {"AGENT_TUI_DEMO_TPS": "0"}
FILE = "recorded.jsonl"


class Stage:
    """A session that a test drives as a person would."""

    def __init__(self, runtime: LocalRuntime, session: str) -> None:
        self.runtime, self.id = runtime, session

    async def until(self, kind: type[ev.EventBase], count: int = 1) -> Any:
        """The ``count``-th event of a kind."""
        async for batch in self.runtime.follow(self.id):
            for event in batch:
                if isinstance(event, kind):
                    count -= 1
                    if not count:
                        return event
        raise AssertionError("the session ended")


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """Plays a scene with a scripted model and leaves the recording in a file, the script gone."""
    monkeypatch.chdir(tmp_path)

    def go(scene: Scene, *turns: Sequence[object], **flags: Any) -> None:
        async def played() -> list[ev.Event]:
            (tmp_path / "script.json").write_text(json.dumps(turns))
            loaded = load(tmp_path, {"AGENT_TUI_HOME": str(tmp_path / "home"), **FAST}, flags)
            runtime = await build_runtime(loaded)
            try:
                stage = Stage(runtime, (await runtime.open_session(model="script:script.json")).id)
                await scene(stage)
                return list(await runtime.events(stage.id))
            finally:
                await runtime.aclose()

        write(tmp_path / FILE, asyncio.run(played()))
        (tmp_path / "script.json").unlink()

    return go


def write(path: Path, events: Sequence[ev.Event]) -> None:
    path.write_bytes(b"".join(codec.encode(event) + b"\n" for event in events))


def tool(name: str, **args: object) -> str:
    return json.dumps({"type": "tool", "tool_name": name, "args": args})


def verified(capsys: Capture, *options: str) -> str:
    """The output of a verify that finds everything the same."""
    code = main(["verify", FILE, *options])
    out, err = capsys.readouterr()
    assert code == 0, out + err
    return out


BOTH = pytest.mark.parametrize("options", [(), ("--replay-tools",)], ids=["real", "played"])


@BOTH
def test_decisions(
    record: Record,
    capsys: Capture,
    options: tuple[str, ...],
    tmp_path: Path,
) -> None:
    async def scene(stage: Stage) -> None:
        await stage.runtime.submit(stage.id, "go")
        asked = await stage.until(ev.ApprovalRequest)
        await stage.runtime.answer(stage.id, asked.call_id, "deny", feedback="not here")
        asked = await stage.until(ev.ApprovalRequest, 2)
        await stage.runtime.answer(stage.id, asked.call_id, "allow")
        await stage.until(ev.RunDone)

    commands = [[tool("shell", command="touch no")], [tool("shell", command="touch yes")]]
    record(scene, *commands, [{"answer": "done"}])
    (tmp_path / "yes").unlink()
    verified(capsys, *options)
    assert (tmp_path / "yes").exists() == (not options)
    assert not (tmp_path / "no").exists()


@BOTH
def test_a_grant_for_the_session_and_what_ran_unasked(
    record: Record, capsys: Capture, options: tuple[str, ...]
) -> None:
    async def scene(stage: Stage) -> None:
        await stage.runtime.submit(stage.id, "go")
        asked = await stage.until(ev.ApprovalRequest)
        await stage.runtime.answer(stage.id, asked.call_id, "allow_session")
        await stage.until(ev.RunDone)
        await stage.runtime.submit(stage.id, "again")
        await stage.until(ev.RunDone, 2)

    again = [tool("shell", command="echo hi")]
    record(scene, again, again, [{"answer": "a"}], again, [{"answer": "b"}])
    verified(capsys, *options)
    code = main(["verify", f"{FILE}:2", *options])  # the grant of the first run is not there
    assert code == 0, capsys.readouterr().out


def test_a_steer_comes_when_it_came(record: Record, capsys: Capture) -> None:
    async def scene(stage: Stage) -> None:
        await stage.runtime.submit(stage.id, "go")
        await stage.until(ev.ToolStart)
        await stage.runtime.steer(stage.id, "be quick")
        await stage.until(ev.RunDone)

    record(scene, [tool("sleep", seconds=0.1)], [tool("calc", expression="1+1")], [{"answer": "done"}])
    verified(capsys)


@BOTH
def test_their_own_commands_models_and_clearing(
    record: Record, capsys: Capture, options: tuple[str, ...]
) -> None:
    async def scene(stage: Stage) -> None:
        runtime = stage.runtime
        await runtime.run_shell(stage.id, "echo mine")
        await stage.until(ev.RunDone)
        await runtime.call_tool(stage.id, "calc", {"expression": "6*7"})
        await stage.until(ev.RunDone, 2)
        await runtime.submit(stage.id, "go")
        await stage.until(ev.RunDone, 3)
        await runtime.clear(stage.id)
        await runtime.set_model(stage.id, "demo")
        await runtime.submit(stage.id, "what is 6 * 7")
        await runtime.submit(stage.id, "what is 6 * 8")
        await stage.until(ev.RunDone, 5)

    record(scene, [{"answer": "x"}])
    assert verified(capsys, *options).count(": same") == 5


@BOTH
@pytest.mark.parametrize("killed", [False, True], ids=["cancelled", "killed"])
def test_a_cancelled_tool(
    record: Record,
    capsys: Capture,
    options: tuple[str, ...],
    killed: bool,
    tmp_path: Path,
) -> None:
    async def scene(stage: Stage) -> None:
        await stage.runtime.submit(stage.id, "go")
        await stage.until(ev.ToolStart, 2)
        await stage.runtime.cancel(stage.id)
        await stage.runtime.submit(stage.id, "and now")
        await stage.until(ev.RunDone, 2)

    record(scene, [tool("calc", expression="1+1")], [tool("sleep", seconds=30)], [{"answer": "x"}])
    if killed:
        as_if_killed(tmp_path / FILE)
    out = verified(capsys, *options)
    assert ("interrupted" if killed else "cancelled") in out


@BOTH
def test_a_cancelled_answer(record: Record, capsys: Capture, options: tuple[str, ...]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.runtime.submit(stage.id, "go")
        await stage.until(ev.LlmDelta, 4)
        await stage.runtime.cancel(stage.id)
        await stage.runtime.submit(stage.id, "and now")
        await stage.until(ev.RunDone, 2)

    half = '{"type":"final","final":"half an \\"answer\\" '
    record(scene, [{"thought": "hm"}, half, "is", " said", {"hang": True}], [{"answer": "x"}])
    assert "run 2  and now: same\n" in verified(capsys, *options)


def test_a_cancel_in_an_open_question(record: Record, capsys: Capture) -> None:
    async def scene(stage: Stage) -> None:
        await stage.runtime.submit(stage.id, "go")
        await stage.until(ev.ApprovalRequest)
        await stage.runtime.cancel(stage.id)

    record(scene, [tool("shell", command="true")])
    verified(capsys)


def test_a_time_limit_is_a_difference(record: Record, capsys: Capture) -> None:
    async def scene(stage: Stage) -> None:
        await stage.runtime.submit(stage.id, "go")
        await stage.until(ev.RunDone)

    record(scene, [tool("sleep", seconds=0.2)], [{"answer": "x"}])
    assert main(["verify", FILE, "--timeout", "0.05"]) == 1
    said = capsys.readouterr().out
    assert "sleep" in said and "it was stopped here, after 0.05 s; give --timeout more" in said


def test_a_recording_that_was_exported_in_the_middle_of_a_run(
    record: Record, capsys: Capture, tmp_path: Path
) -> None:
    async def scene(stage: Stage) -> None:
        await stage.runtime.submit(stage.id, "go")
        await stage.until(ev.RunDone)

    record(scene, [tool("calc", expression="1+1")], [{"answer": "a long answer"}])
    lines = (tmp_path / FILE).read_bytes().splitlines(keepends=True)
    for left in (6, 9, len(lines) - 4):
        (tmp_path / FILE).write_bytes(b"".join(lines[:left]))
        assert "interrupted" in verified(capsys)


def test_an_interrupt_stops_at_once(record: Record, capsys: Capture, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        for number in (1, 2):
            await stage.runtime.run_shell(stage.id, "cat wait")
            await stage.until(ev.RunDone, number)

    (tmp_path / "wait").write_text("")
    record(scene)
    (tmp_path / "wait").unlink()
    os.mkfifo(tmp_path / "wait")
    stopped = threading.Event()
    opened = threading.Thread(target=interrupt_when_read, args=(tmp_path / "wait", stopped), daemon=True)
    opened.start()
    assert main(["verify", FILE]) == 130
    stopped.set()
    opened.join()
    said = capsys.readouterr().out
    assert "it was stopped here, by a signal" in said and "1 more run was not run again" in said


def interrupt_when_read(fifo: Path, stopped: threading.Event) -> None:
    with fifo.open("w"):  # returns once somebody reads
        os.kill(os.getpid(), signal.SIGINT)
        stopped.wait(30)  # as long as this is open, the reader does not end by itself


def as_if_killed(path: Path) -> None:
    """The first run of a recording as it would be if its program had been killed in place of a cancel."""
    events = [codec.decode(line) for line in path.read_bytes().splitlines()]
    kept: list[ev.Event] = []
    for event in events:
        if isinstance(event, ev.CancelCalled | ev.Cancelled):
            continue
        if isinstance(event, ev.RunDone) and event.status == "cancelled":
            event = event.model_copy(update={"status": "interrupted"})
        kept.append(event.model_copy(update={"seq": len(kept) + 1}))
    write(path, kept)
