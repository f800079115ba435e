"""Sessions as a collection, through the façade: listed, searched, read, forked, deleted, renamed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from agent_tui.config.load import load
from agent_tui.errors import ConflictError, NotFoundError, UsageError
from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.view import NoticeBlock
from agent_tui.runtime.build import build_runtime
from agent_tui.runtime.local import LocalRuntime
from tests.fakes.invariants import check_stream


async def a_runtime(folder: Path, *answers: str) -> LocalRuntime:
    turns = [[json.dumps({"type": "final", "final": answer})] for answer in answers]
    (folder / "script.json").write_text(json.dumps(turns))
    loaded = load(folder, {"AGENT_TUI_HOME": str(folder / "home")}, {"model.name": "script:script.json"})
    return await build_runtime(loaded)


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[LocalRuntime]:
    made = await a_runtime(tmp_path, "the answer is zwölf", "eight")
    yield made
    await made.aclose()


async def say(runtime: LocalRuntime, text: str, session_id: str | None = None) -> str:
    """One whole run, in a new session unless one is given; the session's id."""
    session_id = session_id or (await runtime.open_session()).id
    submitted = await runtime.submit(session_id, text)
    async for batch in runtime.follow(session_id):
        if any(isinstance(event, ev.RunDone) and event.run_id == submitted.run_id for event in batch):
            return session_id
    raise AssertionError("the log ended")


async def all_events(runtime: LocalRuntime, session_id: str) -> Sequence[ev.Event]:
    return await runtime.events(session_id)


async def test_sessions_are_listed_with_what_they_cost(runtime: LocalRuntime) -> None:
    await runtime.open_session()  # nothing is ever said in it
    first, second = await say(runtime, "how many?"), await say(runtime, "and now?")
    newest, oldest = await runtime.sessions()
    assert (newest.id, newest.title, newest.state) == (second, "and now?", "idle")
    assert (oldest.id, oldest.runs, oldest.created <= oldest.updated) == (first, 1, True)
    await runtime.close_session(first)
    assert (await runtime.sessions())[1].state == "closed"
    assert await runtime.sessions(cwd=Path("/nowhere")) == []


async def test_a_search_finds_answers_and_says_where(runtime: LocalRuntime) -> None:
    wanted = await say(runtime, "how many?")
    await say(runtime, "and then?")
    (found,) = await runtime.sessions(query="answ zwolf")
    assert (found.id, found.snippet) == (wanted, "the \x01answ\x02er is zwölf")


async def test_events_of_a_stored_session_need_no_opening(runtime: LocalRuntime, tmp_path: Path) -> None:
    session_id = await say(runtime, "how many?")
    live = await all_events(runtime, session_id)
    await runtime.close_session(session_id)
    with pytest.raises(NotFoundError, match="not open"):
        await runtime.submit(session_id, "more")
    assert await all_events(runtime, session_id) == live
    assert await runtime.events(session_id[:9], after=2, limit=1) == [live[2]]


async def test_a_fork_is_a_session_of_its_own(runtime: LocalRuntime) -> None:
    source = await say(runtime, "how many?")
    before = await all_events(runtime, source)
    fork = await runtime.fork(source)
    events = await all_events(runtime, fork.id)
    check_stream(events)
    assert isinstance(events[0], ev.SessionStart) and events[0].forked_from == f"{source}:{len(before)}"
    assert [event.type for event in events[1 : len(before)]] == [event.type for event in before[1:]]
    assert {event.session_id for event in events} == {fork.id}
    assert fork.title == "how many? (fork)"
    await say(runtime, "more", fork.id)
    assert await all_events(runtime, source) == before
    starts = [event for event in await all_events(runtime, fork.id) if isinstance(event, ev.LlmStart)]
    assert starts[-1].message_count == 4  # the system prompt, the question, its answer, the new one


def notices(events: Sequence[ev.Event]) -> list[str]:
    """What the conversation says about itself."""
    blocks = Fold().apply_all(events).view.blocks
    return [block.text for block in blocks if isinstance(block, NoticeBlock)]


async def test_a_fork_in_the_middle_ends_what_was_open(runtime: LocalRuntime) -> None:
    source = await say(runtime, "how many?")
    middle = next(event.seq for event in await all_events(runtime, source) if event.type == "llm_delta")
    events = await all_events(runtime, (await runtime.fork(source, middle)).id)
    check_stream(events)
    done = next(event for event in events if isinstance(event, ev.RunDone))
    assert done.status == "interrupted"
    assert notices(events) == ["interrupted: the fork was taken during this run"]
    again = await runtime.fork(events[0].session_id)
    assert notices(await all_events(runtime, again.id)) == ["interrupted: this run did not come to its end"]
    with pytest.raises(UsageError, match="no event 9999"):
        await runtime.fork(source, 9999)


async def test_a_delete_can_be_undone_until_the_end(runtime: LocalRuntime, tmp_path: Path) -> None:
    session_id = await say(runtime, "how many?")
    await runtime.delete(session_id)
    assert await runtime.sessions() == await runtime.sessions(query="zwölf") == []
    with pytest.raises(NotFoundError):
        await runtime.events(session_id)
    await runtime.restore(session_id)
    assert [info.id for info in await runtime.sessions(query="zwölf")] == [session_id]
    await runtime.open_session(session_id)
    await runtime.delete(session_id)
    with pytest.raises(NotFoundError):
        await runtime.restore("another")
    await runtime.aclose()
    stored = b"".join(
        path.read_bytes() for path in (tmp_path / "home" / "data").iterdir() if path.is_file()
    )
    assert "zwölf".encode() not in stored


async def test_what_another_process_has_open_is_not_deleted(runtime: LocalRuntime, tmp_path: Path) -> None:
    session_id = await say(runtime, "how many?")
    await runtime.sessions()  # now it is on disk
    other = await a_runtime(tmp_path)
    with pytest.raises(ConflictError, match="open in another"):
        await other.delete(session_id)
    await other.aclose()


async def test_a_stored_session_is_renamed(runtime: LocalRuntime) -> None:
    session_id = await say(runtime, "how many?")
    await runtime.close_session(session_id)
    await runtime.set_title(session_id, "numbers")
    assert [info.title for info in await runtime.sessions()] == ["numbers"]
    assert (await runtime.open_session(session_id)).title == "numbers"
