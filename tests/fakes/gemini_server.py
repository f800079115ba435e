"""A Gemini server on loopback: ``generateContent`` and ``streamGenerateContent`` as they look on the wire.

In a test: ``with gemini_server([Say("hi"), End()]) as server: … server.origin``. As a process:
``python -m tests.fakes.gemini_server --port 0 --reply markdown:5000@200`` prints its URL on the first line,
then ``request``, ``first``, ``done`` and ``closed`` lines with ``time.monotonic()``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.fakes.wire_server import (
    Call,
    Chunk,
    Dialect,
    End,
    Fail,
    Raw,
    Reply,
    Request,
    Say,
    Step,
    Think,
    Tokens,
    WireServer,
)

USAGE = {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}
_REASONS = {"stop": "STOP", "length": "MAX_TOKENS"}
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def retry_info(seconds: str) -> dict[str, Any]:
    """The ``RetryInfo`` detail of an error, e.g. ``retry_info("2.5s")``."""
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds}


def part(step: Say | Think | Call) -> dict[str, Any]:
    match step:
        case Say(text):
            return {"text": text}
        case Think(text, signature):
            made: dict[str, Any] = {"text": text, "thought": True}
        case Call(name, args, signature, call_id):
            made = {"functionCall": {"name": name, "args": args} | ({"id": call_id} if call_id else {})}
    return made | ({"thoughtSignature": signature} if signature else {})


def _chunk(parts: list[dict[str, Any]] | None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0}
    if parts is not None:
        candidate["content"] = {"parts": parts, "role": "model"}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "fake", "responseId": "r1", **more}


def sse(data: Any) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\r\n\r\n"


class GeminiDialect(Dialect):
    def known(self, request: Request) -> bool:
        path = request.path.partition("?")[0]
        return path.startswith("/v1beta/models/") and path.endswith(("enerateContent", "GenerateContent"))

    def streams(self, request: Request) -> bool:
        return ":streamGenerateContent" in request.path and "alt=sse" in request.path

    def events(self, step: Step, request: Request) -> list[bytes]:
        match step:
            case Say() | Think() | Call():
                return [sse(_chunk([part(step)]))]
            case Chunk(data):
                return [sse(data)]
            case Raw(data):
                return [data]
            case Fail():
                return [sse(self.error(step))]
            case End(None):
                return []
            case End(reason, usage):
                assert reason is not None
                last = _chunk([{"text": ""}], _REASONS.get(reason, reason), usageMetadata=usage or USAGE)
                return [sse(last)]
            case _:
                raise AssertionError(step)

    def whole(self, reply: Reply, request: Request) -> Any:
        parts: list[dict[str, Any]] = []
        for step in reply:
            match step:
                case Say() | Think() | Call():
                    parts.append(part(step))
                case Tokens(tokens):
                    parts.append({"text": "".join(tokens)})
                case Chunk(data):
                    return data
                case Raw(data):
                    return data
                case End(None):
                    return {}
                case End(reason, usage):
                    assert reason is not None
                    return _chunk(parts, _REASONS.get(reason, reason), usageMetadata=usage or USAGE)
                case _:
                    raise AssertionError(step)
        return _chunk(parts)

    def error(self, fail: Fail) -> Any:
        status = fail.name or _STATUS.get(fail.status, "UNKNOWN")
        error: dict[str, Any] = {"code": fail.status, "message": fail.message, "status": status}
        if fail.details:
            error["details"] = list(fail.details)
        return {"error": error}


def gemini_server(*replies: Reply, fallback: Reply | None = None) -> WireServer:
    """A server to be used in a ``with``; ``GOOGLE_GEMINI_BASE_URL`` is its ``origin``."""
    return WireServer(GeminiDialect(), replies, fallback=fallback)


def main(argv: Sequence[str] | None = None) -> None:
    from tests.fakes import reply_spec

    reply_spec.main(GeminiDialect(), "", argv)


if __name__ == "__main__":
    main()
