"""Two runtimes on one journal: the second reads along, and takes over when the first is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent_tui.errors import ConflictError, NotFoundError
from agent_tui.events import types as ev
from agent_tui.runtime.local import LocalRuntime
from tests.fakes.invariants import check_stream
from tests.runtime.test_library import a_runtime, say


@pytest.fixture
async def first(tmp_path: Path) -> AsyncIterator[LocalRuntime]:
    runtime = await a_runtime(tmp_path, "one", "two")
    yield runtime
    await runtime.aclose()


@pytest.fixture
async def second(tmp_path: Path) -> AsyncIterator[LocalRuntime]:
    runtime = await a_runtime(tmp_path, "one", "two")
    yield runtime
    await runtime.aclose()


async def until(runtime: LocalRuntime, session_id: str, answer: str) -> list[ev.Event]:
    events: list[ev.Event] = []
    async for batch in runtime.follow(session_id):
        events += batch
        if any(isinstance(event, ev.Final) and event.answer.answer == answer for event in batch):
            return events
    raise AssertionError("the log ended")


async def test_the_second_follows_live_and_changes_nothing(
    first: LocalRuntime, second: LocalRuntime
) -> None:
    session_id = await say(first, "first")
    await first.sessions()  # now it is on disk
    info = await second.open_session(session_id)
    assert info.read_only and info.title == "first"
    assert (await second.open_session(session_id)).read_only
    assert await second.tools(session_id)
    for change in (
        second.submit(session_id, "mine"),
        second.set_title(session_id, "mine"),
        second.clear(session_id),
        second.cancel(session_id),
        second.delete(session_id),
    ):
        with pytest.raises(ConflictError, match="another agent-tui"):
            await change
    await say(first, "second", session_id)
    seen = await until(second, session_id, "two")
    assert seen == list(await first.events(session_id))[: len(seen)]


async def test_it_goes_on_where_the_first_has_let_go(first: LocalRuntime, second: LocalRuntime) -> None:
    session_id = await say(first, "first")
    await first.sessions()
    assert (await second.open_session(session_id)).read_only
    await first.close_session(session_id)
    events: list[ev.Event] = []
    async for batch in second.follow(session_id):
        events += batch
        if any(event.type == "notice" for event in batch):
            await second.submit(session_id, "second")
        if sum(event.type == "run_done" for event in events) == 2:
            break
    check_stream(events)
    assert [event.input for event in events if isinstance(event, ev.RunStart)] == ["first", "second"]
    assert not (await second.open_session(session_id)).read_only
    assert (await first.open_session(session_id)).read_only


async def test_closing_ends_those_who_read_along(first: LocalRuntime, second: LocalRuntime) -> None:
    session_id = await say(first, "first")
    await first.sessions()
    await second.open_session(session_id)
    following = second.follow(session_id)
    await anext(following)
    await second.close_session(session_id)
    assert [batch async for batch in following] == []


async def test_who_reads_along_is_told_that_the_other_deleted_it(
    first: LocalRuntime, second: LocalRuntime
) -> None:
    session_id = await say(first, "first")
    await first.sessions()
    await second.open_session(session_id)
    following = second.follow(session_id)
    await anext(following)
    await first.close_session(session_id)
    await first.delete(session_id)
    await first.aclose()
    with pytest.raises(NotFoundError, match="deleted in the other agent-tui"):
        async for _ in following:
            pass
