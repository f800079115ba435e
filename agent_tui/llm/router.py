"""From a model's name to a client. Imports a provider only when one of its models is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_tui.errors import ConfigError, NotFoundError, UsageError
from agent_tui.llm.client import LLMClient
from agent_tui.llm.endpoint import check_url, is_local, shown_url
from agent_tui.llm.gemini import CONTEXT_TOKENS, key_notice, key_of
from agent_tui.llm.openai import DEFAULT_URL as OPENAI_URL

DEMO = "demo"
DEFAULT_GEMINI = "gemini:gemini-2.5-flash"
FORMS = "gemini:NAME, openai:NAME, demo or script:FILE"

_GEMINI = (
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-flash-latest",
    "gemini-pro-latest",
)
_OPENAI = ("gpt-4.1", "gpt-4.1-mini", "gpt-5", "gpt-5-mini")
_NAMED = frozenset({"gemini", "openai", "script"})


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model as the person names it, taken apart. ``name`` is empty for ``demo``."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}" if self.name else self.provider


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One line of ``agent-tui models``.

    Attributes:
        model: As ``-m`` takes it; for a provider whose models are not known here, ``openai:NAME``.
        provider: Who serves it.
        usable: Whether a call could be made now, as far as can be told without making one.
        reason: Why not; for a usable one, what it goes by (which key, which URL).
        context_tokens: What it can hold, where that is known.
    """

    model: str
    provider: str
    usable: bool
    reason: str
    context_tokens: int | None = None


def parse(model: str) -> ModelRef:
    """Takes ``provider:name`` apart.

    Raises:
        UsageError: It is of none of the known forms.
    """
    text = model.strip()
    if text == DEMO:
        return ModelRef(DEMO, "")
    provider, _, name = text.partition(":")
    if provider in _NAMED and name:
        return ModelRef(provider, name)
    if provider in _NAMED:
        raise UsageError(f"no name in model {model!r}", hint=f"models are {FORMS}")
    if text.startswith("gemini-"):
        raise UsageError(f"no provider in model {model!r}", hint=f"did you mean gemini:{text}?")
    if text.startswith(("gpt-", "o3", "o4")):
        raise UsageError(f"no provider in model {model!r}", hint=f"did you mean openai:{text}?")
    raise UsageError(f"unknown model {model!r}", hint=f"models are {FORMS}")


def make_client(model: str, env: Mapping[str, str], cwd: Path) -> LLMClient:
    """A client for ``model``, with keys and addresses from ``env``. Opens no connection.

    Raises:
        UsageError: The name is of no known form.
        ModelAuthError: The provider needs a key and there is none.
        ConfigError: A base URL in ``env`` is none.
        NotFoundError: ``script:FILE`` names no file.
    """
    ref = parse(model)
    match ref.provider:
        case "gemini":
            from agent_tui.llm.gemini import GeminiClient

            return GeminiClient.from_env(ref.name, env)
        case "openai":
            from agent_tui.llm.openai import OpenAIClient

            return OpenAIClient.from_env(ref.name, env)
        case "script":
            from agent_tui.llm.scripted import ScriptedClient

            path = cwd / Path(ref.name).expanduser()
            if not path.is_file():
                raise NotFoundError(f"no such script: {path}")
            return ScriptedClient.from_file(path)
        case _:
            from agent_tui.llm.demo import DemoClient

            return DemoClient(env)


def context_tokens(model: str) -> int | None:
    """What a model can hold, where that is known without asking it; see ``parse`` for what it raises."""
    match parse(model).provider:
        case "gemini":
            return CONTEXT_TOKENS
        case "demo":
            from agent_tui.llm import demo

            return demo.CONTEXT_TOKENS
        case _:
            return None


def default_model(configured: str | None, env: Mapping[str, str]) -> str:
    """The model when none was named: the configured one, else Gemini if a key is set, else ``demo``."""
    if configured:
        return configured
    return DEFAULT_GEMINI if key_of(env) else DEMO


def notices(model: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """What the person should be told once about using ``model`` with this environment."""
    notice = key_notice(env) if model.startswith("gemini:") else None
    return (notice,) if notice else ()


def available_models(env: Mapping[str, str]) -> list[ModelInfo]:
    """The models that can be named, and whether they could be used now. Makes no network call."""
    return [*_gemini_models(env), *_openai_models(env), *_offline_models()]


def _gemini_models(env: Mapping[str, str]) -> list[ModelInfo]:
    usable = key_of(env) is not None
    if usable:
        reason = "GOOGLE_API_KEY is set" if env.get("GOOGLE_API_KEY") else "GEMINI_API_KEY is set"
    else:
        reason = "no key: set GEMINI_API_KEY"
    return [ModelInfo(f"gemini:{name}", "gemini", usable, reason, CONTEXT_TOKENS) for name in _GEMINI]


def _openai_models(env: Mapping[str, str]) -> list[ModelInfo]:
    url = env.get("OPENAI_BASE_URL") or OPENAI_URL
    try:
        check_url(url, "OPENAI_BASE_URL")
    except ConfigError as error:
        return [ModelInfo("openai:NAME", "openai", False, error.message)]
    if url.rstrip("/") != OPENAI_URL:
        usable = bool(env.get("OPENAI_API_KEY")) or is_local(url)
        reason = (
            f"served by {shown_url(url)}" if usable else f"no key for {shown_url(url)}: set OPENAI_API_KEY"
        )
        return [ModelInfo("openai:NAME", "openai", usable, reason)]
    usable = bool(env.get("OPENAI_API_KEY"))
    reason = "OPENAI_API_KEY is set"
    if not usable:
        reason = "no key: set OPENAI_API_KEY, or OPENAI_BASE_URL to a local server"
    return [ModelInfo(f"openai:{name}", "openai", usable, reason) for name in _OPENAI]


def _offline_models() -> list[ModelInfo]:
    return [
        ModelInfo(DEMO, DEMO, True, "built in, offline: a demonstration, not a language model"),
        ModelInfo("script:FILE", "script", True, "plays the answers written in FILE"),
    ]
