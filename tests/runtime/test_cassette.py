"""A recorded session plays again: both protocols, real tools or recorded ones, and what does not match."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent_tui.config.load import load
from agent_tui.events import types as ev
from agent_tui.events.compare import compare_runs
from agent_tui.events.facts import runs_of
from agent_tui.runtime.build import build_runtime
from agent_tui.runtime.local import LocalRuntime
from agent_tui.runtime.rerun import Recording
from tests.fakes.gemini_server import gemini_server
from tests.fakes.invariants import check_stream
from tests.fakes.wire_server import Call, End, Fail, Say, Think

Events = list[ev.Event]
Do = Callable[..., Awaitable[Events]]


@pytest.fixture
async def do(tmp_path: Path) -> AsyncIterator[Do]:
    """Runs prompts in a new session of ``tmp_path`` and gives all its events."""
    made: list[LocalRuntime] = []

    async def run(
        *prompts: str,
        model: str = "script:script.json",
        recording: Recording | None = None,
        folder: Path = tmp_path,
        env: dict[str, str] | None = None,
        **flags: Any,
    ) -> Events:
        settings = {"model.name": model, "retry.first_delay_s": 0.0, **flags}
        environ = {"AGENT_TUI_HOME": str(tmp_path / "home"), "AGENT_TUI_DEMO_TPS": "0", **(env or {})}
        loaded = load(folder, environ, settings)
        runtime = await build_runtime(loaded, approve_all=True, recording=recording)
        made.append(runtime)
        session = await runtime.open_session()
        for prompt in prompts:
            submitted = await runtime.submit(session.id, prompt)
            await until_done(runtime, session.id, submitted.run_id)
        events = list(await runtime.events(session.id))
        check_stream(events)
        return events

    yield run
    for runtime in made:
        await runtime.aclose()


async def until_done(runtime: LocalRuntime, session: str, run_id: str | None) -> None:
    async for batch in runtime.follow(session):
        if any(isinstance(event, ev.RunDone) and event.run_id == run_id for event in batch):
            return


def script(folder: Path, *turns: Sequence[object]) -> None:
    (folder / "script.json").write_text(json.dumps(turns))


def tool(name: str, **args: object) -> str:
    return json.dumps({"type": "tool", "tool_name": name, "args": args})


def same(a: Events, b: Events) -> bool:
    return all(compare_runs(x, y).same for x, y in zip(runs_of(a), runs_of(b), strict=True))


def error_of(events: Events) -> ev.ErrorInfo:
    (error,) = [event.error for event in events if isinstance(event, ev.RunError)]
    return error


async def test_a_session_plays_again_with_its_tools(do: Do, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    answer = {"answer": 'two lines: "é", \\ and 😀\nend'}
    calls = f"[{tool('read_file', path='a.txt')}, {tool('calc', expression='6*7')}]"
    script(tmp_path, [{"thought": "hm"}, calls], [answer], [answer])
    recorded = await do("read it", "again")
    (tmp_path / "script.json").unlink()
    assert same(recorded, await do("read it", "again", recording=Recording(recorded)))


async def test_deltas_come_in_the_recorded_pieces(do: Do, tmp_path: Path) -> None:
    script(tmp_path, [{"thought": "a"}, {"thought": "b"}, {"answer": 'say "é" \\ and 😀\n done'}])
    recorded = await do("hi")
    again = await do("hi", recording=Recording(recorded))
    told = [(e.text, e.channel) for e in recorded if isinstance(e, ev.LlmDelta)]
    assert [(e.text, e.channel) for e in again if isinstance(e, ev.LlmDelta)] == told
    assert len(told) > 3


async def test_tools_really_run_unless_they_are_played(do: Do, tmp_path: Path) -> None:
    note = tmp_path / "a.txt"
    note.write_text("before")
    script(tmp_path, [tool("read_file", path="a.txt")], [{"answer": "read"}])
    recorded = await do("read it")
    note.write_text("after")
    assert same(recorded, await do("read it", recording=Recording(recorded, tools=True)))
    error = error_of(await do("read it", recording=Recording(recorded)))
    assert error.code == "cassette_mismatch"
    assert "model call 2" in error.message
    assert "after" in error.message and "before" in error.message


async def test_another_prompt_does_not_match(do: Do, tmp_path: Path) -> None:
    script(tmp_path, [{"answer": "x"}])
    recorded = await do("say hello to ada")
    error = error_of(await do("say hello to bob", recording=Recording(recorded)))
    assert error.message == (
        "model call 1 does not match the recording: "
        "message 1 (user) says 'say hello to bob', and said 'say hello to ada'"
    )


async def test_one_call_too_many(do: Do, tmp_path: Path) -> None:
    script(tmp_path, [{"answer": "x"}])
    recorded = await do("hi")
    events = await do("hi", "more", recording=Recording(recorded))
    assert "the recording has 1 model calls" in error_of(events).message


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"tools.disabled": ["calc"]}, "the tools differ: missing calc"),
        ({"model.temperature": 0.5}, "the option temperature is 0.5, and was 'not given'"),
        ({"agent.instructions": "be brief"}, "the system prompt differs"),
    ],
)
async def test_another_configuration_is_named(
    do: Do, tmp_path: Path, flags: dict[str, Any], said: str
) -> None:
    script(tmp_path, [{"answer": "x"}])
    recorded = await do("hi")
    assert said in error_of(await do("hi", recording=Recording(recorded), **flags)).message


async def test_another_folder_and_an_older_recording_match(do: Do, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    for folder in (tmp_path, other):
        (folder / "a.txt").write_text("same")
    script(tmp_path, [tool("shell", command="pwd")], [tool("read_file", path="a.txt")], [{"answer": "x"}])
    recorded = await do("where")
    assert same(recorded, await do("where", recording=Recording(recorded), folder=other))
    older = [e.model_copy(update={"request_hash": None}) if e.type == "llm_start" else e for e in recorded]
    assert same(older, await do("where", recording=Recording(older), folder=other))


async def test_failures_and_retries(do: Do, tmp_path: Path) -> None:
    busy = {"error": "busy", "status": 503}
    script(tmp_path, ["par", busy], [{"answer": "x"}], [{"error": "no", "status": 400}])
    recorded = await do("hi", "again")
    assert [event.type for event in recorded].count("llm_start") == 3
    again = await do("hi", "again", recording=Recording(recorded))
    assert same(recorded, again)
    assert [event.type for event in again].count("llm_start") == 2
    assert error_of(again) == error_of(recorded)


async def test_denied_calls_play_again(do: Do, tmp_path: Path) -> None:
    script(
        tmp_path,
        [tool("shell", command="true")],
        [tool("nothing_like_it")],
        [tool("read_file", path="gone.txt")],
        [{"answer": "x"}],
    )
    recorded = await do("hi", **{"tools.deny": ["shell"]})
    assert same(recorded, await do("hi", recording=Recording(recorded, tools=True)))


async def test_gemini_plays_again_with_its_signatures(do: Do, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    replies = [
        [Think("look"), Say("I look. "), Call("read_file", {"path": "a.txt"}, "c2ln"), End()],
        [Fail(503)],
        [Say("It says "), Say("one."), End()],
    ]
    with gemini_server(*replies) as server:
        env = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": server.origin}
        recorded = await do("read it", model="gemini:gemini-2.5-flash", env=env)
    assert [event.type for event in recorded].count("llm_start") == 3
    again = await do("read it", recording=Recording(recorded))
    assert same(recorded, again)
    (raw, _) = [event for event in again if isinstance(event, ev.ReactModelRaw)]
    assert raw.calls[0].signature == "c2ln"
    assert same(recorded, await do("read it", recording=Recording(recorded, tools=True)))
