"""What every request passes before a route sees it: where it comes from, whose it is, how much it is.

Plain ASGI, so that a stream pays for nothing of it but one call a chunk.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent_tui.server.access import Access
from agent_tui.server.problems import Refused, from_error
from agent_tui.server.settings import OWNER, ServeSettings, is_loopback, rate_of

OPEN_PATHS = {"/health"}
"""What needs no token, and is not counted: strangers must not be able to make a live server look dead."""

_WILDCARDS = {"0.0.0.0", "::", ""}
_BAD_TOKENS = "20/minute"
_LINGER_S = 2.0
_LINGER_BYTES = 1 << 20
"""How long, and for how much, the rest of a request is waited for that was answered before it was whole."""


class Gate:
    """Checks requests and hands them on.

    Args:
        app: Serves what passes.
        settings: Decide what passes.

    Raises:
        ConfigError: The rate is not one.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._settings = settings
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._rate = rate_of(settings.rate)
        self._bad_tokens = rate_of(_BAD_TOKENS)
        self._hosts = _hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        access = Access(scope, headers, log=self._settings.access_log)
        scope.setdefault("state", {})
        body = _Bounded(receive, self._settings.max_body, self._settings.silence_s)
        answering = access.sending(send)
        if _has_body(headers):
            answering = body.before_the_end(answering)
        try:
            try:
                self._check_host(headers)
                self._check_origin(headers)
                tenant = await self._tenant(scope, headers)
                access.tenant = scope["state"]["tenant"] = tenant
                scope["state"]["count_bytes"] = access.count
                if scope["path"] not in OPEN_PATHS:
                    await self._check_rate(f"tenant/{tenant}", self._rate)
                self._check_size(headers)
            except Refused as error:
                await from_error(error)(scope, receive, answering)
                return
            await self._app(scope, body, answering)
        finally:
            access.end()

    def _check_host(self, headers: Mapping[str, str]) -> None:
        name = _host_name(headers.get("host", ""))
        if name in self._hosts or is_loopback(name):
            return
        if self._settings.host in _WILDCARDS and _is_address(name):
            return  # DNS rebinding needs a name
        raise Refused(
            421, "bad_host", "this server is not called that", hint="add the name to server.allowed_hosts"
        )

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        origin = headers.get("origin")
        if origin is None or origin in self._settings.origins:
            return
        if origin != "null" and _place(origin) == headers.get("host", "").lower():
            return
        raise Refused(403, "bad_origin", "web pages of other sites may not call this server")

    async def _tenant(self, scope: Scope, headers: Mapping[str, str]) -> str:
        if not self._settings.tokens or scope["path"] in OPEN_PATHS or _is_preflight(scope, headers):
            return OWNER if not self._settings.tokens else ""
        client = (scope.get("client") or ("", 0))[0]
        kind, _, secret = headers.get("authorization", "").partition(" ")
        shown = hashlib.sha256(secret.strip().encode("utf-8", "replace")).digest()
        found = ""
        for token in self._settings.tokens:  # all of them, so that the time tells nothing
            if hmac.compare_digest(shown, token.digest):
                found = token.tenant
        if found and kind.lower() == "bearer":
            return found
        await self._check_rate(f"bad/{client}", self._bad_tokens)
        raise Refused(401, "unauthorized", "a bearer token is needed", hint="send Authorization: Bearer …")

    async def _check_rate(self, key: str, rate: RateLimitItem) -> None:
        if not await self._limiter.hit(rate, key):
            window = await self._limiter.get_window_stats(rate, key)
            delay = max(1.0, window.reset_time - time.time())
            raise Refused(429, "rate_limited", "too many requests", retry_after_s=delay)

    def _check_size(self, headers: Mapping[str, str]) -> None:
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._settings.max_body:
            limit = self._settings.max_body
            raise Refused(413, "too_large", f"a request may hold up to {limit} bytes")


class _Bounded:
    """Reads a body up to a limit, also one that does not say how long it is, and for so long.

    What it raises is raised inside of a route, where only this kind of exception gets through.
    """

    def __init__(self, receive: Receive, limit: int, patience_s: float) -> None:
        self._receive = receive
        self._limit = limit
        self._read = 0
        self._whole = False
        self._patience_s = patience_s
        self._end = asyncio.get_running_loop().time() + patience_s

    async def __call__(self) -> Message:
        message = await (self._receive() if self._whole else self._in_time())
        if message["type"] == "http.request":
            self._whole = not message.get("more_body", False)
            self._read += len(message.get("body", b""))
            if self._read > self._limit:
                detail = f"a request may hold up to {self._limit} bytes"
                raise HTTPException(413, detail, {"connection": "close"})
        return message

    def before_the_end(self, send: Send) -> Send:
        """``send``, which ends an answer to half a request only when the rest of the request has come.

        The answer's end closes the connection. A client that writes meanwhile would be reset, and lose
        the answer that tells it why.
        """

        async def sending(message: Message) -> None:
            ends = message["type"] == "http.response.body" and not message.get("more_body", False)
            if not ends or self._whole:
                await send(message)
                return
            await send({**message, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(_LINGER_S):
                    await self._drop_rest()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        return sending

    async def _drop_rest(self) -> None:
        dropped = 0
        while not self._whole and dropped < _LINGER_BYTES:
            message = await self._receive()
            dropped += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)  # also when it is told that nobody is there

    async def _in_time(self) -> Message:
        try:
            async with asyncio.timeout_at(self._end):
                return await self._receive()
        except TimeoutError:
            detail = f"the request was not whole after {self._patience_s:g} s"
            raise HTTPException(408, detail, {"connection": "close"}) from None


def _has_body(headers: Mapping[str, str]) -> bool:
    """Whether a body is on its way that was not asked about first."""
    return ("transfer-encoding" in headers or headers.get("content-length", "0") != "0") and (
        "expect" not in headers
    )


def _hosts(settings: ServeSettings) -> frozenset[str]:
    names = {settings.host.lower(), *(name.lower() for name in settings.allowed_hosts)}
    if settings.host in _WILDCARDS:
        names.add(socket.gethostname().lower())
    return frozenset(names - _WILDCARDS)


def _host_name(header: str) -> str:
    """The name in a Host header, without port and brackets."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def _place(origin: str) -> str | None:
    """Host and port of an origin, as a Host header has them; None if it is no address."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_preflight(scope: Scope, headers: Mapping[str, str]) -> bool:
    return scope["method"] == "OPTIONS" and "access-control-request-method" in headers


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
