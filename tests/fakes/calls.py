"""Calling a model in a test: everything a stream gives, and a clean way to start one and leave it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from agent_tui.llm.client import LLMClient
from agent_tui.llm.gemini import GeminiClient
from agent_tui.llm.messages import CallOptions, StreamPart, TextDelta, joined, user
from agent_tui.llm.openai import OpenAIClient
from tests.fakes.wire_server import WireServer

KEY = "test-key-0123456789"
HELLO = [user("hello")]


@asynccontextmanager
async def gemini(server: WireServer, name: str = "gemini-2.5-flash") -> AsyncIterator[GeminiClient]:
    client = GeminiClient(name, api_key=KEY, base_url=server.origin)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def openai(server: WireServer, name: str = "some-model") -> AsyncIterator[OpenAIClient]:
    client = OpenAIClient(name, api_key=KEY, base_url=server.origin + "/v1")
    try:
        yield client
    finally:
        await client.aclose()


async def parts_of(client: LLMClient, options: CallOptions = CallOptions()) -> list[StreamPart]:
    """All parts of one streamed answer; text is in one piece, since its pieces are a matter of time."""
    async with aclosing(client.stream(HELLO, options)) as stream:
        return list(joined([part async for part in stream]))


async def until_error(client: LLMClient, seen: list[StreamPart]) -> None:
    """Streams into ``seen``; the caller expects it to raise."""
    async with aclosing(client.stream(HELLO)) as stream:
        async for part in stream:
            seen.append(part)


def text_of(parts: list[StreamPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, TextDelta))
