"""An answer to half a request ends only when the rest of the request has come, or for a while."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.server import gate
from agent_tui.server.gate import Gate
from agent_tui.server.settings import ServeSettings

BODY = {"type": "http.request", "body": b"x" * 1000, "more_body": True}
END = {"type": "http.request", "body": b"x", "more_body": False}
GONE = {"type": "http.disconnect"}


async def exchanged(coming: list[dict[str, Any]], **headers: str) -> list[str]:
    """What passes, in order, when a request that says it is too large meets the gate."""

    async def app(*_: Any) -> None:
        raise AssertionError("nothing gets through")

    order: list[str] = []

    async def receive() -> dict[str, Any]:
        message = coming.pop(0) if coming else BODY
        order.append("end" if message is END else "gone" if message is GONE else "more")
        return message

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            order.append(str(message["status"]))
        else:
            order.append("closed" if not message.get("more_body") else "answered")

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/sessions",
        "headers": [
            (name.encode(), value.encode())
            for name, value in {"host": "127.0.0.1", "content-length": "99999", **headers}.items()
        ],
    }
    await Gate(app, ServeSettings(max_body=1000))(scope, receive, send)
    return order


async def test_the_rest_is_taken_in_between_the_answer_and_its_end() -> None:
    order = await exchanged([BODY, BODY, END])
    assert order == ["413", "answered", "more", "more", "end", "closed"]


async def test_a_client_that_leaves_is_not_waited_for() -> None:
    assert await exchanged([BODY, GONE]) == ["413", "answered", "more", "gone", "closed"]


async def test_what_never_ends_is_dropped_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_LINGER_BYTES", 2500)
    assert await exchanged([]) == ["413", "answered", "more", "more", "more", "closed"]


async def test_what_was_to_be_asked_about_first_is_not_on_its_way() -> None:
    assert await exchanged([], expect="100-continue") == ["413", "closed"]
