"""Keys, addresses, proxies and prices: what needs no connection."""

from datetime import UTC, datetime

import pytest

from agent_tui.events.types import Usage
from agent_tui.llm.endpoint import is_local, proxy_for, redact
from agent_tui.llm.gemini import GeminiClient, key_of
from agent_tui.llm.prices import cost_usd, price_of
from agent_tui.llm.retry_after import seconds_of
from tests.fakes.calls import HELLO
from tests.fakes.gemini_server import gemini_server


def test_googles_own_variable_wins():
    assert key_of({"GOOGLE_API_KEY": "a", "GEMINI_API_KEY": "b"}) == "a"
    assert key_of({"GOOGLE_API_KEY": "", "GEMINI_API_KEY": "b"}) == "b"
    assert key_of({}) is None


async def test_the_environment_given_is_used_and_the_process_one_is_not(quiet_loop, monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "wrong")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with gemini_server() as server:
        env = {"GEMINI_API_KEY": "right", "GOOGLE_GEMINI_BASE_URL": server.origin}
        client = GeminiClient.from_env("gemini-2.5-flash", env)
        await client.generate(HELLO)
        await client.aclose()
    assert server.requests[0].headers["x-goog-api-key"] == "right"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://192.168.1.7/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://box.local/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://8.8.8.8/v1", False),
    ],
)
def test_is_local(url: str, local: bool):
    assert is_local(url) is local


@pytest.mark.parametrize(
    ("url", "env", "proxy"),
    [
        ("https://a.org", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a.org", {"https_proxy": "q:2", "HTTPS_PROXY": "http://p:1"}, "http://q:2"),
        ("https://a.org", {"HTTP_PROXY": "http://p:1"}, None),
        ("https://a.org", {"ALL_PROXY": "socks5://p:1"}, "socks5://p:1"),
        ("https://a.org", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "b.org, .a.org"}, None),
        ("https://xa.org", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.org"}, "http://p:1"),
        ("http://127.0.0.1:80", {"HTTP_PROXY": "http://p:1"}, None),
    ],
)
def test_proxy_for(url: str, env: dict[str, str], proxy: str | None):
    assert proxy_for(url, env) == proxy


def test_redact():
    assert redact("key=abc&x https://h/?key=secret", "abc") == "key=***&x https://h/?key=***"
    assert redact("Bearer sometoken", None) == "Bearer ***"


def test_cost():
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000, thought_tokens=1_000_000)
    assert cost_usd("gemini-2.5-flash", usage) == pytest.approx(0.30 + 2 * 2.50)
    assert cost_usd("a-model-of-my-own", usage) is None
    assert price_of("gemini-2.5-pro", 200_001) != price_of("gemini-2.5-pro", 200_000)


@pytest.mark.parametrize(
    "name",
    ["gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash-001", "gemini-2.5-flash-preview-05-20"],
)
def test_versions_have_their_models_price(name: str):
    assert price_of(name) == price_of("gemini-2.5-flash")


def test_dated_openai_models_and_neighbours():
    assert price_of("gpt-4o-2024-08-06") == price_of("gpt-4o")
    assert price_of("gpt-4o-mini") != price_of("gpt-4o")
    assert price_of("gpt-4o-audio") is None


def test_retry_after():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert seconds_of({"retry-after": "Thu, 01 Jan 2026 00:00:30 GMT"}, now) == 30
    assert seconds_of({"retry-after": "Wed, 31 Dec 2025 00:00:30 GMT"}, now) == 0
    assert seconds_of({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert seconds_of({}) is None
