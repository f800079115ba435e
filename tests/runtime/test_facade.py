"""The façade's contract, with real tools and a journal: in this process, and over HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agent_tui.config.load import load
from agent_tui.errors import ConflictError, NotFoundError, UsageError
from agent_tui.events import types as ev
from agent_tui.runtime.build import build_runtime
from agent_tui.runtime.local import LocalRuntime
from agent_tui.runtime.runtime import Runtime
from tests.fakes.invariants import check_stream

if TYPE_CHECKING:
    from tests.fakes.http_server import HttpServer


class Shell:
    """A runtime whose model plays the turns of a script, and one open session.

    Attributes:
        core: The runtime in this process; ``runtime`` itself, or what it reaches over HTTP.
    """

    def __init__(self, folder: Path, *, http: bool = False) -> None:
        self.folder = folder
        self.runtime: Runtime
        self.core: LocalRuntime
        self.id = ""
        self._http = http
        self._server: HttpServer | None = None

    async def open(self, *turns: Sequence[object], session: str | None = None, **build: bool) -> None:
        if turns:
            (self.folder / "script.json").write_text(json.dumps(turns))
        flags = {"model.name": "script:script.json", "retry.first_delay_s": 0.0}
        loaded = load(self.folder, {"AGENT_TUI_HOME": str(self.folder / "home")}, flags)
        self.runtime = self.core = await build_runtime(loaded, **build)
        if self._http:
            from agent_tui.server.client import HttpRuntime
            from tests.fakes.http_server import HttpServer

            self._server = await HttpServer(self.core).start()
            self.runtime = HttpRuntime(self._server.url)
        self.info = await self.runtime.open_session(session)
        self.id = self.info.id

    async def close(self) -> None:
        """Ends the program that holds the sessions."""
        await self.runtime.aclose()
        if self._server is not None:
            await self._server.stop()
            self._server = None
        await self.core.aclose()

    async def until(self, condition: Callable[[ev.Event], bool]) -> list[ev.Event]:
        """All events up to the first that ``condition`` holds for."""
        events: list[ev.Event] = []
        async for batch in self.runtime.follow(self.id):
            for event in batch:
                events.append(event)
                if condition(event):
                    return events
        raise AssertionError("the log ended")

    async def run(self, text: str = "go") -> list[ev.Event]:
        await self.runtime.submit(self.id, text)
        return await self.done()

    async def done(self) -> list[ev.Event]:
        events = await self.until(lambda event: event.type == "run_done")
        check_stream(events)
        return events


@pytest.fixture(params=["here", "http"])
async def shell(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shell]:
    if request.param == "http":
        pytest.importorskip("fastapi")
    shell = Shell(tmp_path, http=request.param == "http")
    yield shell
    await shell.close()


def call(name: str, **args: object) -> str:
    return json.dumps({"type": "tool", "tool_name": name, "args": args})


def final(text: str) -> str:
    return json.dumps({"type": "final", "final": text})


def types(events: Sequence[ev.Event]) -> list[str]:
    return [event.type for event in events]


async def test_a_prompt_becomes_an_answer(shell: Shell) -> None:
    await shell.open([final("hello")])
    events = await shell.run("hi")
    assert types(events)[:2] == ["session_start", "run_start"]
    assert isinstance(events[-1], ev.RunDone) and events[-1].status == "completed"


async def test_everything_is_in_the_journal(shell: Shell) -> None:
    await shell.open([call("calc", expression="2+2")], [final("4")])
    events = await shell.run()
    await shell.close()
    await shell.open(session=shell.id)
    stored = await shell.until(lambda event: event.seq == events[-1].seq)
    assert stored == events


async def test_a_reopened_session_goes_on_where_it_was(shell: Shell) -> None:
    await shell.open([final("one")])
    await shell.run("first")
    await shell.close()
    await shell.open([final("two")], session=shell.id[:6])
    await shell.runtime.submit(shell.id, "second")
    events = await shell.until(lambda event: isinstance(event, ev.Final) and event.answer.answer == "two")
    start = [event for event in events if isinstance(event, ev.LlmStart)][-1]
    assert start.message_count == 4  # system, first, one, second


async def test_an_approval_is_answered_by_id(shell: Shell) -> None:
    await shell.open([call("write_file", path="a.txt", content="x")], [final("written")])
    await shell.runtime.submit(shell.id, "write")
    events = await shell.until(lambda event: event.type == "approval_request")
    call_id = events[-1].call_id
    assert await shell.runtime.answer(shell.id, call_id, "allow")
    assert not await shell.runtime.answer(shell.id, call_id, "deny")
    await shell.done()
    assert (shell.folder / "a.txt").read_text() == "x"


async def test_a_denial_reaches_the_model_with_the_reason(shell: Shell) -> None:
    await shell.open([call("write_file", path="a.txt", content="x")], [final("then not")])
    await shell.runtime.submit(shell.id, "write")
    events = await shell.until(lambda event: event.type == "approval_request")
    await shell.runtime.answer(shell.id, events[-1].call_id, "deny", feedback="wrong folder")
    events = await shell.done()
    (observation,) = [event for event in events if isinstance(event, ev.ReactObservation)]
    assert "wrong folder" in observation.content
    assert not (shell.folder / "a.txt").exists()
    assert "tool_start" not in types(events)


async def test_allowed_for_the_session_asks_once(shell: Shell) -> None:
    turn = [call("write_file", path="a.txt", content="x")]
    await shell.open(turn, turn, [final("done")])
    await shell.runtime.submit(shell.id, "write twice")
    events = await shell.until(lambda event: event.type == "approval_request")
    await shell.runtime.answer(shell.id, events[-1].call_id, "allow_session")
    events = await shell.done()
    assert types(events).count("approval_request") == 1
    assert types(events).count("tool_end") == 2


async def test_allowed_for_the_session_settles_what_waits_beside_it(shell: Shell) -> None:
    calls = [{"type": "tool", "tool_name": "write_file", "args": {"path": p, "content": p}} for p in "ab"]
    calls.append({"type": "tool", "tool_name": "shell", "args": {"command": "true"}})
    await shell.open([json.dumps(calls)], [final("done")])
    await shell.runtime.submit(shell.id, "write two")
    asked: list[ev.ApprovalRequest] = []

    def all_asked(event: ev.Event) -> bool:
        if isinstance(event, ev.ApprovalRequest):
            asked.append(event)
        return len(asked) == 3

    await shell.until(all_asked)
    written = [event.call_id for event in asked if event.tool_name == "write_file"]
    await shell.runtime.answer(shell.id, written[0], "allow_session")
    (command,) = [event.call_id for event in asked if event.tool_name == "shell"]
    await shell.runtime.answer(shell.id, command, "deny")
    events = await shell.done()
    decisions = {event.call_id: event.decision for event in events if isinstance(event, ev.ApprovalResult)}
    assert decisions == {written[0]: "allow_session", written[1]: "allow", command: "deny"}
    assert (shell.folder / "b").read_text() == "b"


async def test_cancel_while_waiting_for_approval(shell: Shell) -> None:
    await shell.open([call("shell", command="true")])
    await shell.runtime.submit(shell.id, "run")
    await shell.until(lambda event: event.type == "approval_request")
    assert await shell.runtime.cancel(shell.id)
    events = await shell.done()
    results = [event.decision for event in events if isinstance(event, ev.ApprovalResult)]
    assert results == ["cancelled"]


async def test_a_cancel_that_comes_late_does_not_stop_the_next_run(shell: Shell) -> None:
    await shell.open([final("one")], [call("shell", command="true")])
    await shell.runtime.submit(shell.id, "first")
    first = (await shell.done())[-1].run_id
    second = (await shell.runtime.submit(shell.id, "second")).run_id
    await shell.until(lambda event: event.type == "approval_request")
    assert not await shell.runtime.cancel(shell.id, run_id=first)
    assert await shell.runtime.cancel(shell.id, run_id=second)


@pytest.mark.parametrize(
    ("build", "status"), [({"headless": True}, "tool_denied"), ({"approve_all": True}, "")]
)
async def test_nobody_there_to_ask(shell: Shell, build: dict[str, bool], status: str) -> None:
    await shell.open([call("write_file", path="a.txt", content="x")], [final("ok")], **build)
    events = await shell.run()
    assert ("tool_end" in types(events)) == (not status)
    assert (shell.folder / "a.txt").exists() == (not status)


async def test_a_persons_own_command_joins_the_history(shell: Shell) -> None:
    await shell.open([final("I saw it")])
    await shell.runtime.run_shell(shell.id, "echo from-the-shell")
    events = await shell.done()
    assert "approval_request" not in types(events)
    await shell.runtime.submit(shell.id, "what did it say?")
    events = await shell.until(lambda event: event.type == "llm_start")
    assert events[-1].message_count == 3


async def test_a_persons_own_tool_call_is_governed(shell: Shell) -> None:
    await shell.open()
    await shell.runtime.call_tool(shell.id, "calc", {"expression": "6*7"})
    events = await shell.done()
    (end,) = [event for event in events if isinstance(event, ev.ToolEnd)]
    assert "42" in str(end.result)


async def test_a_cancelled_command_leaves_no_process(shell: Shell) -> None:
    await shell.open()
    await shell.runtime.run_shell(shell.id, "echo started; sleep 60")
    await shell.until(lambda event: event.type == "tool_output")
    assert await shell.runtime.cancel(shell.id)
    events = await shell.done()
    (stopped,) = [event for event in events if isinstance(event, ev.ToolCancelled)]
    assert "started" in stopped.partial


async def test_leaving_with_a_run_in_flight_ends_it_in_the_journal(shell: Shell) -> None:
    await shell.open()
    await shell.runtime.run_shell(shell.id, "echo started; sleep 60")
    await shell.until(lambda event: event.type == "tool_output")
    await shell.close()
    await shell.open(session=shell.id)
    events = await shell.done()
    assert events[-1].status == "cancelled"


async def test_misuse_is_refused_in_words(shell: Shell) -> None:
    await shell.open([final("x")])
    with pytest.raises(NotFoundError):
        await shell.runtime.submit("nowhere", "hi")
    with pytest.raises(UsageError):
        await shell.runtime.submit(shell.id, "  ")
    with pytest.raises(UsageError):
        await shell.runtime.set_model(shell.id, "nonsense:")
    await shell.runtime.run_shell(shell.id, "sleep 60")
    with pytest.raises(ConflictError):
        await shell.runtime.submit(shell.id, "now", queue=False)


async def test_title_model_and_clear_are_events(shell: Shell) -> None:
    await shell.open()
    await shell.runtime.set_title(shell.id, "a title")
    await shell.runtime.set_model(shell.id, "demo")
    await shell.runtime.clear(shell.id)
    events = await shell.until(lambda event: isinstance(event, ev.SessionUpdate) and bool(event.cleared))
    changed = [event for event in events if isinstance(event, ev.SessionUpdate)]
    assert [(event.title, event.model, event.cleared) for event in changed] == [
        ("a title", None, None),
        (None, "demo", None),
        (None, None, True),
    ]


async def test_two_followers_see_the_same(shell: Shell) -> None:
    await shell.open([final("hello")])
    one, two = (asyncio.create_task(shell.until(lambda event: event.type == "run_done")) for _ in range(2))
    await shell.run()
    assert await one == await two


async def test_what_can_be_listed(shell: Shell) -> None:
    await shell.open()
    tools = {tool.name: tool for tool in await shell.runtime.tools(shell.id)}
    assert (tools["calc"].decision, tools["shell"].decision) == ("allow", "ask")
    assert {"demo"} <= {model.name for model in await shell.runtime.models()}
    assert shell.info.notices == ()


async def test_a_session_that_is_not_stored_yet_tells_when_it_began(shell: Shell) -> None:
    await shell.open([final("x")])
    again = await shell.runtime.open_session(shell.id)
    assert again.created == again.updated == shell.info.created != ""


async def test_a_session_is_opened_once_whatever_it_is_called(shell: Shell) -> None:
    await shell.open([final("x")])
    await shell.run()
    again = await asyncio.gather(*(shell.runtime.open_session(shell.id[:9]) for _ in range(3)))
    assert {info.id for info in again} == {shell.id}
    (listed,) = await shell.runtime.sessions()
    assert shell.info.created == listed.created  # told at once, and the same by whatever way one asks
    for info in again:
        assert (info.runs, info.tokens, info.created) == (1, listed.tokens, listed.created)
        assert (info.updated, info.last_seq) == (listed.updated, listed.last_seq)
    await shell.runtime.run_shell(shell.id, "true")
    await shell.until(lambda event: isinstance(event, ev.RunDone) and event.seq > again[0].last_seq)


async def test_nothing_is_opened_while_the_runtime_closes(shell: Shell) -> None:
    await shell.open([final("x")])
    opening = asyncio.create_task(shell.runtime.open_session())
    await asyncio.sleep(0)
    await shell.runtime.aclose()
    with pytest.raises(ConflictError):
        await opening
    with pytest.raises(ConflictError):
        await shell.runtime.open_session()


async def test_text_without_a_utf_8_form_is_mended(shell: Shell) -> None:
    await shell.open([call("calc", expression="\ud800")], [final("ok")])
    await shell.runtime.set_title(shell.id, "a\udcffb")
    events = await shell.run("look at \udc80.txt")
    assert [event.title for event in events if isinstance(event, ev.SessionUpdate)] == ["a\ufffdb"]
    assert [event.input for event in events if isinstance(event, ev.RunStart)] == ["look at \ufffd.txt"]
    assert events[-1].status == "completed"


async def test_a_steer_that_nobody_would_hear_is_refused(shell: Shell) -> None:
    await shell.open()
    await shell.runtime.run_shell(shell.id, "sleep 60")
    assert not await shell.runtime.steer(shell.id, "faster")


async def test_a_session_whose_folder_is_gone_says_so(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    await shell.open()
    session = await shell.core.open_session(cwd=folder)
    await shell.close()
    folder.rmdir()
    await shell.open(session=session.id)
    assert any("is gone" in notice for notice in shell.info.notices)
    await shell.runtime.run_shell(shell.id, "true")
    (error,) = [event.error for event in await shell.done() if isinstance(event, ev.ToolFailed)]
    assert "is gone" in error.message


async def test_trust_covers_tools_that_came_later_and_tells_what_is_wrong_with_them(shell: Shell) -> None:
    await shell.open()
    await shell.runtime.trust(shell.id)
    tools = shell.folder / ".agent-tui" / "tools"
    tools.mkdir(parents=True)
    (tools / "good.py").write_text(
        "from agent_tui.tools import tool\n@tool\ndef shout(text: str) -> str:\n"
        '    "Shouts."\n    return text.upper()\n'
    )
    (tools / "bad.py").write_text("1/0\n")
    assert "shout" not in {tool.name for tool in await shell.runtime.tools(shell.id)}
    await shell.runtime.trust(shell.id)
    assert "shout" in {tool.name for tool in await shell.runtime.tools(shell.id)}
    events = await shell.until(lambda event: isinstance(event, ev.Notice) and "is trusted" in event.text)
    told = [event.text for event in events if isinstance(event, ev.Notice)]
    assert "nothing to trust" in told[0]
    assert any("bad.py" in text and "ZeroDivisionError" in text for text in told)
