"""The access log: one line of JSON for each request, with its id, and nothing secret of it.

The query is left out: people put tokens there.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Mapping

from starlette.types import Message, Scope, Send

_log = logging.getLogger("agent_tui.server.access")
_GIVEN_ID = re.compile(r"[\w.:-]{1,80}")


class Access:
    """One request: its id goes into the answer, its line into the log when it has ended.

    Args:
        scope: The request's.
        headers: Its headers, by lower-case name; ``x-request-id`` is taken over.
        log: Write a line.
    """

    def __init__(self, scope: Scope, headers: Mapping[str, str], *, log: bool) -> None:
        given = headers.get("x-request-id", "")
        self.id = given if _GIVEN_ID.fullmatch(given) else f"req_{secrets.token_hex(8)}"
        self.tenant = ""
        self._scope = scope
        self._log = log
        self._began = time.perf_counter()
        self._status = 0
        self._bytes = 0

    def sending(self, send: Send) -> Send:
        """``send``, with the answer's status and size noted and the id put into its headers."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.id.encode())]
            else:
                self._bytes += len(message.get("body", b""))
            await send(message)

        return noting

    def count(self, size: int) -> None:
        """Notes bytes of the answer that were not written by ``sending``."""
        self._bytes += size

    def end(self) -> None:
        """Writes the line."""
        if not self._log:
            return
        client = self._scope.get("client")
        line = {
            "ts": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}Z",
            "request_id": self.id,
            "client": client[0] if client else "",
            "tenant": self.tenant,
            "method": self._scope["method"],
            "path": self._scope["path"][:500],
            "status": self._status,
            "bytes": self._bytes,
            "duration_ms": round((time.perf_counter() - self._began) * 1000, 3),
        }
        _log.info("%s", json.dumps(line))
