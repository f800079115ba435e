"""One connection, bounded in time: whoever vanished, or asks for nothing, is not waited for."""

from __future__ import annotations

import math
import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from agent_tui.server.context import Context


class Connection(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """HTTP that shows a request its transport, so that a client that reads nothing can be cut off."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}  # type: ignore[has-type]
        context: Context = self.config.app.state.context
        settings = context.settings
        _notice_silence(transport.get_extra_info("socket"), settings.ping_s, settings.silence_s)
        self._unasked = self.loop.call_later(settings.silence_s, self._leave_if_unasked)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unasked.cancel()
        super().connection_lost(exc)

    def _leave_if_unasked(self) -> None:
        """Ends a connection on which no whole request has come; what is between two, uvicorn ends."""
        if self.cycle is None:
            self.transport.close()


def _notice_silence(connection: Any, idle_s: float, silence_s: float) -> None:
    """Lets the system end the connection when nothing was acknowledged for ``silence_s``.

    A client that vanished without a word leaves a connection that looks open. What is sent brings
    that out, and where nothing is being sent, the system's own question after ``idle_s``.
    """
    options: list[tuple[int, str, int]] = [
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", max(1, math.ceil(idle_s))),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", max(1, math.ceil(idle_s / 2))),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", math.ceil(silence_s * 1000)),
    ]
    for level, name, value in options:
        if hasattr(socket, name):  # not every system has all of them
            connection.setsockopt(level, getattr(socket, name), value)
