"""Text that no wire can carry, addresses that are none, numbers that JSON does not have."""

import pytest

from agent_tui.errors import ConfigError, ModelAuthError, ModelUnavailable
from agent_tui.llm import router
from agent_tui.llm.gemini import GeminiClient
from agent_tui.llm.messages import Message, TextDelta, ToolCall, ToolResult, assistant, system, user
from agent_tui.llm.openai import OpenAIClient
from agent_tui.llm.sendable import clean_json, read_object
from agent_tui.safetext import encodable
from tests.fakes.calls import HELLO, gemini, openai, parts_of
from tests.fakes.gemini_server import gemini_server
from tests.fakes.openai_server import openai_server
from tests.fakes.wire_server import Call, End, Raw

LONE = "a\ud800b"
CALL = ToolCall("c", "f", {LONE: [LONE, float("nan")]})
HOSTILE = [
    system(LONE),
    user(LONE),
    assistant(LONE),
    Message("assistant", (CALL,)),
    Message("tool", (ToolResult("c", "f", LONE),)),
    user("go on"),
]


def test_text_that_has_no_utf_8_is_mended():
    assert encodable("plain") == "plain"
    assert encodable("日本 🚀") == "日本 🚀"
    assert encodable(LONE) == "a\ufffdb"
    assert encodable("\ud83d\ude80") == "🚀"
    assert clean_json({LONE: (1, float("inf"), LONE)}) == {"a\ufffdb": [1, None, "a\ufffdb"]}


@pytest.mark.parametrize("text", ["", "[1]", '{"a": NaN}', '{"a": ', "[" * 100_000])
def test_what_is_no_json_object(text: str):
    assert read_object(text) is None


@pytest.mark.parametrize(("serve", "call"), [(gemini_server, gemini), (openai_server, openai)])
async def test_half_a_surrogate_pair_is_sent_as_a_replacement(quiet_loop, serve, call):
    with serve() as server:
        async with call(server) as client:
            await client.generate(HOSTILE)
    assert "a\ufffdb" in str(server.requests[0].body)
    assert "ud800" not in str(server.requests[0].body)


async def test_half_a_surrogate_pair_that_arrives_is_replaced(quiet_loop):
    raw = Raw(b'data: {"choices":[{"delta":{"content":"x\\ud83dy"}}]}\n\n')
    with openai_server([raw, Call("f", {"a": "\ud800"}), End("stop")]) as server:
        async with openai(server) as client:
            parts = await parts_of(client)
    assert parts[0] == TextDelta("x\ufffdy")
    assert ToolCall("call_0", "f", {"a": "\ufffd"}) in parts


@pytest.mark.parametrize(
    "url", ["localhost:8080/v1", "ftp://a.org", "http://", "http://[::1", "http://a:b/"]
)
def test_a_base_url_that_is_none(url: str):
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL"):
        OpenAIClient.from_env("m", {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k"})
    with pytest.raises(ConfigError, match="GOOGLE_GEMINI_BASE_URL"):
        GeminiClient.from_env("m", {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "k"})
    (info,) = [i for i in router.available_models({"OPENAI_BASE_URL": url}) if i.provider == "openai"]
    assert not info.usable
    assert "OPENAI_BASE_URL" in info.reason


@pytest.mark.parametrize("proxy", ["gopher://p:1", "socks5://p:1"])
async def test_a_proxy_that_cannot_be_used(quiet_loop, proxy: str):
    client = OpenAIClient("m", base_url="https://a.org/v1", proxy=proxy)
    with pytest.raises(ConfigError, match="proxy"):
        await client.generate(HELLO)


@pytest.mark.parametrize("key", ["sk-é", "sk-a\nb", "sk a", '"\x1b'])
def test_a_key_that_no_header_can_carry(key: str):
    for client, variable in ((OpenAIClient, "OPENAI_API_KEY"), (GeminiClient, "GEMINI_API_KEY")):
        with pytest.raises(ModelAuthError, match=variable) as caught:
            client.from_env("m", {variable: key})
        assert key not in str(caught.value)


def test_a_key_in_the_wrong_variable_is_not_repeated():
    with pytest.raises(ConfigError) as caught:
        OpenAIClient.from_env("m", {"OPENAI_BASE_URL": "my-own-secret"})
    assert "secret" not in str(caught.value)


async def test_logins_and_queries_of_addresses_are_not_shown(quiet_loop):
    url = "http://me:hunter2@127.0.0.1:1/v1?token=secret"
    client = OpenAIClient.from_env("m", {"OPENAI_BASE_URL": url})
    with pytest.raises(ModelUnavailable) as caught:
        await client.generate(HELLO)
    reasons = [info.reason for info in router.available_models({"OPENAI_BASE_URL": url})]
    assert "http://127.0.0.1:1/v1" in str(caught.value)
    assert "hunter2" not in str([caught.value, reasons])
    assert "secret" not in str([caught.value, reasons])
