"""The client against the real server: connections that break, servers that go and come back."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from agent_tui.config.load import load
from agent_tui.errors import ConfigError, ConflictError, NotFoundError
from agent_tui.events import types as ev
from agent_tui.runtime.build import build_runtime
from agent_tui.runtime.local import LocalRuntime
from agent_tui.runtime.runtime import HISTORY_CHANGED, RemoteRuntime
from agent_tui.server.client import HttpRuntime, connect
from agent_tui.server.settings import ServeSettings, Token
from agent_tui.server.wire import ConnectionFailed, ServerRefused
from tests.fakes.http_server import HttpServer

COUNTING = "for i in $(seq 60); do echo $i; sleep 0.01; done"


class Place:
    """A folder with a journal, a core over it, and a server that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.env = {"AGENT_TUI_HOME": str(self.home), "AGENT_TUI_DEMO_TPS": "0"}
        self.folder = folder
        self.core: LocalRuntime
        self.server: HttpServer
        self.port = 0

    async def start(self, settings: ServeSettings | None = None) -> None:
        await self.build()
        await self.serve(settings)

    async def build(self) -> None:
        self.core = await build_runtime(load(self.folder, self.env, {"model.name": "demo"}))

    async def serve(self, settings: ServeSettings | None = None) -> None:
        self.server = await HttpServer(self.core, settings, port=self.port).start()
        self.port = self.server.port

    async def stop(self) -> None:
        await self.server.stop()
        await self.core.aclose()

    def client(self) -> HttpRuntime:
        return HttpRuntime(self.server.url)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    await place.start()
    yield place
    await place.stop()


async def collect(runtime: HttpRuntime, session: str, until: Callable[[ev.Event], bool]) -> list[ev.Event]:
    events: list[ev.Event] = []
    async for batch in runtime.follow(session):
        events.extend(batch)
        reached = [until(event) for event in batch]
        if any(reached):
            break
    return events


def done(event: ev.Event) -> bool:
    return event.type == "run_done"


def runs_done(count: int) -> Callable[[ev.Event], bool]:
    """Whether so many runs have ended, for whoever asks with each event once."""
    ended = 0

    def enough(event: ev.Event) -> bool:
        nonlocal ended
        ended += done(event)
        return ended >= count

    return enough


async def test_cut_connections_lose_and_double_nothing(place: Place) -> None:
    async with connect(place.server.url) as runtime:
        assert isinstance(runtime, RemoteRuntime)
        session = await runtime.open_session()
        await place.core.run_shell(session.id, COUNTING)
        events: list[ev.Event] = []
        cuts = 0
        async for batch in runtime.follow(session.id):
            events.extend(batch)
            if any(event.seq % 7 == 0 for event in batch):
                cuts += 1
                place.server.cut()
            if any(done(event) for event in batch):
                if cuts > 3:
                    break
                await place.core.run_shell(session.id, COUNTING)  # too much came at once to cut it often
        assert events == await place.core.events(session.id)


async def test_a_restarted_server_is_found_again_and_its_absence_told(place: Place) -> None:
    async with connect(place.server.url) as runtime:
        told: list[bool] = []
        gone, back = asyncio.Event(), asyncio.Event()

        def tell(there: bool) -> None:
            told.append(there)
            (back if there else gone).set()

        runtime.watch_connection(tell)
        session = await runtime.open_session()
        await runtime.submit(session.id, "what is 6*7")
        following = asyncio.create_task(collect(runtime, session.id, runs_done(2)))
        await place.server.stop()
        await gone.wait()
        with pytest.raises(ConnectionFailed, match="cannot be reached"):
            await runtime.submit(session.id, "nobody hears this")
        with pytest.raises(ConnectionFailed, match="nothing was cancelled; cancel again when"):
            await runtime.cancel(session.id)
        await place.serve()
        await back.wait()
        assert told == [False, True]
        await runtime.submit(session.id, "what is 5*5")
        events = await following
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert events == (await place.core.events(session.id))[: len(events)]


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_server_that_lost_its_last_moments_is_noticed(place: Place, goes_on: bool) -> None:
    async with connect(place.server.url) as runtime:
        session = await runtime.open_session()
        await runtime.submit(session.id, "what is 6*7")
        await collect(runtime, session.id, done)
        await place.stop()
        before = shutil.copytree(place.home, place.folder / "before")
        await place.start()
        await runtime.submit(session.id, "what is 5*5")
        ready, enough, last = asyncio.Event(), runs_done(2), 0

        async def follow() -> None:
            nonlocal last
            async for batch in runtime.follow(session.id):
                last = batch[-1].seq
                for event in batch:
                    if enough(event):
                        ready.set()

        following = asyncio.create_task(follow())
        await ready.wait()
        await place.stop()
        shutil.rmtree(place.home)
        shutil.move(before, place.home)
        await place.build()
        if goes_on:  # past what the client has seen, before it comes back
            info = await place.core.open_session(session.id)
            for _ in range(last + 10 - info.last_seq):
                await place.core.set_title(session.id, "another history")
        await place.serve()
        with pytest.raises(ConflictError) as caught:
            await following
        assert caught.value.code == HISTORY_CHANGED


async def test_letting_go_cancels_nothing(place: Place) -> None:
    async with connect(place.server.url) as runtime:
        session = await runtime.open_session()
        following = asyncio.create_task(collect(runtime, session.id, done))
        await runtime.run_shell(session.id, "until [ -e go ]; do sleep 0.01; done; echo still-here")
        while not await runtime.events(session.id, 1):
            pass
    assert following in (await asyncio.wait([following], timeout=20))[0]
    assert not any(done(event) for event in await following)
    (place.folder / "go").touch()
    async with connect(place.server.url) as runtime:
        events = await collect(runtime, session.id, done)
    assert isinstance(events[-1], ev.RunDone)
    assert events[-1].status == "completed"
    with pytest.raises(ConflictError):
        await runtime.open_session()


async def test_the_first_answer_counts_and_says_whose_it_is(place: Place) -> None:
    async with connect(place.server.url, name="ann") as ann, connect(place.server.url, name="ben") as ben:
        session = await ann.open_session()
        await ann.call_tool(session.id, "write_file", {"path": "a.txt", "content": "x"})
        events = await collect(ben, session.id, lambda event: event.type == "approval_request")
        (call,) = [event.call_id for event in events if isinstance(event, ev.ApprovalRequest)]
        answers = await asyncio.gather(
            ben.answer(session.id, call, "allow"), ann.answer(session.id, call, "deny")
        )
        assert sorted(answers) == [False, True]
        seen = [await collect(runtime, session.id, done) for runtime in (ann, ben)]
        assert seen[0] == seen[1]
        (result,) = [event for event in seen[0] if isinstance(event, ev.ApprovalResult)]
        assert (result.by, result.decision) == (("ben", "allow") if answers[0] else ("ann", "deny"))


async def followed(runtime: HttpRuntime, session: str) -> asyncio.Task[list[ev.Event]]:
    """A task that follows for as long as it can, once its stream is there."""
    there = asyncio.Event()

    def note(_: ev.Event) -> bool:
        there.set()
        return False

    task = asyncio.create_task(collect(runtime, session, note))
    await there.wait()
    return task


@pytest.mark.parametrize("name", ["../x", "a/state", "..", ""])
async def test_a_name_that_would_be_another_path_is_no_session(place: Place, name: str) -> None:
    async with connect(place.server.url) as runtime:
        with pytest.raises(NotFoundError, match="there is no session"):
            await runtime.open_session(name)


async def test_closing_and_deleting_end_the_stream(place: Place) -> None:
    async with connect(place.server.url) as runtime, connect(place.server.url) as other:
        session = await runtime.open_session()
        await runtime.submit(session.id, "what is 6*7")
        events = await collect(runtime, session.id, done)
        following = await followed(runtime, session.id)
        await runtime.close_session(session.id)
        assert await following == events
        watching = await followed(other, session.id)
        await runtime.delete(session.id)
        with pytest.raises(NotFoundError):
            await watching
        with pytest.raises(NotFoundError):
            await runtime.open_session(session.id)
        await runtime.restore(session.id)
        assert (await runtime.open_session(session.id)).last_seq >= len(events)


async def test_sessions_forks_and_pages(place: Place) -> None:
    async with connect(place.server.url) as runtime:
        session = await runtime.open_session()
        await runtime.submit(session.id, "what is 6*7")
        events = await collect(runtime, session.id, done)
        assert [info.id for info in await runtime.sessions(cwd=place.folder)] == [session.id]
        assert await runtime.sessions(cwd=Path("/elsewhere")) == []
        (found,) = await runtime.sessions(query="6*7")
        assert found.snippet
        fork = await runtime.fork(session.id, 2)
        assert fork.id != session.id
        read: list[ev.Event] = []
        while page := await runtime.events(session.id, len(read), 3):
            read += page
        assert read[: len(events)] == events
        await runtime.set_title(session.id, "later")
        assert (await runtime.events(session.id, len(read), 3))[-1].type == "session_update"


async def test_tokens(tmp_path: Path) -> None:
    place = Place(tmp_path)
    await place.start(ServeSettings(tokens=(Token.of("secret"),), access_log=False))
    try:
        async with connect(place.server.url) as nobody, connect(place.server.url, "secret") as owner:
            assert await nobody.version()
            with pytest.raises(ConfigError, match="AGENT_TUI_TOKEN") as caught:
                await nobody.open_session()
            assert caught.value.code == "unauthorized"
            with pytest.raises(ConfigError):
                await collect(nobody, "any", done)
            assert (await owner.open_session()).id
    finally:
        await place.stop()


async def test_a_stream_that_has_come_of_age_goes_on_unnoticed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    await place.start(ServeSettings(stream_age_s=0.1, ping_s=0.03, access_log=False))
    try:
        async with connect(place.server.url) as runtime:
            told: list[bool] = []
            runtime.watch_connection(told.append)
            session = await runtime.open_session()
            following = asyncio.create_task(collect(runtime, session.id, done))
            await runtime.run_shell(session.id, COUNTING)
            events = await following
            assert events == await place.core.events(session.id)
            assert told == []
    finally:
        await place.stop()


async def test_what_is_no_server_of_ours() -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
        writer.close()

    other = await asyncio.start_server(hello, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    async with other, connect(f"127.0.0.1:{port}") as runtime:
        with pytest.raises(ServerRefused, match="no agent-tui server"):
            await runtime.version()
        with pytest.raises(ServerRefused, match="another version"):
            await runtime.open_session()


async def test_a_cancel_into_a_silent_line_is_told_soon() -> None:
    """Such as a tunnel that takes everything, and brings nothing back."""
    streaming = asyncio.Event()
    left: list[asyncio.StreamWriter] = []

    async def begin_and_fall_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
            streaming.set()
        left.append(writer)

    async with (
        await asyncio.start_server(begin_and_fall_silent, "127.0.0.1", 0) as server,
        connect(f"127.0.0.1:{server.sockets[0].getsockname()[1]}") as runtime,
    ):
        following = asyncio.create_task(collect(runtime, "s1", done))
        await streaming.wait()
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionFailed, match="whether the run was stopped is not known"):
                await runtime.cancel("s1")
        following.cancel()
        await asyncio.wait([following])
        for writer in left:  # from 3.12 on, the server waits for its connections
            writer.close()
            await writer.wait_closed()


async def test_nobody_there() -> None:
    with socket.socket() as taken:  # so that nobody else listens there
        taken.bind(("127.0.0.1", 0))
        async with connect(f"127.0.0.1:{taken.getsockname()[1]}") as runtime:
            with pytest.raises(ConnectionFailed):
                await runtime.version()
