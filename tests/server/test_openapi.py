"""The served OpenAPI is true: a short form of ``python -m tests.soak.openapi``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from tests.fakes.serving import serving
from tests.soak.openapi import soak


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("schemathesis") is None, reason="schemathesis is not installed: the extra 'dev'"
)
async def test_every_operation_keeps_what_its_description_promises(tmp_path: Path) -> None:
    assert await soak(2, tmp_path, seed=4, phases=("fuzzing", "stateful")) > 34


async def test_a_wrong_method_is_told_all_that_there_are(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        for path, methods in (
            ("/sessions", "GET, POST"),
            ("/sessions/x", "GET, PATCH, DELETE"),
            ("/health", "GET"),
            ("/openapi.json", "GET, HEAD"),
        ):
            answer = await served.client.put(path)
            assert (answer.status_code, answer.headers["allow"]) == (405, methods)


async def test_numbers_and_truths_are_not_taken_for_each_other(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        for path, body in (
            ("/sessions/x/runs", {"input": "x", "queue": 0}),
            ("/sessions/x/fork", {"at": True}),
            ("/agent/query", {"message": "x", "stream": 0}),
            ("/chat/batch", {"queries": ["x"], "concurrency": "4"}),
            ("/api/v1/agents/a/chat/stream", {"message": "x", "stream": "no"}),
        ):
            answer = await served.client.post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        batch = {"queries": ["x"], "concurrency": 2.0}
        assert (await served.client.post("/chat/batch", json=batch)).status_code == 200
