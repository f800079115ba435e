"""Errors as ``application/problem+json`` (RFC 9457), without what is only the server's business."""

from __future__ import annotations

import logging
import math
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from agent_tui.errors import AgentTuiError, ModelUnavailable
from agent_tui.safetext import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_OURS_ALONE = {"internal", "storage", "config"}
"""Codes whose messages speak of files and settings of this machine."""
_PATH = re.compile(
    r"(?<![\w:/.~])~?/(?:[^\s/'\";,:()]+/)+[^\s/'\";,:()]*|(?<![\w:/.~])/[\w.-]{2,}(?=[\s'\";,:()]|$)"
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_BY_STATUS = {
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
}


class Refused(AgentTuiError):
    """The server itself will not serve a request.

    Args:
        retry_after_s: When to try again, in seconds.
    """

    def __init__(
        self, status: int, code: str, message: str, *, hint: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.http_status = status
        self.retry_after_s = retry_after_s


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> JSONResponse:
    """A problem document. ``detail`` is for a person."""
    body = {"type": "about:blank", "title": _title(status), "status": status, "code": code}
    return JSONResponse(
        {**body, "detail": visible(detail), **more}, status, dict(headers or {}), media_type=MEDIA_TYPE
    )


def from_error(error: AgentTuiError) -> JSONResponse:
    """The answer to a request that failed for a reason we know."""
    status = error.http_status
    detail = without_paths(str(error))
    if error.code in _OURS_ALONE or (status >= 500 and not isinstance(error, Refused) and status == 500):
        _log.error("a request failed: %s", error)
        if error.code != "config":
            detail = "the server could not do this; its log says why"
    headers = {}
    delay = error.retry_after_s if isinstance(error, Refused | ModelUnavailable) else None
    if delay is not None:
        headers["Retry-After"] = str(max(1, math.ceil(delay)))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="agent-tui"'
    return problem(
        status, error.code, detail, headers=headers, retryable=error.retryable or delay is not None
    )


def without_paths(text: str) -> str:
    """``text`` with what looks like a path of this machine taken out."""
    return _PATH.sub("[path]", text)


def install(app: FastAPI) -> None:
    """Makes every error of ``app`` a problem document."""

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, AgentTuiError)
        return from_error(error)

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        errors = [
            {"where": ".".join(str(part) for part in item["loc"]), "what": item["msg"]}
            for item in error.errors()[:20]
        ]
        first = errors[0] if errors else {"where": "", "what": "the request does not fit"}
        return problem(422, "invalid", f"{first['where']}: {first['what']}", errors=errors)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = _BY_STATUS.get(error.status_code, "usage")
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers = {"Allow": ", ".join(_methods(request))}
        return problem(error.status_code, code, str(error.detail), headers=headers)

    async def unknown(_request: Request, error: Exception) -> JSONResponse:
        _log.error("a request failed", exc_info=error)
        return problem(500, "internal", "the server has a defect; its log has the details")

    app.add_exception_handler(AgentTuiError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unknown)


def _methods(request: Request) -> list[str]:
    """All that the path takes; an exception knows only those of the first route that it fits."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
