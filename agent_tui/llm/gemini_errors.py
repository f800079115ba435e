"""Gemini's errors, and those of the way to it, as ours. Imported with the SDK: it needs its classes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import httpx2
from google.genai import errors as sdk
from pydantic import ValidationError

from agent_tui.errors import ModelAuthError, ModelError, ModelRejected, ModelUnavailable
from agent_tui.llm.endpoint import one_line, redact
from agent_tui.llm.retry_after import seconds_of

FOREIGN = (
    sdk.APIError,
    httpx2.HTTPError,
    httpx2.StreamError,
    TimeoutError,
    ValidationError,
    ValueError,
    TypeError,
)
"""What the SDK and the transport raise. ``UnknownApiResponseError`` is a ``ValueError``."""

RETRYABLE = frozenset({408, 425, 429, 499, 500, 502, 503, 504, *range(520, 600)})
"""From 520 on they are proxies' own words for a server that is away; 501, 505 and such stay so."""

KEY_HINT = "set GEMINI_API_KEY to a valid key (https://aistudio.google.com/apikey)"
_DELAY = re.compile(r"^(\d+(?:\.\d+)?)s$")


def _details(error: sdk.APIError) -> Iterable[dict[str, Any]]:
    body = error.details.get("error", error.details) if isinstance(error.details, dict) else {}
    found = body.get("details") if isinstance(body, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def retry_after(error: sdk.APIError) -> float | None:
    """Seconds the server asks to wait: ``RetryInfo`` in the body, else ``Retry-After``."""
    for item in _details(error):
        if str(item.get("@type", "")).endswith("google.rpc.RetryInfo"):
            match = _DELAY.match(str(item.get("retryDelay", "")))
            if match:
                return float(match[1])
    headers = getattr(error.response, "headers", None)
    return seconds_of(headers) if headers is not None else None


def _bad_key(error: sdk.APIError, message: str) -> bool:
    if error.code in (401, 403):
        return True
    reasons = {str(item.get("reason", "")) for item in _details(error)}
    return "API_KEY_INVALID" in reasons or "api key not valid" in message.lower()


def _api_error(error: sdk.APIError, key: str, name: str) -> ModelError:
    message = one_line(redact(str(error.message or error.status or "no message"), key))
    code = error.code if isinstance(error.code, int) else 0
    said = f"Gemini said {code}: {message}"
    if _bad_key(error, message):
        return ModelAuthError(said, hint=KEY_HINT)
    if code in RETRYABLE or code == 0:
        return ModelUnavailable(said, retry_after_s=retry_after(error))
    if code == 404:
        return ModelRejected(said, hint=f"check the model's name ({name}); `agent-tui models` lists some")
    return ModelRejected(said)


def translate(error: BaseException, key: str, name: str, url: str) -> ModelError:
    """``error`` (one of ``FOREIGN``) as one of ours; the key is in none of its words."""
    match error:
        case sdk.APIError():
            return _api_error(error, key, name)
        case TimeoutError() | httpx2.TimeoutException():
            return ModelUnavailable("Gemini did not answer in time", code="timeout")
        case httpx2.ConnectError() | httpx2.ProxyError():
            why = one_line(redact(str(error), key)) or type(error).__name__
            return ModelUnavailable(
                f"could not connect to {url} ({why})", hint="check the network", code="connection_lost"
            )
        case httpx2.HTTPError() | httpx2.StreamError():
            return ModelUnavailable(
                f"the connection to Gemini was lost ({type(error).__name__})", code="connection_lost"
            )
        case _:
            return ModelUnavailable(
                f"Gemini's answer could not be read ({type(error).__name__})", code="bad_response"
            )
