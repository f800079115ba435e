"""Sessions and runs over a real socket: every path of the contract once, as a stranger would call it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.events import codec
from agent_tui.events import types as ev
from tests.fakes.invariants import check_stream
from tests.fakes.serving import Served, frames, serving

HANG = [{"text": "thinking "}, {"hang": True}]
WRITE = [{"tool": "write_file", "args": {"path": "a.txt", "content": "x"}}]


async def test_a_prompt_becomes_an_answer(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        events = await served.run(await served.session())
        check_stream(events)
        (final,) = [event for event in events if isinstance(event, ev.Final)]
        assert "42" in final.answer.answer


async def test_what_the_server_offers(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        get = served.client.get
        assert (await get("/health")).json()["status"] == "ok"
        assert "demo" in {model["name"] for model in (await get("/models")).json()["models"]}
        for _ in range(2):
            tools = (await get("/tools")).json()["tools"]
            assert {"calc", "shell"} <= {tool["name"] for tool in tools}
        assert (await get("/openapi.json")).json()["info"]["title"] == "agent-tui"
        assert "swagger" in (await get("/docs")).text
        assert (await get("/sessions")).json() == {"sessions": []}


async def test_a_session_is_listed_renamed_forked_deleted_and_restored(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        client, session_id = served.client, await served.session()
        path = f"/sessions/{session_id}"
        events = await served.run(session_id)
        renamed = await client.patch(path, json={"title": "sums"})
        assert renamed.json()["title"] == "sums"
        (listed,) = (await client.get("/sessions?query=6*7")).json()["sessions"]
        assert (listed["id"], listed["title"], listed["runs"]) == (session_id, "sums", 1)
        fork = (await client.post(f"{path}/fork", json={"at": events[1].seq})).json()
        assert fork["id"] != session_id
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(path)).status_code == 404
        assert (await client.post(f"{path}/restore")).status_code == 204
        assert (await client.get(path)).json()["id"] == session_id
        assert (await client.post(f"{path}/close")).status_code == 204
        assert (await client.post(f"{path}/clear")).status_code == 204


async def test_a_run_is_cancelled(tmp_path: Path) -> None:
    async with serving(tmp_path, [HANG]) as served:
        session_id = await served.session()
        await served.client.post(f"/sessions/{session_id}/runs", json={"input": "go"})
        await served.until(session_id, "llm_delta")
        answer = await served.client.post(f"/sessions/{session_id}/cancel")
        assert answer.json() == {"cancelled": True}
        events = await served.until(session_id, "run_done")
        check_stream(events)
        assert events[-1].status == "cancelled"
        assert (await served.client.post(f"/sessions/{session_id}/cancel")).json() == {"cancelled": False}


async def test_a_busy_session_queues_or_says_409(tmp_path: Path) -> None:
    async with serving(tmp_path, [HANG]) as served:
        runs = f"/sessions/{await served.session()}/runs"
        assert (await served.client.post(runs, json={"input": "one"})).json()["run_id"]
        busy = await served.client.post(runs, json={"input": "two", "queue": False})
        assert (busy.status_code, busy.json()["code"]) == (409, "conflict")
        queued = (await served.client.post(runs, json={"input": "two"})).json()
        taken = await served.client.delete(f"{runs[:-5]}/queue/{queued['prompt_id']}")
        assert taken.json() == {"text": "two"}
        steered = await served.client.post(f"{runs[:-5]}/steer", json={"text": "faster"})
        assert steered.json() == {"steered": True}


async def test_the_first_answer_to_an_approval_counts(tmp_path: Path) -> None:
    async with serving(tmp_path, [WRITE, [{"answer": "written"}]]) as served:
        session_id = await served.session()
        await served.client.post(f"/sessions/{session_id}/runs", json={"input": "write"})
        asked = (await served.until(session_id, "approval_request"))[-1]
        path = f"/sessions/{session_id}/approvals/{asked.call_id}"
        answers = await asyncio.gather(
            *(served.client.post(path, json={"decision": "allow", "by": name}) for name in ("ada", "bob"))
        )
        assert sorted(answer.json()["accepted"] for answer in answers) == [False, True]
        events = await served.until(session_id, "run_done")
        (result,) = [event for event in events if isinstance(event, ev.ApprovalResult)]
        assert result.by == "ada" if answers[0].json()["accepted"] else "bob"
        assert (tmp_path / "a.txt").read_text() == "x"


async def test_a_persons_own_tool_call(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        session_id = await served.session()
        answer = await served.client.post(
            f"/sessions/{session_id}/tools/calc", json={"args": {"expression": "6*7"}}
        )
        assert answer.status_code == 202
        events = await served.until(session_id, "run_done")
        assert [event.result for event in events if isinstance(event, ev.ToolEnd)] == ["42"]


async def test_tools_of_high_risk_are_off_unless_wanted(tmp_path: Path) -> None:
    async with serving(tmp_path, high_risk=False) as served:
        session_id = await served.session()
        tools = (await served.client.get(f"/sessions/{session_id}/tools")).json()["tools"]
        assert tools and {tool["risk"] for tool in tools} <= {"low", "medium"}
        await served.client.post(f"/sessions/{session_id}/shell", json={"command": "touch owned"})
        events = await served.until(session_id, "run_done")
        assert events[-1].status == "failed"
        assert not (tmp_path / "owned").exists()


async def test_the_log_and_the_stream_are_the_same_bytes(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        session_id = await served.session()
        await served.run(session_id)
        log = (await served.client.get(f"/sessions/{session_id}/log")).content.splitlines()
        seen = await _stream(served, session_id, len(log))
        assert [frame["data"].encode() for frame in seen] == log
        assert [int(frame["id"]) for frame in seen] == list(range(1, len(log) + 1))
        assert [frame["event"] for frame in seen] == [codec.decode(line).type for line in log]


async def _stream(served: Served, session_id: str, count: int) -> list[dict[str, str]]:
    seen = []
    async with served.client.stream("GET", f"/sessions/{session_id}/events") as answer:
        async for frame in frames(answer.aiter_bytes()):
            if "id" in frame:
                seen.append(frame)
            if len(seen) == count:
                break
    return seen


async def test_a_snapshot_says_where_the_stream_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        session_id = await served.session()
        events = await served.run(session_id)
        state = (await served.client.get(f"/sessions/{session_id}/state")).json()
        assert (state["seq"], state["status"], state["run"]) == (events[-1].seq, "idle", None)
        assert state["blocks"][0]["block"] == "prompt"
        again = await served.run(session_id)
        newer = (await served.client.get(f"/sessions/{session_id}/state")).json()
        assert newer["seq"] >= again[-1].seq and len(newer["runs"]) == 2
