"""A session that a killed program left in the middle of a run goes on exactly where it was."""

from __future__ import annotations

from pathlib import Path

from agent_tui.agent.history import History
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.runtime.recall import Recall
from agent_tui.storage.journal import Journal
from tests.fakes import stories
from tests.runtime.test_library import a_runtime, say


async def killed_in_the_middle(path: Path) -> list[bytes]:
    """A journal as ``kill -9`` leaves it, while an answer streamed; the lines in it."""
    lines: list[bytes] = []
    journal = await Journal.open(path)
    log = SessionLog("s1", sink=journal.sink)
    log.observe(lambda event: lines.append(codec.encode(event)))
    stories.begin(log, str(path.parent))
    stories.start_run(log, "tell me")
    step = {**stories.RUN, "span_id": "step_1", "parent_id": "run_1"}
    log.append(ev.ReactStepStart, **step, step=1, max_steps=3)
    log.append(ev.LlmStart, **{**stories.LLM, "span_id": "llm_0"}, model="demo", attempt=1, message_count=2)
    usage = ev.Usage()
    log.append(
        ev.LlmDone,
        **{**stories.LLM, "span_id": "llm_0"},
        finish_reason="stop",
        usage=usage,
        duration_ms=1.0,
    )
    call = ev.ModelCall(call_id="c1", name="calc", args={"expression": "6*7"})
    log.append(ev.ReactModelRaw, **stories.RUN, raw="", calls=(call,))
    log.append(ev.ToolStart, **stories.TOOL, call_id="c1", tool_name="calc", args={}, risk="low")
    log.append(ev.ToolEnd, **stories.TOOL, call_id="c1", result="42", duration_ms=1.0)
    log.append(ev.ReactObservation, **stories.TOOL, call_id="c1", content="forty-two")
    stories.stream(log, "The answer ", "is for")
    await journal.close()
    return lines


async def test_everything_is_there_and_the_model_is_told(tmp_path: Path) -> None:
    data = tmp_path / "home" / "data"
    lines = await killed_in_the_middle(data / "journal.db")
    runtime = await a_runtime(tmp_path, "again")
    info = await runtime.open_session("s1")
    assert (info.last_seq, info.runs, info.title) == (len(lines) + 2, 1, "tell me")
    await say(runtime, "go on", "s1")
    events = await runtime.events("s1")
    assert [codec.encode(event) for event in events[: len(lines)]] == lines
    done = events[len(lines) + 1]
    assert isinstance(done, ev.RunDone) and done.status == "interrupted"
    at = next(event.seq for event in events if isinstance(event, ev.RunStart) and event.input == "go on")
    journal = Journal(data / "journal.db")
    history = await Recall(journal, "s1", at).history()
    told = [message.text for message in history.messages()]
    assert told[0] == "tell me" and "The answer is for" in told[-2] and told[-1] == "go on"
    assert any("forty-two" in str(message.parts) for message in history.messages())
    assert history.messages() == History().apply_all(events[:at]).messages()
    await journal.close()
    await runtime.aclose()


async def test_an_answer_whose_end_was_the_last_that_was_written_is_told_too(tmp_path: Path) -> None:
    data = tmp_path / "home" / "data"
    journal = await Journal.open(data / "journal.db")
    log = SessionLog("s1", sink=journal.sink)
    stories.begin(log, str(tmp_path))
    stories.start_run(log, "tell me")
    log.append(ev.LlmStart, **stories.LLM, model="demo", attempt=1, message_count=2)
    log.append(ev.LlmDelta, **stories.LLM, text="The answer is 42.", channel="answer")
    log.append(ev.LlmDone, **stories.LLM, finish_reason="stop", usage=ev.Usage(), duration_ms=1.0)
    await journal.close()  # killed before react_model_raw, which otherwise tells it
    runtime = await a_runtime(tmp_path, "again")
    await runtime.open_session("s1")
    events = await runtime.events("s1")
    journal = Journal(data / "journal.db")
    history = await Recall(journal, "s1", events[-1].seq).history()
    assert "The answer is 42." in history.messages()[-1].text
    assert history.messages() == History().apply_all(events).messages()
    await journal.close()
    await runtime.aclose()
