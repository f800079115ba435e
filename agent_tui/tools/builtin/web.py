"""The ``http_get`` tool: one page or document as text.

It asks by default. Link-local addresses, where clouds keep their instance credentials, are never
fetched, neither directly nor through a name or a redirect. Loopback and private addresses are: a
developer's own servers live there. A redirect to another host is not followed but told, so that a
permission for one host is not one for another.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agent_tui.errors import ToolError
from agent_tui.tools.htmltext import html_to_text
from agent_tui.tools.invoke import in_thread
from agent_tui.tools.spec import RetryPolicy, ToolContext, ToolReply, ToolSpec

if TYPE_CHECKING:
    import httpx2

MAX_BYTES = 2_000_000
MAX_REDIRECTS = 5
_BLOCKED = [ipaddress.ip_network(net) for net in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128")]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052, section 2.1
_BLOCKED_ALSO = {ipaddress.ip_address("100.100.100.200")}  # another cloud's metadata service
_TEXTUAL = ("json", "xml", "javascript", "yaml", "toml", "x-www-form-urlencoded", "csv")
_AGAIN = {429, 502, 503, 504}


class HttpUnavailable(ToolError):
    code = "http_unavailable"
    retryable = True


class HttpGetArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    url: str = Field(min_length=1, max_length=8_000, description="http:// or https:// address")


async def http_get(args: HttpGetArgs, context: ToolContext) -> ToolReply:
    import httpx2

    url = args.url.strip()
    headers = {"User-Agent": "agent-tui", "Accept": "text/html, text/*, application/json, */*;q=0.5"}
    try:
        async with httpx2.AsyncClient(timeout=20.0, follow_redirects=False, headers=headers) as client:
            for _ in range(MAX_REDIRECTS + 1):
                await _check(url)
                async with client.stream("GET", url) as response:
                    _check_peer(response)
                    if not (response.is_redirect and "location" in response.headers):
                        return await _reply(url, response)
                    target = _target(url, response.headers["location"])
                if _host(target) != _host(url):
                    return _redirected(url, target)
                context.output(f"redirected to {target}\n", "progress")
                url = target
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, UnicodeError) as error:
        raise ToolError(f"{url[:200]} is not an address that can be fetched: {error}") from error
    except httpx2.TransportError as error:
        raise HttpUnavailable(
            f"GET {url[:200]} failed: {type(error).__name__}: {error}".rstrip(": ")
        ) from error
    except httpx2.HTTPError as error:
        raise ToolError(f"GET {url[:200]} failed: {type(error).__name__}: {error}") from error
    raise ToolError(f"more than {MAX_REDIRECTS} redirects from {args.url[:200]}")


def _target(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise ToolError(
            f"GET {url[:200]} redirects to {location[:200]}, which is no address: {error}"
        ) from error


def _redirected(url: str, target: str) -> ToolReply:
    content = f"{url} redirects to another host: {target}\nTo follow, call http_get with that address."
    return ToolReply(content, {"url": url, "location": target}, summary="redirect")


async def _check(url: str) -> None:
    """Refuses what must not be asked for, before anything is sent."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ToolError(f"{url[:200]} is not an address: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise ToolError(f"{url[:200]} is not an http:// or https:// address")
    try:
        # In a thread of its own: the loop's would hold the program's exit while a name server hangs.
        found = await in_thread("resolve", socket.getaddrinfo, host, port or 443, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return  # a proxy may know the name; else the request itself says what is wrong
    for entry in found:
        _refuse_blocked(str(entry[4][0]), host)


def _check_peer(response: httpx2.Response) -> None:
    """The address really connected to: between the check and the request a name may have moved."""
    stream = response.extensions.get("network_stream")
    peer: Any = stream.get_extra_info("server_addr") if stream is not None else None
    if isinstance(peer, tuple) and peer:
        _refuse_blocked(str(peer[0]), str(response.url.host))


def _refuse_blocked(address: str, host: str) -> None:
    ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
    if ip in _BLOCKED_ALSO or any(ip in network for network in _BLOCKED):
        raise ToolError(f"{host} leads to {ip}, a link-local or metadata address, which is never fetched")


def _inner(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one carries and a network leads to, else ``ip`` itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1] or ip


async def _reply(url: str, response: httpx2.Response) -> ToolReply:
    kind = response.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    body, cut = await _body(response)
    status = f"{response.status_code} {response.reason_phrase}".strip()
    if response.status_code in _AGAIN:
        raise HttpUnavailable(f"GET {url[:200]} answered {status}: {body[:300].decode('utf-8', 'replace')}")
    result: dict[str, JsonValue] = {
        "url": url,
        "status": response.status_code,
        "content_type": kind,
        "bytes": len(body),
    }
    if not _is_text(kind, body):
        content = f"{status}, {kind or 'unknown type'}, {len(body):,} bytes: not text, so not shown"
        return ToolReply(
            content, result, summary=f"{response.status_code} {kind}", failed=response.is_error
        )
    text = _decoded(body, response.charset_encoding)
    if kind in {"text/html", "application/xhtml+xml"}:
        text = html_to_text(text)
    notes = [f"[{status}]"] if response.is_error else []
    notes += [f"[cut after {MAX_BYTES:,} bytes]"] if cut else []
    content = "\n".join([*notes, text]) if text else "\n".join([*notes, "(empty)"])
    result["text"] = text
    summary = f"{response.status_code}, {len(body):,} bytes"
    return ToolReply(content, result, summary=summary, failed=response.is_error, truncated=cut)


async def _body(response: httpx2.Response) -> tuple[bytes, bool]:
    """At most ``MAX_BYTES`` of the decoded body, so that a compressed bomb stays small."""
    pieces, total = [], 0
    async for piece in response.aiter_bytes(65_536):
        pieces.append(piece[: MAX_BYTES - total])
        total += len(piece)
        if total > MAX_BYTES:
            return b"".join(pieces), True
    return b"".join(pieces), False


def _is_text(kind: str, body: bytes) -> bool:
    named = kind.startswith("text/") or any(word in kind for word in _TEXTUAL)
    return named or (kind in {"", "application/octet-stream"} and b"\0" not in body[:4096])


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _grant_key(args: Mapping[str, JsonValue]) -> str:
    """A permission for the session is one for this host."""
    url = str(args.get("url", ""))
    return _host(url.strip()) or json.dumps(url)


SPECS = [
    ToolSpec(
        name="http_get",
        description=(
            "Fetch an http or https address and get its text; HTML comes as plain text. Redirects to "
            "another host are told, not followed."
        ),
        args_model=HttpGetArgs,
        function=http_get,
        risk="medium",
        timeout_s=30.0,
        retry=RetryPolicy(attempts=3),
        idempotent=True,
        grant_key=_grant_key,
    )
]
