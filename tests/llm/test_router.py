"""From a model's name to a client, and what can be said about models without calling one."""

import subprocess
import sys

import pytest

from agent_tui.errors import ModelAuthError, NotFoundError, UsageError
from agent_tui.llm import router
from agent_tui.llm.gemini import GeminiClient
from agent_tui.llm.openai import OpenAIClient

LOCAL = {"OPENAI_BASE_URL": "http://127.0.0.1:8080/v1"}


@pytest.mark.parametrize(
    ("model", "provider", "name"),
    [
        ("gemini:gemini-2.5-flash", "gemini", "gemini-2.5-flash"),
        ("openai:org/model:free", "openai", "org/model:free"),
        ("script:/tmp/a:b.txt", "script", "/tmp/a:b.txt"),
        (" demo ", "demo", ""),
    ],
)
def test_parse(model: str, provider: str, name: str):
    ref = router.parse(model)
    assert (ref.provider, ref.name) == (provider, name)
    assert str(ref) == model.strip()


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        ("gemini-2.5-pro", "did you mean gemini:gemini-2.5-pro?"),
        ("gpt-5", "did you mean openai:gpt-5?"),
        ("gemini:", "gemini:NAME"),
        ("claude:x", "gemini:NAME"),
        ("", "gemini:NAME"),
        ("demo:x", "gemini:NAME"),
    ],
)
def test_a_name_of_no_known_form_says_which_there_are(model: str, hint: str):
    with pytest.raises(UsageError) as caught:
        router.parse(model)
    assert hint in caught.value.hint


def test_clients_of_the_providers(tmp_path):
    gemini = router.make_client("gemini:gemini-2.5-flash", {"GEMINI_API_KEY": "k"}, tmp_path)
    assert isinstance(gemini, GeminiClient)
    assert gemini.model == "gemini:gemini-2.5-flash"
    assert gemini.capabilities.native_tools
    local = router.make_client("openai:qwen", LOCAL, tmp_path)
    assert isinstance(local, OpenAIClient)
    assert local.model == "openai:qwen"


def test_the_offline_models(tmp_path):
    assert router.make_client("demo", {}, tmp_path).model == "demo"
    with pytest.raises(NotFoundError, match=r"talk\.jsonl"):
        router.make_client("script:talk.jsonl", {}, tmp_path)


@pytest.mark.parametrize(
    ("model", "env"),
    [
        ("gemini:gemini-2.5-flash", {}),
        ("gemini:gemini-2.5-flash", {"GEMINI_API_KEY": ""}),
        ("openai:gpt-5", {}),
        ("openai:x", {"OPENAI_BASE_URL": "https://llm.example.org/v1"}),
    ],
)
def test_a_missing_key_says_which(model: str, env: dict[str, str], tmp_path):
    with pytest.raises(ModelAuthError) as caught:
        router.make_client(model, env, tmp_path)
    assert "_API_KEY" in caught.value.hint
    assert caught.value.exit_code == 2


def test_the_process_environment_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "from the process")
    with pytest.raises(ModelAuthError):
        router.make_client("gemini:gemini-2.5-flash", {}, tmp_path)


def test_default_model():
    assert router.default_model("openai:x", {"GEMINI_API_KEY": "k"}) == "openai:x"
    assert router.default_model(None, {"GEMINI_API_KEY": "k"}) == router.DEFAULT_GEMINI
    assert router.default_model(None, {"GOOGLE_API_KEY": "k"}) == router.DEFAULT_GEMINI
    assert router.default_model("", {"OPENAI_API_KEY": "k"}) == "demo"
    assert router.default_model(None, {}) == "demo"


def test_two_keys_for_gemini_are_told():
    both = {"GOOGLE_API_KEY": "a", "GEMINI_API_KEY": "b"}
    (notice,) = router.notices("gemini:gemini-2.5-flash", both)
    assert "GOOGLE_API_KEY is used" in notice
    assert "a" not in notice.split()
    assert router.notices("demo", both) == ()
    assert router.notices("gemini:x", {"GOOGLE_API_KEY": "a", "GEMINI_API_KEY": "a"}) == ()


def usable(env: dict[str, str]) -> dict[str, bool]:
    return {info.model: info.usable for info in router.available_models(env)}


def test_available_models_say_why_not():
    for info in router.available_models({}):
        assert info.reason
        if info.provider in ("gemini", "openai"):
            assert not info.usable
            assert "_API_KEY" in info.reason
        else:
            assert info.usable


def test_available_models_follow_the_environment():
    assert usable({"GEMINI_API_KEY": "k"})["gemini:gemini-2.5-flash"]
    assert usable({"OPENAI_API_KEY": "k"})["openai:gpt-5"]
    assert usable(LOCAL)["openai:NAME"]
    assert not usable({"OPENAI_BASE_URL": "https://llm.example.org/v1"})["openai:NAME"]


def test_listing_models_loads_no_sdk_and_no_http():
    heavy = "{'google.genai', 'openai', 'httpx2', 'pydantic_settings', 'textual'}"
    code = (
        "import sys, agent_tui.llm.router as r; r.available_models({}); "
        f"r.make_client('openai:x', {LOCAL!r}, None); print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
