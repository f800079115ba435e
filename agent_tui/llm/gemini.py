"""Gemini on Google's SDK, such that a cancel closes the connection at once wherever it falls.

The SDK (0.5 s to import) is loaded in a thread when the model is first used.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from agent_tui.errors import ModelAuthError
from agent_tui.llm.beside import beside
from agent_tui.llm.client import Capabilities, LLMClient, collect
from agent_tui.llm.endpoint import check_key, check_url, proxy_for, shown_url
from agent_tui.llm.gemini_condense import Condenser
from agent_tui.llm.gemini_dialect import Reader, calls_tools, config, contents, thinks
from agent_tui.llm.messages import (
    CallOptions,
    Message,
    ModelResponse,
    StreamPart,
    ToolDeclaration,
    joined,
)

if TYPE_CHECKING:
    import httpx2

DEFAULT_URL = "https://generativelanguage.googleapis.com"
CONTEXT_TOKENS = 1_048_576


def key_of(env: Mapping[str, str]) -> str | None:
    """The key in force: ``GOOGLE_API_KEY`` before ``GEMINI_API_KEY``, as in Google's SDK."""
    return env.get("GOOGLE_API_KEY") or env.get("GEMINI_API_KEY") or None


def key_notice(env: Mapping[str, str]) -> str | None:
    """What to tell the person when both keys are set and differ."""
    google, gemini = env.get("GOOGLE_API_KEY"), env.get("GEMINI_API_KEY")
    if google and gemini and google != gemini:
        return "GOOGLE_API_KEY and GEMINI_API_KEY are both set; GOOGLE_API_KEY is used"
    return None


@dataclass(frozen=True, slots=True)
class _Opened:
    """The SDK, loaded, with the HTTP client that its calls go through."""

    models: Any
    http: httpx2.AsyncClient
    wire: ModuleType
    errors: ModuleType


def _hush() -> None:
    """Keeps the SDK's remarks on unknown enum values off the terminal: they reach us as ``other``."""
    message = ".* is not a valid "
    warnings.filterwarnings("ignore", message, UserWarning, module=r"google\.genai\._common")


_CONTENTS: Any = [{"role": "user", "parts": [{"text": ""}]}]
"""Stands where the SDK insists on a conversation."""


_EVERYTHING = CallOptions(tools=(ToolDeclaration("f", "", {"type": "object"}),), temperature=0.0)


def _rehearsal(_: httpx2.Request) -> httpx2.Response:
    """A canned answer, for a first call that goes nowhere."""
    import httpx2

    content = {"role": "model", "parts": [{"text": ""}]}
    candidate = {"content": content, "finishReason": "STOP"}
    return httpx2.Response(200, json={"candidates": [candidate], "usageMetadata": {"promptTokenCount": 0}})


def _open(key: str, url: str, proxy: str | None) -> _Opened:
    """Loads everything. Runs in a thread."""
    import httpx2
    from google import genai
    from google.genai import types

    from agent_tui.llm import gemini_errors, wire

    log = logging.getLogger("google_genai")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # else its warnings go to stderr
    http = wire.open_http(url, proxy)
    # Without it the SDK makes one of its own, with certificates, that nobody closes.
    sync_http = httpx2.Client(transport=httpx2.MockTransport(_rehearsal), trust_env=False)
    options = types.HttpOptions(
        api_version="v1beta", base_url=url, httpx_async_client=http, httpx_client=sync_http
    )
    client = genai.Client(api_key=key, vertexai=False, http_options=options)
    # Builds the SDK's validators (70 ms) here and not on the event loop.
    settings = types.GenerateContentConfig.model_validate(config("gemini-2.5-flash", "", _EVERYTHING))
    client.models.generate_content(model="rehearsal", contents=_CONTENTS, config=settings)
    sync_http.close()
    wire.load()
    return _Opened(client.aio.models, http, wire, gemini_errors)


class GeminiClient(LLMClient):
    """One Gemini model.

    Args:
        name: As Google names it: ``gemini-2.5-flash``.
        api_key: Sent as a header, never shown.
        base_url: Without version: ``https://generativelanguage.googleapis.com``.
        proxy: URL of an HTTP proxy, or None.
    """

    def __init__(
        self, name: str, *, api_key: str, base_url: str = DEFAULT_URL, proxy: str | None = None
    ) -> None:
        self.model = f"gemini:{name}"
        name = name.removeprefix("models/")
        self.capabilities = Capabilities(
            native_tools=calls_tools(name),
            thoughts=thinks(name),
            json_schema=True,
            context_tokens=CONTEXT_TOKENS if name.startswith("gemini-") else None,
        )
        self._name = name
        self._key = api_key
        self._url = base_url.rstrip("/")
        self._shown = shown_url(base_url)
        self._proxy = proxy
        self._opened: _Opened | None = None
        self._opening = asyncio.Lock()

    @classmethod
    def from_env(cls, name: str, env: Mapping[str, str]) -> GeminiClient:
        """The model with key, base URL and proxy from ``env``.

        Raises:
            ModelAuthError: There is no key, or what is set cannot be one.
            ConfigError: The base URL is none.
        """
        key = key_of(env)
        if key is None:
            hint = "set GEMINI_API_KEY (https://aistudio.google.com/apikey), or use `-m demo`"
            raise ModelAuthError("no key for Gemini", hint=hint)
        check_key(key, "GOOGLE_API_KEY" if env.get("GOOGLE_API_KEY") else "GEMINI_API_KEY")
        url = check_url(env.get("GOOGLE_GEMINI_BASE_URL") or DEFAULT_URL, "GOOGLE_GEMINI_BASE_URL")
        return cls(name, api_key=key, base_url=url, proxy=proxy_for(url, env))

    async def warm_up(self) -> None:
        await self._open()

    async def _open(self) -> _Opened:
        async with self._opening:
            if self._opened is None:
                self._opened = await asyncio.to_thread(_open, self._key, self._url, self._proxy)
        _hush()
        return self._opened

    def _request(self, messages: Sequence[Message], options: CallOptions) -> dict[str, Any]:
        system, turns = contents(messages)
        settings = config(self._name, system, options)
        # Through the SDK's models each part would hold the event loop for 0.15 ms, in every step anew.
        settings["http_options"] = {"extra_body": {"contents": turns}}
        return {"model": self._name, "contents": _CONTENTS, "config": settings}

    async def stream(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> AsyncGenerator[StreamPart, None]:
        opened = await self._open()
        request = await beside(messages, self._request, messages, options)

        async def start() -> AsyncIterator[Any]:
            responses: AsyncIterator[Any] = await opened.models.generate_content_stream(**request)
            return responses

        reader = Reader(self._name)
        exchange = opened.wire.Exchange(options.timeout_s, lambda: Condenser().feed)
        pump = opened.wire.Pump(start, exchange)
        try:
            async for responses in pump:
                for part in joined(part for response in responses for part in reader.read(response)):
                    yield part
        except opened.errors.FOREIGN as error:
            raise opened.errors.translate(error, self._key, self._name, self._shown) from None
        finally:
            await pump.aclose()
        yield reader.finish()

    async def generate(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> ModelResponse:
        opened = await self._open()
        request = await beside(messages, self._request, messages, options)
        exchange = opened.wire.Exchange(options.timeout_s)
        try:
            with exchange.current():
                async with asyncio.timeout(options.timeout_s):
                    response = await opened.models.generate_content(**request)
        except opened.errors.FOREIGN as error:
            raise opened.errors.translate(error, self._key, self._name, self._shown) from None
        finally:
            exchange.cut()
            await exchange.aclose()
        reader = Reader(self._name)
        parts = reader.read(response)
        return collect([*parts, reader.finish()])

    async def aclose(self) -> None:
        if self._opened is not None:
            await self._opened.http.aclose()
