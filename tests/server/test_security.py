"""Who gets in, and what they get to see."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.errors import ConfigError, StorageError
from agent_tui.server.app import ROUTERS
from agent_tui.server.owners import Owners
from agent_tui.server.problems import from_error, without_paths
from agent_tui.server.settings import OWNER, ServeSettings, Token, is_loopback, tokens_of
from tests.fakes.serving import Served, serving

ADA, BOB, BOSS = ({"Authorization": f"Bearer {name}-secret-0123456789"} for name in ("ada", "bob", "boss"))
TOKENS = (
    Token.of("ada-secret-0123456789", "ada"),
    Token.of("bob-secret-0123456789", "bob"),
    Token.of("boss-secret-0123456789"),
)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, tokens=TOKENS) as served:
        yield served


def routes_of(spec: dict[str, Any]) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, item in spec["paths"].items() for method in item]


async def test_every_route_but_health_wants_a_token(served: Served) -> None:
    spec = (await served.client.get("/openapi.json", headers=ADA)).json()
    routes = [*routes_of(spec), ("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/nothing/here")]
    assert len(routes) > 25
    assert len(routes_of(spec)) == sum(len(router.routes) for router in ROUTERS)  # none is hidden
    for method, path in routes:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}):
            answer = await served.client.request(
                method, path.replace("{", "").replace("}", ""), headers=headers
            )
            if path == "/health":
                assert answer.status_code == 200
            else:
                assert answer.status_code in (401, 429), (method, path)
                assert answer.json()["code"] in ("unauthorized", "rate_limited")
    assert (await served.client.get("/sessions", headers=ADA)).status_code == 200


async def test_no_route_shows_a_tenant_anothers_session(served: Served) -> None:
    """Tried on every route there is with a session in it: 404, and the session is as it was."""
    hers = await served.session(**ADA)
    await served.client.post(f"/sessions/{hers}/runs", json={"input": "what is 6*7"}, headers=ADA)
    spec = (await served.client.get("/openapi.json", headers=BOB)).json()
    bodies = {
        "runs": {"input": "x"},
        "shell": {"command": "x"},
        "steer": {"text": "x"},
        "approvals": {"decision": "allow"},
    }
    tried = 0
    for method, path in routes_of(spec):
        if "{session_id}" not in path:
            continue
        tried += 1
        url = path.replace("{session_id}", hers).replace("{", "").replace("}", "")
        body = next((body for name, body in bodies.items() if f"/{name}" in path), None)
        body = {"title": "x"} if method == "PATCH" else body
        for headers in (BOB, BOSS):
            answer = await served.client.request(method, url, headers=headers, json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, path)
            other = await served.client.request(
                method, url.replace(hers, "nothing"), headers=headers, json=body
            )
            assert other.json()["detail"].replace("nothing", hers) == answer.json()["detail"], (
                method,
                path,
            )
    assert tried >= 18
    for path, body in (
        ("/agent/query", {"message": "x"}),
        ("/agent/query-stream", {"message": "x"}),
        ("/chat", {"query": "x"}),
        ("/api/v1/agents/a/chat/stream", {"message": "x"}),
    ):
        answer = await served.client.post(path, json=body | {"session_id": hers}, headers=BOB)
        assert answer.status_code == 404, path
    for headers, ids in ((ADA, [hers]), (BOB, []), (BOSS, [])):
        found = (await served.client.get("/sessions", headers=headers)).json()["sessions"]
        assert [info["id"] for info in found] == ids
        found = (await served.client.get("/sessions?query=6*7", headers=headers)).json()["sessions"]
        assert [info["id"] for info in found] == ids
    assert (await served.client.get(f"/sessions/{hers}", headers=ADA)).json()["id"] == hers


async def test_a_tenants_sessions_are_still_theirs_after_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path, tokens=TOKENS) as served:
        hers = await served.session(**ADA)
        fork = (await served.client.post(f"/sessions/{hers}/fork", headers=ADA)).json()["id"]
        his = await served.session(**BOSS)
    async with serving(tmp_path, tokens=TOKENS) as served:
        for session_id in (hers, fork):
            assert (await served.client.get(f"/sessions/{session_id}", headers=ADA)).status_code == 200
            assert (await served.client.get(f"/sessions/{session_id}", headers=BOSS)).status_code == 404
        assert (await served.client.get(f"/sessions/{his[:9]}", headers=BOSS)).json()["id"] == his
        assert (await served.client.get(f"/sessions/{hers[:9]}", headers=BOSS)).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:80"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "[::1]"}, 200),
        ({"Host": "LOCALHOST:1"}, 200),
        ({"Host": "agents.example"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "https://page.example"}, 200),
    ],
)
async def test_hosts_and_origins(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    options = {"allowed_hosts": ("agents.example",), "origins": ("https://page.example",)}
    async with serving(tmp_path, **options) as served:
        assert (await served.client.get("/sessions", headers=headers)).status_code == status


async def test_cors_is_off_unless_a_page_is_named(tmp_path: Path) -> None:
    page = {"Origin": "https://page.example"}
    preflight = page | {"Access-Control-Request-Method": "POST"}
    async with serving(tmp_path, tokens=TOKENS, origins=("https://page.example",)) as served:
        answer = await served.client.options("/sessions", headers=preflight)
        assert answer.headers["access-control-allow-origin"] == "https://page.example"
        assert (await served.client.get("/sessions", headers=page)).status_code == 401
    async with serving(tmp_path, tokens=TOKENS) as served:
        answer = await served.client.options("/sessions", headers=preflight)
        assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers


async def test_bodies_are_bounded_also_without_a_length(tmp_path: Path) -> None:
    async with serving(tmp_path, max_body=1000) as served:
        path = f"/sessions/{await served.session()}/runs"

        async def chunked() -> AsyncIterator[bytes]:
            for _ in range(4):
                yield b'{"input": "' + b"x" * 500

        for answer in (
            await served.client.post(path, json={"input": "x" * 2000}),
            await served.client.post(path, content=chunked(), headers={"content-type": "application/json"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_the_rate_is_limited_for_each_token(tmp_path: Path) -> None:
    async with serving(tmp_path, tokens=TOKENS, rate="5/minute") as served:
        codes = [(await served.client.get("/models", headers=ADA)).status_code for _ in range(7)]
        assert codes == [200] * 5 + [429] * 2
        refused = await served.client.get("/models", headers=ADA)
        assert 0 < int(refused.headers["retry-after"]) <= 61
        assert (await served.client.get("/models", headers=BOB)).status_code == 200


async def test_strangers_do_not_use_up_the_look_at_its_health(tmp_path: Path) -> None:
    async with serving(tmp_path, tokens=TOKENS, rate="5/minute") as served:
        codes = [(await served.client.get("/health")).status_code for _ in range(8)]
        assert codes == [200] * 8


async def test_guessing_tokens_is_slowed_down(tmp_path: Path) -> None:
    async with serving(tmp_path, tokens=TOKENS) as served:
        codes = []
        for number in range(25):
            headers = {"Authorization": f"Bearer guess{number}"}
            codes.append((await served.client.get("/models", headers=headers)).status_code)
        assert codes[0] == 401 and codes[-1] == 429
        assert (await served.client.get("/models", headers=ADA)).status_code == 200


async def test_no_session_chooses_a_file_to_be_read_out(tmp_path: Path) -> None:
    (tmp_path / "private.json").write_text('["what nobody else is to see"]')
    async with serving(tmp_path) as served:
        session_id, wanted = await served.session(), {"model": f" script:{tmp_path}/private.json"}
        for answer in (
            await served.client.post("/sessions", json=wanted),
            await served.client.patch(f"/sessions/{session_id}", json=wanted),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_answers_name_their_request_and_tell_nothing_of_the_machine(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        answer = await served.client.get("/sessions/nope", headers={"X-Request-ID": "mine-1"})
        assert answer.headers["x-request-id"] == "mine-1"
        assert re.fullmatch(r"req_\w+", (await served.client.get("/health")).headers["x-request-id"])
        forged = await served.client.get("/health", headers={"X-Request-ID": "a b\tc"})
        assert forged.headers["x-request-id"].startswith("req_")
        for made in (
            answer,
            await served.client.post("/sessions", json={"model": "nonsense"}),
            await served.client.post("/sessions", content=b"{"),
            await served.client.put("/sessions"),
            await served.client.get("/no/such/path"),
        ):
            assert made.headers["content-type"] == "application/problem+json"
            problem = made.json()
            assert {"type", "title", "status", "code", "detail"} <= problem.keys()
            assert str(tmp_path) not in made.text and "Traceback" not in made.text
        assert "server" not in answer.headers


async def test_a_defect_is_told_without_details(served: Served) -> None:
    async def broken() -> None:
        raise RuntimeError(f"secret of {Path.home()}")

    app = served.server.config.app
    app.add_api_route("/broken", broken)  # type: ignore[union-attr]
    answer = await served.client.get("/broken", headers=ADA)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text


def test_errors_of_this_machine_are_kept_here() -> None:
    body = bytes(from_error(StorageError("the journal /home/ada/.local/journal.db is damaged")).body)
    assert b"/home" not in body and b"journal.db" not in body
    assert without_paths("cannot read /etc/passwd, or ~/x/y: no") == "cannot read [path], or [path]: no"
    assert without_paths("see http://h/a/b and 6/7") == "see http://h/a/b and 6/7"


def test_it_does_not_listen_where_others_reach_it_without_a_token() -> None:
    with pytest.raises(ConfigError):
        ServeSettings(host="0.0.0.0").check()
    with pytest.raises(ConfigError):
        ServeSettings(host="agents.example").check()
    ServeSettings(host="0.0.0.0", tokens=TOKENS).check()
    for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9"):
        assert is_loopback(host)
        ServeSettings(host=host).check()


def test_tokens_are_kept_as_their_hash() -> None:
    digest = hashlib.sha256(b"s3cret").hexdigest()
    (token,) = tokens_of([f"ada:sha256:{digest}"], None, "127.0.0.1")
    assert token == Token.of("s3cret", "ada")
    assert "s3cret" not in repr(token)
    for bad in ("ada:s3cret", "ada:sha256:12", f":sha256:{digest}"):
        with pytest.raises(ConfigError):
            tokens_of([bad], None, "127.0.0.1")
    with pytest.raises(ConfigError):
        tokens_of([], "short", "0.0.0.0")
    with pytest.raises(ConfigError):
        tokens_of([f"ada:sha256:{digest}", f"bob:sha256:{digest}"], None, "127.0.0.1")


def test_owners_survive_a_crash_in_the_middle_of_a_line(tmp_path: Path) -> None:
    file = tmp_path / "owners.jsonl"
    Owners(file).note("s1", "ada")
    with file.open("a") as damaged:
        damaged.write('{"session_id": "s2", "ten')
    owners = Owners(file)
    owners.note("s3", "bob")
    owners = Owners(file)
    assert [owners.tenant_of(name) for name in ("s1", "s2", "s3")] == ["ada", OWNER, "bob"]
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("nonsense\n{}\n")
    with pytest.raises(StorageError):
        Owners(file)
