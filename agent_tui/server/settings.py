"""How the server is to behave: plain values, decided elsewhere, checked here."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent_tui.errors import ConfigError

if TYPE_CHECKING:
    from limits import RateLimitItem

OWNER = "owner"
"""The tenant who started the server: theirs is every session that no other tenant made."""

SHORTEST_TOKEN = 16
"""Characters of a token that may be used where others can knock."""

_TOKEN = re.compile(r"([a-z0-9][a-z0-9_-]{0,31}):sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Token:
    """Who may come in, and the SHA-256 of what they show. The token itself is not kept."""

    tenant: str
    digest: bytes

    @classmethod
    def of(cls, secret: str, tenant: str = OWNER) -> Token:
        return cls(tenant, hashlib.sha256(secret.encode()).digest())

    @classmethod
    def parse(cls, text: str) -> Token:
        """Reads ``NAME:sha256:HEX``, as the configuration has it.

        Raises:
            ConfigError: It is not one.
        """
        match = _TOKEN.fullmatch(text.strip())
        if match is None:
            raise ConfigError(
                "server.tokens holds something that is not NAME:sha256:HEX",
                hint="make the HEX with: printf %s TOKEN | sha256sum",
                code="server_token",
            )
        return cls(match[1], bytes.fromhex(match[2]))


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Everything the server can be told. Times are seconds, sizes are bytes.

    Attributes:
        tokens: Who may come in; with none, everybody who reaches the address is the owner.
        owners_file: Remembers which tenant made which session; None forgets it with the process.
        idle_s: A session that nobody used or followed for so long is closed; the journal keeps it.
        grace_s: How long runs may go on after the signal to stop.
        stream_age_s: Longest life of one event stream; clients come back where they were.
        send_timeout_s: A stream that takes nothing for so long is dropped.
        rate: Requests of one token, as ``limits`` writes it: ``600/minute``.
        allowed_hosts: Names by which the server may be called, beside its address and loopback's.
        origins: Web pages that may call it from a browser (CORS).
        access_log: Log every request.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    tokens: tuple[Token, ...] = ()
    owners_file: Path | None = None
    max_sessions: int = 1000
    idle_s: float = 3600.0
    grace_s: float = 30.0
    max_streams: int = 1000
    max_session_streams: int = 64
    stream_age_s: float = 3600.0
    ping_s: float = 15.0
    send_timeout_s: float = 20.0
    rate: str = "1200/minute"
    max_body: int = 1_000_000
    allowed_hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    access_log: bool = True

    @property
    def silence_s(self) -> float:
        """How long a client may acknowledge nothing before it is given up."""
        return self.ping_s + self.send_timeout_s

    @property
    def needs_token(self) -> bool:
        return bool(self.tokens) or not is_loopback(self.host)

    def check(self) -> None:
        """Refuses what would let strangers in, and what cannot be meant.

        Raises:
            ConfigError: The address can be reached by others and there is no token, or the rate is none.
        """
        rate_of(self.rate)
        if not is_loopback(self.host) and not self.tokens:
            raise ConfigError(
                f"listening on {self.host} without a token would let anybody in",
                hint="give --token, or set server.tokens",
                code="server_open",
            )


def rate_of(text: str) -> RateLimitItem:
    """Reads a rate such as ``600/minute``.

    Raises:
        ConfigError: It is none.
    """
    from limits import parse  # of the extra, without which other settings are looked at too

    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"server.rate: {text!r} is no rate", hint="write it as 600/minute") from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def tokens_of(texts: Iterable[str], secret: str | None, host: str) -> tuple[Token, ...]:
    """The tokens of the configuration and the one of the command line.

    Raises:
        ConfigError: One cannot be read, two are of one name, or the given one is too easily guessed.
    """
    tokens = [Token.parse(text) for text in texts]
    if secret is not None:
        if len(secret) < (1 if is_loopback(host) else SHORTEST_TOKEN):
            raise ConfigError(
                f"the token is shorter than {SHORTEST_TOKEN} characters",
                hint="make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
                code="server_token",
            )
        tokens.append(Token.of(secret))
    if len({token.digest for token in tokens}) < len(tokens):
        raise ConfigError(
            "two entries of server.tokens have the same token",
            hint="give each tenant its own",
            code="server_token",
        )
    return tuple(tokens)
