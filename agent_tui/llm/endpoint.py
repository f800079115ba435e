"""What the environment says about reaching a server: proxies, and whether it is on this machine or network.

Reads only the mapping it is given.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from agent_tui.errors import ConfigError, ModelAuthError

_KEY_SHAPES = re.compile(r"AIza[\w-]{10,}|sk-[\w-]{10,}|(?<=key=)[^&\s\"']+|(?<=Bearer )\S+")


def check_url(url: str, variable: str) -> str:
    """``url``, if a request could go there.

    Raises:
        ConfigError: It could not; names the ``variable`` that it came from.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        # Not repeated: keys are put into the wrong variable.
        raise ConfigError(f"{variable} is not a URL", hint="it looks like http://127.0.0.1:8080/v1")
    return url


def check_key(key: str, variable: str) -> str:
    """``key``, if a header can carry it.

    Raises:
        ModelAuthError: It cannot; names the ``variable`` that it came from.
    """
    if not (key.isascii() and key.isprintable()) or " " in key:
        hint = "set it again, without spaces, quotes or line breaks"
        raise ModelAuthError(f"{variable} holds characters that no key has", hint=hint)
    return key


def shown_url(url: str) -> str:
    """``url`` as people may see it: without a login and without a query, which may hold a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def is_local(url: str) -> bool:
    """Whether the server is on this machine or a private network, where keys are seldom asked for."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan"))
    return address.is_private or address.is_loopback


def proxy_for(url: str, env: Mapping[str, str]) -> str | None:
    """The proxy for ``url`` by the usual variables, lower case first; None to go straight."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    skipped = (env.get("no_proxy") or env.get("NO_PROXY") or "").split(",")
    for entry in (item.strip().lstrip(".").lower() for item in skipped):
        if entry == "*" or (entry and (host == entry or host.endswith(f".{entry}"))):
            return None
    if host in {"localhost", "127.0.0.1", "::1"}:
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        if value := env.get(name) or env.get(name.upper()):
            return value if "://" in value else f"http://{value}"
    return None


def redact(text: str, key: str | None) -> str:
    """``text`` without ``key`` and without anything shaped like a key."""
    if key:
        text = text.replace(key, "***")
    return _KEY_SHAPES.sub("***", text)


def one_line(text: str, limit: int = 300) -> str:
    """White space folded, at most ``limit`` characters."""
    folded = " ".join(text.split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"
