"""Errors of OpenAI-compatible servers, and of the way to them, as ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx2

from agent_tui.errors import ModelAuthError, ModelBlocked, ModelError, ModelRejected, ModelUnavailable
from agent_tui.llm.endpoint import one_line, redact
from agent_tui.llm.retry_after import seconds_of

FOREIGN = (httpx2.HTTPError, httpx2.StreamError, TimeoutError)
RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, *range(520, 600)})
"""From 520 on they are proxies' own words for a server that is away; 501, 505 and such stay so."""
_BY_WORD = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "server_error": 500,
    "overloaded_error": 503,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "invalid_request_error": 400,
    "model_not_found": 404,
}


def _said(body: object) -> tuple[str, str, str]:
    """Message, code and type of an error body; servers differ in how deep they put it."""
    error: Any = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        message = error.get("message") or error.get("detail") or ""
        return str(message), str(error.get("code") or ""), str(error.get("type") or "")
    return str(error or ""), "", ""


def _status(code: str, kind: str) -> int:
    """The status an error object in mid-stream stands for; unknown ones count as the server's fault."""
    if code.isdigit() and 400 <= int(code) < 600:
        return int(code)
    return _BY_WORD.get(code) or _BY_WORD.get(kind) or 500


def of_body(
    status: int | None, body: object, headers: Mapping[str, str], *, key: str | None, name: str, url: str
) -> ModelError:
    """The error that a server's error body is; ``status`` is None for one in mid-stream."""
    text, code, kind = _said(body)
    status = _status(code, kind) if status is None else status
    message = f"{url} said {status}: {one_line(redact(text, key)) or 'nothing'}"
    if status in (401, 403):
        return ModelAuthError(message, hint="set OPENAI_API_KEY to a key that this server accepts")
    if code == "content_filter":
        return ModelBlocked(message, hint="rephrase the prompt")
    if code == "insufficient_quota":
        return ModelUnavailable(message, hint="check the account's plan and billing")
    if status in RETRYABLE:
        return ModelUnavailable(message, retry_after_s=seconds_of(headers))
    if status == 404:
        hint = f"check the model's name ({name}) and that OPENAI_BASE_URL is right (it usually ends in /v1)"
        return ModelRejected(message, hint=hint)
    return ModelRejected(message)


async def of_response(response: httpx2.Response, *, key: str | None, name: str, url: str) -> ModelError:
    """The error that a response with an error status is. Reads its body."""
    raw = await response.aread()
    try:
        body: object = json.loads(raw)
    except ValueError:
        body = response.reason_phrase
    return of_body(response.status_code, body, response.headers, key=key, name=name, url=url)


def of_transport(error: BaseException, *, key: str | None, url: str) -> ModelError:
    """The error that one of ``FOREIGN`` is."""
    match error:
        case TimeoutError() | httpx2.TimeoutException():
            return ModelUnavailable(f"{url} did not answer in time", code="timeout")
        case httpx2.ConnectError() | httpx2.ProxyError() | httpx2.UnsupportedProtocol():
            why = one_line(redact(str(error), key)) or type(error).__name__
            hint = "check that the server runs and OPENAI_BASE_URL"
            return ModelUnavailable(
                f"could not connect to {url} ({why})", hint=hint, code="connection_lost"
            )
        case httpx2.SSEError() | httpx2.DecodingError():
            why = one_line(redact(str(error), key))
            return ModelUnavailable(f"the answer of {url} could not be read ({why})", code="bad_response")
        case _:
            return ModelUnavailable(
                f"the connection to {url} was lost ({type(error).__name__})", code="connection_lost"
            )
