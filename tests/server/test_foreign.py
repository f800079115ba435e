"""The endpoints of others over a real socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from tests.fakes.serving import frames, serving


async def test_a_query_goes_on_in_its_session(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        first = (await served.client.post("/agent/query", json={"message": "what is 6*7"})).json()
        assert "42" in first["response"] and first["usage"]["total_tokens"] > 0
        body = {"message": "what is 2+2", "session_id": first["session_id"]}
        second = (await served.client.post("/agent/query", json=body)).json()
        assert second["session_id"] == first["session_id"]
        usage = (await served.client.get(f"/agent/usage/{first['session_id']}")).json()
        assert usage["runs"] == 2
        total = first["usage"]["total_tokens"] + second["usage"]["total_tokens"]
        assert usage["usage"]["total_tokens"] == total


@pytest.mark.parametrize(
    ("path", "extra"), [("/agent/query-stream", {}), ("/agent/query", {"stream": True})]
)
async def test_a_query_as_a_stream_ends_with_done(
    tmp_path: Path, path: str, extra: dict[str, bool]
) -> None:
    async with serving(tmp_path) as served:
        async with served.client.stream("POST", path, json={"message": "what is 6*7"} | extra) as answer:
            assert answer.headers["x-accel-buffering"] == "no"
            seen = [frame async for frame in frames(answer.aiter_bytes())]
        assert seen[-1] == {"comment": "done"}
        kinds = [frame["event"] for frame in seen[:-1]]
        assert kinds[0] == "step_start" and kinds[-2:] == ["final", "usage"]
        text = "".join(json.loads(f["data"])["content"] for f in seen[:-1] if f["event"] == "text")
        assert text == json.loads(seen[-3]["data"])["response"]


async def test_chat_and_a_task(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        reply = (
            await served.client.post("/chat", json={"query": "what is 6*7", "task_type": "sum"})
        ).json()
        assert "42" in reply["answer"] and reply["model_used"] == "demo" and reply["latency_ms"] > 0
        assert served.context.sessions.held == 0  # its session is stored, not held
        task = (await served.client.post("/chat/multi-agent", json={"query": "what is 6*7"})).json()
        assert task.keys() == {"task_id", "subtasks_count", "final_answer"}


async def test_a_batch_is_in_order_and_one_failure_sinks_nothing(tmp_path: Path) -> None:
    turns = [[{"answer": "one"}], [{"error": "no", "status": 400}], [{"answer": "three"}]]
    async with serving(tmp_path, turns) as served:
        body = {"queries": ["a", "b", "c"], "concurrency": 1}
        results = (await served.client.post("/chat/batch", json=body)).json()["results"]
        assert len(results) == 3
        assert [result.get("answer") for result in results] == ["one", None, "three"]
        assert results[1]["error"]["code"]
    async with serving(tmp_path) as served:
        body = {"queries": [f"what is {number}*10" for number in range(12)], "concurrency": 5}
        results = (await served.client.post("/chat/batch", json=body)).json()["results"]
        for number, result in enumerate(results):
            assert str(number * 10) in result["answer"]


async def test_a_failed_run_is_a_problem(tmp_path: Path) -> None:
    async with serving(tmp_path, [[{"error": "no", "status": 400}]]) as served:
        answer = await served.client.post("/chat", json={"query": "x"})
        assert answer.status_code >= 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert served.context.sessions.held == 0  # nobody comes back to its session


async def test_a_refused_question_leaves_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(tmp_path) as served:
        answer = await served.client.post("/chat", json={"query": " "})
        assert (answer.status_code, answer.json()["code"]) == (400, "usage")
        assert served.context.sessions.held == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_chunks_as_a_stream_and_as_a_list(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        path = "/api/v1/agents/default/chat/stream"
        body = {"message": "what is 6*7", "stream": True}
        async with served.client.stream("POST", path, json=body) as answer:
            streamed = [json.loads(f["data"]) async for f in frames(answer.aiter_bytes()) if "data" in f]
        listed = (await served.client.post(path, json=body | {"stream": False})).json()
        for chunks in (streamed, listed):
            kinds = [chunk["chunk_type"] for chunk in chunks]
            assert (kinds[0], kinds[-1]) == ("start", "done") and "tool_call" in kinds


async def test_what_nobody_can_answer_is_denied(tmp_path: Path) -> None:
    write = [{"tool": "write_file", "args": {"path": "a.txt", "content": "x"}}]
    async with serving(tmp_path, [write, [{"answer": "not written"}]]) as served:
        reply = (await served.client.post("/chat", json={"query": "write"})).json()
        assert reply["answer"] == "not written"
        assert not (tmp_path / "a.txt").exists()


@pytest.mark.parametrize("path", ["/agent/query", "/agent/query-stream"])
async def test_a_client_that_goes_away_ends_its_run(tmp_path: Path, path: str) -> None:
    async with serving(tmp_path, [[{"text": "hm"}, {"hang": True}]]) as served:
        session_id = await served.session()
        body = {"message": "go", "session_id": session_id}
        asking = asyncio.create_task(served.client.post(path, json=body))
        await served.until(session_id, "llm_delta")
        asking.cancel()
        events = await served.until(session_id, "run_done")
        assert events[-1].status == "cancelled"
