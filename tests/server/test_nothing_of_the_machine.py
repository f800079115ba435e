"""No answer of any route speaks of the machine that it comes from; the folder of a session is its ``cwd``.

That is the one path a client is told: the first event of a session carries it, with the bytes that the
journal has, and so does the session's record.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

import httpx2

from agent_tui.events import types as ev
from agent_tui.server.settings import Token
from tests.fakes.serving import serving

ADA = {"Authorization": "Bearer ada-secret-0123456789"}
TOKENS = (Token.of("ada-secret-0123456789", "ada"),)
VALUE = "what-a-variable-of-this-machine-holds"
CODE = Path(__file__).parents[2]

VALUES = {"{name}": "calc", "{agent_id}": "default", "{call_id}": "call_1", "{prompt_id}": "prompt_1"}
SUM = "what is 6*7"
BODIES: dict[str, dict[str, Any]] = {
    "/sessions": {"title": "sums"},
    "/sessions/{session_id}": {"title": "sums"},
    "/sessions/{session_id}/runs": {"input": SUM},
    "/sessions/{session_id}/shell": {"command": "true"},
    "/sessions/{session_id}/steer": {"text": "faster"},
    "/sessions/{session_id}/approvals/{call_id}": {"decision": "allow"},
    "/sessions/{session_id}/tools/{name}": {"args": {"expression": "6*7"}},
    "/agent/query": {"message": SUM},
    "/agent/query-stream": {"message": SUM},
    "/chat": {"query": SUM},
    "/chat/batch": {"queries": [SUM]},
    "/chat/multi-agent": {"query": SUM},
    "/api/v1/agents/{agent_id}/chat/stream": {"message": SUM, "stream": True},
}
MALFORMED = ("{", '{"model": "/etc/passwd", "title": 1, "at": -1, "input": 2}')


def told_of_the_machine(answer: httpx2.Response, folder: Path) -> list[str]:
    """What an answer tells of the machine besides what it promises to tell."""
    text = answer.text.replace(f'"cwd":"{folder}"', "") + str(answer.headers)
    return [secret for secret in (str(folder), str(CODE), sys.prefix, VALUE, "Traceback") if secret in text]


async def test_no_answer_of_any_route_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THIS_MACHINE", VALUE)
    tools = tmp_path / ".agent-tui" / "tools"
    tools.mkdir(parents=True)
    (tools / "odd.py").write_text("1/0\n")  # which a notice speaks of
    async with serving(tmp_path, tokens=TOKENS, stream_age_s=0.2, ping_s=0.05) as served:
        client = served.client
        client.headers.update(ADA)
        session_id = await served.session()
        assert (await client.post(f"/sessions/{session_id}/runs", json={"input": SUM})).status_code == 202
        spec = (await client.get("/openapi.json")).json()
        routes = [(method, path) for path, item in spec["paths"].items() for method in item]
        done: list[tuple[str, str]] = []
        refused: list[tuple[str, str]] = []
        for method, path in sorted(routes, key=lambda route: route[0] == "delete"):
            filled = path
            for name, value in VALUES.items():
                filled = filled.replace(name, value)
            url, other = (filled.replace("{session_id}", name) for name in (session_id, "nothing"))
            answer = await client.request(method, url, json=BODIES.get(path))
            (done if answer.is_success else refused).append((method, path))
            answers = [answer, await client.request(method, other, json=BODIES.get(path))]
            for body in MALFORMED if method != "get" else ():
                headers = {"content-type": "application/json"}
                answers.append(await client.request(method, url, content=body, headers=headers))
            for answer in answers:
                assert told_of_the_machine(answer, tmp_path) == [], (method, path, answer.text)
    assert len(routes) > 25
    assert {path for _, path in refused} <= {
        "/sessions/{session_id}/approvals/{call_id}",  # nothing is asked
        "/sessions/{session_id}/queue/{prompt_id}",  # nothing waits
        "/sessions/{session_id}/restore",  # nothing was deleted
        "/sessions/{session_id}/trust",  # only the owner may
    }, refused
    assert len(done) >= len(routes) - 4


async def test_no_notice_does(tmp_path: Path) -> None:
    (tmp_path / ".agent-tui").mkdir()
    (tmp_path / ".agent-tui" / "config.toml").write_text('[tools]\nallow = ["shell(*)"]\n')  # not trusted
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "data").write_text("no folder, so that nothing can be stored\n")
    async with serving(tmp_path) as served:
        first = await served.client.post("/sessions")
        events = await served.run(first.json()["id"])
        answer = await served.client.get(f"/sessions/{first.json()['id']}/log")
    told = [*first.json()["notices"], *(event.text for event in events if isinstance(event, ev.Notice))]
    assert any("not being saved" in text for text in told)
    assert told_of_the_machine(first, tmp_path) == told_of_the_machine(answer, tmp_path) == []
