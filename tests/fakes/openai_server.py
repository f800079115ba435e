"""An OpenAI-compatible server on loopback: ``/v1/chat/completions``, streamed and whole.

Used like ``gemini_server``; ``OPENAI_BASE_URL`` is ``origin + "/v1"``.
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

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def sse(data: Any) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


class OpenAIDialect(Dialect):
    """Args: ``streams``: false for a server that answers whole whatever it is asked."""

    def __init__(self, *, streams: bool = True) -> None:
        self._streams = streams
        self._calls: dict[int, int] = {}

    def known(self, request: Request) -> bool:
        return request.path == "/v1/chat/completions" and request.method == "POST"

    def streams(self, request: Request) -> bool:
        return self._streams and bool(request.body.get("stream"))

    def _delta(self, request: Request, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return sse(self._base(request) | {"object": "chat.completion.chunk", "choices": [choice]})

    def _base(self, request: Request) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "created": 1, "model": request.body["model"]}

    def events(self, step: Step, request: Request) -> list[bytes]:
        match step:
            case Say(text):
                return [self._delta(request, {"content": text})]
            case Think(text):
                return [self._delta(request, {"reasoning_content": text})]
            case Call():
                return self._call(step, request)
            case Chunk(data):
                return [sse(data)]
            case Raw(data):
                return [data]
            case Fail():
                return [sse(self.error(step))]
            case End(None):
                return []
            case End(reason, usage):
                return self._end(request, reason, usage)
            case _:
                raise AssertionError(step)

    def _call(self, step: Call, request: Request) -> list[bytes]:
        index = self._calls.get(id(request), 0)
        self._calls[id(request)] = index + 1
        text = json.dumps(step.args)
        first = {
            "index": index,
            "id": step.call_id or f"call_{index}",
            "type": "function",
            "function": {"name": step.name, "arguments": ""},
        }
        pieces = [text[at : at + step.pieces] for at in range(0, len(text), step.pieces)]
        rest = [{"index": index, "function": {"arguments": piece}} for piece in pieces]
        return [self._delta(request, {"tool_calls": [piece]}) for piece in (first, *rest)]

    def _end(self, request: Request, reason: str | None, usage: dict[str, Any] | None) -> list[bytes]:
        events = [self._delta(request, {}, reason)]
        if (request.body.get("stream_options") or {}).get("include_usage"):
            last: dict[str, Any] = {
                "object": "chat.completion.chunk",
                "choices": [],
                "usage": usage or USAGE,
            }
            events.append(sse(self._base(request) | last))
        return [*events, b"data: [DONE]\n\n"]

    def whole(self, reply: Reply, request: Request) -> Any:
        message: dict[str, Any] = {"role": "assistant", "content": ""}
        for step in reply:
            match step:
                case Say(text):
                    message["content"] += text
                case Tokens(tokens):
                    message["content"] += "".join(tokens)
                case Think(text):
                    message["reasoning_content"] = message.get("reasoning_content", "") + text
                case Call(name, args, _, call_id):
                    function = {"name": name, "arguments": json.dumps(args)}
                    calls = message.setdefault("tool_calls", [])
                    calls.append(
                        {"id": call_id or f"call_{len(calls)}", "type": "function", "function": function}
                    )
                case Chunk(data) | Raw(data):
                    return data
                case End(reason, usage):
                    choice = {"index": 0, "message": message, "finish_reason": reason}
                    return self._base(request) | {"choices": [choice], "usage": usage or USAGE}
                case _:
                    raise AssertionError(step)
        return self._base(request) | {"choices": []}

    def error(self, fail: Fail) -> Any:
        return {"error": {"message": fail.message, "type": "fake_error", "code": fail.name or fail.status}}


def openai_server(*replies: Reply, fallback: Reply | None = None, streams: bool = True) -> WireServer:
    return WireServer(OpenAIDialect(streams=streams), replies, fallback=fallback)


def main(argv: Sequence[str] | None = None) -> None:
    from tests.fakes import reply_spec

    reply_spec.main(OpenAIDialect(), "/v1", argv)


if __name__ == "__main__":
    main()
