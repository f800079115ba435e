"""Requests to a server and their answers, its errors turned back into ours. It knows no session."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from agent_tui import __version__, errors
from agent_tui.errors import (
    AgentTuiError,
    ConfigError,
    ConflictError,
    ModelUnavailable,
    NotFoundError,
    UsageError,
)
from agent_tui.safetext import encodable

CONNECT_S = 10.0
ANSWER_S = 60.0
"""How long an answer may take; a cancel is only answered when everything has stopped."""
QUIET_S = 45.0
"""A stream that brings nothing for so long, not even a ping, is dead."""
_KEEPALIVE_S = 2.0
"""Less than servers keep an idle connection, so that no request meets one that is being closed."""
_AGAIN_S = (0.1, 0.4)
_LONGEST_WAIT_S = 10.0
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


class ConnectionFailed(AgentTuiError):
    """The server cannot be reached, or the connection to it broke.

    Args:
        sent: Whether the server may have got the request all the same.
    """

    code = "connection"
    http_status = 502
    retryable = True

    def __init__(self, message: str, *, hint: str = "", sent: bool = True) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class ServerRefused(AgentTuiError):
    """The server will not do it, for a reason that only servers have.

    Args:
        status: The HTTP status of the answer.
        retry_after_s: When to try again, in seconds, if the server said so.
    """

    code = "server"

    def __init__(
        self, message: str, *, status: int, code: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.http_status = status
        self.retry_after_s = retry_after_s
        self.retryable = status in (429, 502, 503, 504)


def server_url(text: str) -> str:
    """The address of a server as a URL without a slash at its end; ``http`` if it names no scheme.

    Raises:
        UsageError: It is not one.
    """
    url = text.strip() if "://" in text else f"http://{text.strip()}"
    try:
        parts = urlsplit(url)
        bad = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:
        bad = True
    if bad or parts.query or parts.fragment or re.search(r"\s", url):
        raise UsageError(f"{text!r} is not the address of a server", hint="write http://HOST:PORT")
    if parts.username or parts.password:
        raise UsageError("an address with a name or password in it", hint="give the token with --token")
    return url.rstrip("/")


class Wire:
    """One server, by one client.

    Args:
        url: Where it is; see ``server_url``.
        token: Shown with every request.

    Raises:
        UsageError: The address or the token cannot be sent.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        import ssl

        import httpx2

        self.url = server_url(url)
        self.closed = False
        headers = {"user-agent": f"agent-tui/{__version__}", "accept-encoding": "gzip"}
        here = is_loopback(urlsplit(self.url).hostname or "")
        if here:
            headers["accept-encoding"] = "identity"
        if token:
            if not token.isascii() or not token.isprintable():
                raise UsageError("the token holds characters that no token has")
            headers["authorization"] = f"Bearer {token}"
        verify: ssl.SSLContext | bool = True
        if here and self.url.startswith("http:"):  # no certificate is looked at: reading all takes 20 ms
            verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = httpx2.AsyncClient(
            headers=headers,
            verify=verify,
            timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEEPALIVE_S),
            trust_env=not here,  # a proxy has no business between this machine and itself
        )

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> bytes:
        """One request; the body of its answer. What can safely be asked twice is tried again.

        Raises:
            AgentTuiError: What the server says is wrong, as the façade would.
            ConnectionFailed: It did not answer.
        """
        import httpx2

        content = None if body is None else _json(body)
        headers = {} if content is None else {"content-type": "application/json"}
        for delay in (*_AGAIN_S, None):
            self.check_open()
            try:
                response = await self._client.request(
                    method, self.url + path, content=content, params=params, headers=headers
                )
            except httpx2.HTTPError as error:
                self.check_open()
                hangs = isinstance(error, httpx2.TimeoutException)
                unsent = isinstance(error, httpx2.ConnectError)
                if delay is None or hangs or not (unsent or method == "GET"):
                    raise self._failed(error) from error
            except RuntimeError as error:  # the client was closed under the request
                self.check_open()
                raise self._failed(error) from error
            else:
                if response.is_success:
                    return response.content
                problem = error_of(response.status_code, response.headers, response.content)
                wait = getattr(problem, "retry_after_s", None)
                if delay is None or method != "GET" or wait is None or wait > _LONGEST_WAIT_S:
                    raise problem
                delay = wait
            await asyncio.sleep(delay)
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str | int], headers: Mapping[str, str]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """A stream of bytes as they come.

        Raises:
            AgentTuiError: The server refused it.
            ConnectionFailed: It could not be opened, or it broke.
        """
        import httpx2

        self.check_open()
        timeout = httpx2.Timeout(QUIET_S, connect=CONNECT_S)
        try:
            async with self._client.stream(
                "GET", self.url + path, params=params, headers=headers, timeout=timeout
            ) as response:
                if response.status_code != HTTPStatus.OK:
                    content = await response.aread()
                    raise error_of(response.status_code, response.headers, content)
                kind = response.headers.get("content-type", "").partition(";")[0].strip()
                if kind != "text/event-stream":
                    raise ServerRefused(f"{self.url} answers with no event stream", status=502)
                yield response.aiter_bytes()
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> ConnectionFailed:
        import httpx2

        match error:
            case httpx2.ConnectError() if "SSL" in str(error):
                return ConnectionFailed(
                    f"no secure connection to {self.url}: {error}",
                    hint="see whether it speaks https",
                    sent=False,
                )
            case httpx2.ConnectError() | httpx2.ConnectTimeout():
                what = "cannot be reached"
            case httpx2.TimeoutException():
                what = "does not answer"
            case _:
                what = "broke the connection"
        unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
        return ConnectionFailed(
            f"the server at {self.url} {what}", hint="see whether it still runs", sent=not unsent
        )

    def check_open(self) -> None:
        """Refuses once this side has been closed."""
        if self.closed:
            raise ConflictError("the connection to the server is closed")

    async def aclose(self) -> None:
        """Ends every request and every stream."""
        self.closed = True
        await self._client.aclose()


def error_of(status: int, headers: Mapping[str, str], content: bytes) -> AgentTuiError:
    """The error that an answer means: ours by its ``code``, else the nearest by its status."""
    try:
        problem = json.loads(content)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    code, detail = str(problem.get("code", "")), str(problem.get("detail", ""))
    if not _CODE.fullmatch(code):
        phrase = next((known.phrase for known in HTTPStatus if known == status), "")
        return ServerRefused(
            f"the server answered {status} {phrase}".rstrip(), status=status, retry_after_s=_wait(headers)
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return ConfigError(
            "the server wants a token, and this is none of its own",
            hint="give it with --token, or set AGENT_TUI_TOKEN",
            code=code,
        )
    kind = _tree().get(code)
    if kind is ModelUnavailable:
        return ModelUnavailable(detail, retry_after_s=_wait(headers))
    if kind is None:
        kind = _BY_STATUS.get(status)
    if kind is None:
        return ServerRefused(detail, status=status, code=code, retry_after_s=_wait(headers))
    return kind(detail, code=code)


_BY_STATUS: dict[int, type[AgentTuiError]] = {
    400: UsageError,
    404: NotFoundError,
    405: UsageError,
    409: ConflictError,
    413: UsageError,
    422: UsageError,
}


@cache
def _tree() -> dict[str, type[AgentTuiError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {kind.code: kind for kind in kinds if issubclass(kind, AgentTuiError)}


def _wait(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return float(text) if text.isdigit() and len(text) < 6 else None


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(_encodable(body)).encode()


def _encodable(value: Any) -> Any:
    """``value`` with every text in it fit for UTF-8, as the journal would make it."""
    match value:
        case str():
            return encodable(value)
        case Mapping():
            return {encodable(str(key)): _encodable(item) for key, item in value.items()}
        case list() | tuple():
            return [_encodable(item) for item in value]
        case _:
            return value


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
