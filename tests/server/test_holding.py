"""Which sessions are held, for how long, and what the server counts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.server.metrics import percentile
from tests.fakes.serving import serving

HANG = [{"text": "hm"}, {"hang": True}]


async def test_an_idle_session_is_let_go_and_found_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        session_id, held = await served.session(), served.context.sessions
        events = await served.run(session_id)
        async with asyncio.timeout(20):
            while held.streams.open:  # until the server knows that the client has left
                await asyncio.sleep(0.005)
        assert await held.expire() == 0
        held.clock = lambda: asyncio.get_running_loop().time() + 7200
        assert await held.expire() == 1 and held.held == 0
        again = (await served.client.get(f"/sessions/{session_id}")).json()
        assert again["last_seq"] == events[-1].seq and held.held == 1


async def test_a_session_that_runs_or_is_followed_is_not_let_go(tmp_path: Path) -> None:
    async with serving(tmp_path, [HANG], idle_s=0.0) as served:
        running, followed = await served.session(), await served.session()
        await served.client.post(f"/sessions/{running}/runs", json={"input": "go"})
        async with served.client.stream("GET", f"/sessions/{followed}/events"):
            assert await served.context.sessions.expire() == 0


async def test_the_longest_idle_session_makes_room_for_a_new_one(tmp_path: Path) -> None:
    async with serving(tmp_path, [HANG, HANG], max_sessions=2) as served:
        old, new = await served.session(), await served.session()
        assert (await served.client.get(f"/sessions/{old}")).status_code == 200  # now it was used last
        third = await served.session()
        assert served.context.sessions.held == 2
        assert set(served.context.sessions._held) == {old, third}
        for session_id in (old, third):
            await served.client.post(f"/sessions/{session_id}/runs", json={"input": "go"})
        full = await served.client.get(f"/sessions/{new}")
        assert (full.status_code, full.json()["code"]) == (503, "too_many_sessions")
        assert full.headers["retry-after"]


async def test_stats_and_metrics(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.run(await served.session())
        stats = (await served.client.get("/stats")).json()
        assert stats["runs"] == {"completed": 1} and stats["sessions"]["open"] == 1
        for times in ("first_token", "run", "tool"):
            assert stats[times]["count"] >= 1
            assert 0 <= stats[times]["p50_ms"] <= stats[times]["p95_ms"] <= stats[times]["p99_ms"]
        assert stats["usage"]["input_tokens"] > 0
        assert stats["streams"]["opened"] == 1 and stats["streams"]["dropped"] == 0
        cache = (await served.client.get("/cache/stats")).json()
        assert cache["calls"] == 2 and cache["hit_rate"] == 0
        answer = await served.client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        lines = answer.text.splitlines()
        assert 'agent_tui_runs_total{status="completed"} 1.0' in lines
        assert "agent_tui_sessions_open 1.0" in lines
        for name in ("first_token_seconds", "run_seconds", "tool_seconds"):
            assert any(line.startswith(f"agent_tui_{name}_count") for line in lines)


def test_percentiles() -> None:
    assert percentile([], 50) is None
    assert percentile([7.0], 99) == 7.0
    hundred = [float(number) for number in range(1, 101)]
    assert [percentile(hundred, percent) for percent in (50, 95, 99)] == [50.0, 95.0, 99.0]
