"""The ``.env`` of the working folder, read for model keys and addresses and for nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from agent_tui.llm.endpoint import is_local
from agent_tui.paths import read_regular

_PROVIDERS: dict[str, tuple[frozenset[str], str]] = {
    "Gemini": (frozenset({"GEMINI_API_KEY", "GOOGLE_API_KEY"}), "GOOGLE_GEMINI_BASE_URL"),
    "OpenAI": (frozenset({"OPENAI_API_KEY"}), "OPENAI_BASE_URL"),
}
KEYS = frozenset().union(*(keys | {url} for keys, url in _PROVIDERS.values()))
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")


def parse(text: str) -> dict[str, str]:
    """Those of ``KEYS`` that are set in ``text``. Quotes are taken off; nothing is expanded."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is not None and match[1] in KEYS:
            value = _unquote(match[2])
            if value:
                found[match[1]] = value
    return found


def _unquote(value: str) -> str:
    if value[:1] in ("'", '"'):
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value[1:]
    return re.split(r"\s#", value, maxsplit=1)[0].strip()


def merge(
    cwd: Path, environ: Mapping[str, str], *, trusted: bool
) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The environment with what ``.env`` adds to it.

    The real environment wins. An address is ignored unless the folder is trusted or it is this very
    machine's: it would send the person's prompts, files and keys to whoever wrote the folder.

    Returns:
        The merged environment, what ``.env`` added, and notices for the person.
    """
    try:
        text = read_regular(cwd / ".env").decode()
    except FileNotFoundError:
        return dict(environ), {}, []
    except (OSError, UnicodeDecodeError) as error:
        return dict(environ), {}, [f"{cwd / '.env'} was not read: {error}"]
    added = {key: value for key, value in parse(text).items() if not environ.get(key)}
    notices = []
    for provider, (keys, url) in _PROVIDERS.items():
        own_key = any(environ.get(key) for key in keys)
        if url in added and not trusted and (own_key or not is_local(added[url])):
            del added[url]
            what = f"your {provider} key" if own_key else "what you type"
            notices.append(
                f"{url} in .env is ignored: it would send {what} elsewhere; "
                "trust this folder, or set it in your own environment"
            )
    return {**environ, **added}, added, notices
