"""Frames out of bytes, however the network cuts them."""

from __future__ import annotations

import json

import pytest

from agent_tui import errors
from agent_tui.server.frames import Frames
from agent_tui.server.wire import ServerRefused, error_of, server_url

STREAM = (
    'retry: 1000\n\nid: 1\nevent: a\ndata: {"é": 1}\n\n: ping\n\n'
    "id: 2\ndata: two\ndata:  lines\n\nid: 3\ndata: cut"
)
WANTED = ['{"é": 1}'.encode(), b"two\n lines"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_frames_come_whole_and_what_is_cut_off_is_none(end: str, size: int) -> None:
    data = b"\xef\xbb\xbf" + STREAM.replace("\n", end).encode()
    frames = Frames()
    assert [
        frame for at in range(0, len(data), size) for frame in frames.feed(data[at : at + size])
    ] == WANTED


def test_an_event_without_an_end_is_refused() -> None:
    frames = Frames()
    with pytest.raises(errors.AgentTuiError, match="without an end"):
        for _ in range(100):
            frames.feed(b"x" * 1_000_000)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost:8321", "http://localhost:8321"),
        ("https://example.org/agents/", "https://example.org/agents"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    assert server_url(text) == url


@pytest.mark.parametrize(
    "text", ["", "ftp://x", "http://", "http://x:0", "http://u:p@x", "http://x?y", "http://a b"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(errors.UsageError):
        server_url(text)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "not_found", errors.NotFoundError),
        (500, "config", errors.ConfigError),
        (403, "tool_denied", errors.ToolDeniedError),
        (503, "model_unavailable", errors.ModelUnavailable),
        (409, "ahead", errors.ConflictError),
        (422, "invalid", errors.UsageError),
        (401, "unauthorized", errors.ConfigError),
        (503, "shutting_down", ServerRefused),
    ],
)
def test_problems_become_our_errors_again(status: int, code: str, kind: type[Exception]) -> None:
    body = json.dumps({"code": code, "detail": "what; how"}).encode()
    error = error_of(status, {"retry-after": "3"}, body)
    assert type(error) is kind
    assert error.code == code


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"code": "\\u001b[2J"}', b""])
def test_what_is_no_problem_document_tells_its_status(body: bytes) -> None:
    error = error_of(502, {}, body)
    assert str(error) == "the server answered 502 Bad Gateway"
    assert error.retryable
