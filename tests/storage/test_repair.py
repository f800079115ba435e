"""A journal that a killed program left behind is mended when it is opened."""

from __future__ import annotations

from pathlib import Path

from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.log import SessionLog
from agent_tui.storage.journal import Journal
from tests.fakes import stories


async def mended(tmp_path: Path, log: SessionLog) -> list[ev.Event]:
    """The events after a program that had written ``log`` was killed and another reopened it."""
    journal = await Journal.open(tmp_path / "journal.db")
    for seq, line in enumerate(await log.read_lines(0, 10_000), 1):
        journal.sink(log.session_id, seq, line)
    await journal.flush()
    stored = await journal.reopen(log.session_id)
    assert await journal.repair(log.session_id) == 0
    assert await journal.open_runs(log.session_id) == []
    events = [codec.decode(line) for line in await journal.read(log.session_id, 0, 10_000)]
    await journal.close()
    assert [event.seq for event in events] == list(range(1, stored.last_seq + 1))
    assert sorted(event.ts for event in events) == [event.ts for event in events]
    Fold().apply_all(events)
    return events


async def test_a_run_in_the_middle_of_everything(tmp_path: Path) -> None:
    log = SessionLog("s1")
    stories.begin(log)
    stories.start_run(log)
    stories.stream(log, "half an ans")
    log.append(ev.ToolStart, **stories.TOOL, call_id="c1", tool_name="shell", args={}, risk="high")
    log.append(ev.ToolOutput, **stories.TOOL, call_id="c1", stream="stdout", text="line 1\n")
    log.append(ev.ApprovalRequest, **stories.RUN, call_id="c2", tool_name="shell", args={}, risk="high")
    log.append(ev.PromptQueued, prompt_id="p1", text="next")
    log.append(ev.CancelCalled, **stories.RUN, by="user")
    before = log.last_seq
    added = (await mended(tmp_path, log))[before:]
    by_type = {event.type: event for event in added}
    assert len(by_type) == len(added) == 6
    assert isinstance(approval := by_type["approval_result"], ev.ApprovalResult)
    assert (approval.call_id, approval.decision) == ("c2", "cancelled")
    assert isinstance(tool := by_type["tool_cancelled"], ev.ToolCancelled)
    assert (tool.call_id, tool.partial, tool.span_id) == ("c1", "line 1\n", "tool_1")
    assert isinstance(llm := by_type["llm_done"], ev.LlmDone)
    assert (llm.finish_reason, llm.span_id) == ("cancelled", "llm_1")
    assert isinstance(cancelled := by_type["cancelled"], ev.Cancelled)
    assert cancelled.partial_text == "half an ans"
    assert isinstance(done := by_type["run_done"], ev.RunDone)
    assert (done.status, done.run_id) == ("interrupted", "run_1")
    assert "prompt_unqueued" in by_type
    assert added.index(cancelled) < added.index(done)


async def test_a_finished_session_is_left_as_it_is(tmp_path: Path) -> None:
    log = SessionLog("s1")
    stories.begin(log)
    stories.start_run(log)
    stories.stream(log, "x")
    stories.end_stream(log)
    stories.end_run(log)
    assert len(await mended(tmp_path, log)) == log.last_seq


async def test_only_the_last_run_can_be_open(tmp_path: Path) -> None:
    log = SessionLog("s1")
    stories.begin(log)
    stories.start_run(log)
    stories.end_run(log)
    stories.start_run(log)
    events = await mended(tmp_path, log)
    assert [event.type for event in events[-2:]] == ["run_start", "run_done"]


async def test_every_prefix_of_a_run_can_be_mended(tmp_path: Path) -> None:
    full = SessionLog("s1")
    stories.begin(full)
    full.append(ev.PromptQueued, prompt_id="p1", text="next")
    full.append(ev.PromptUnqueued, prompt_id="p1", reason="started")
    stories.start_run(full)
    stories.stream(full, "a", "b")
    stories.end_stream(full)
    stories.end_run(full)
    lines = await full.read_lines(0, 100)
    journal = await Journal.open(tmp_path / "journal.db")
    for length in range(len(lines) + 1):
        name = f"s{length}"
        for seq, line in enumerate(lines[:length], 1):
            journal.sink(name, seq, line.replace(b'"s1"', f'"{name}"'.encode()))
        await journal.repair(name)
        kinds = [codec.decode(line).type for line in await journal.read(name, 0, 100)]
        for start, end in (
            ("run_start", "run_done"),
            ("llm_start", "llm_done"),
            ("prompt_queued", "prompt_unqueued"),
        ):
            assert kinds.count(start) == kinds.count(end)
    await journal.close()
