"""A stream that belongs to one request and ends with its run."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.types import Receive, Scope, Send

from agent_tui.server.settings import ServeSettings
from agent_tui.server.sse import hang_up

_log = logging.getLogger(__name__)


class Answering(EventSourceResponse):
    """Sends what ``content`` yields; a client that reads nothing is dropped.

    Args:
        used: Closed when the stream has ended, however it ended.
    """

    def __init__(
        self, content: AsyncIterator[ServerSentEvent], settings: ServeSettings, used: AsyncExitStack
    ) -> None:
        super().__init__(
            content,
            ping=settings.ping_s,
            sep="\n",
            ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
            send_timeout=settings.send_timeout_s,
            headers={"cache-control": "no-cache, no-transform"},
        )
        self._used = used

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._used:
            try:
                await super().__call__(scope, receive, send)
            except SendTimeoutError:
                _log.info("an answer was dropped: its client read nothing")
                await hang_up(scope)
