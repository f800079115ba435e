"""One connection, bounded in time: whoever vanished, or asks for nothing, is not waited for."""

from __future__ import annotations

import math
import socket
from typing import Any

from starlette.types import Scope
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
        self._patience_s = settings.silence_s
        self._waiting_after: object = None  # the request before the one whose end is waited for
        self._next_look = self.loop.call_later(self._patience_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._next_look.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Ends a connection on which a request has begun and, a while later, is still not whole.

        That counts for the first one from the beginning; where nothing has come after an answer,
        uvicorn ends the connection itself.
        """
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering or self.timeout_keep_alive_task is not None:
            self._waiting_after = self  # nothing is being waited for
        elif self._waiting_after is self.cycle:
            self.transport.close()
            return
        else:
            self._waiting_after = self.cycle
        self._next_look = self.loop.call_later(self._patience_s, self._look)


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


class Outlet:
    """Where the body of an answer without a length goes on, once it has begun.

    It is for who has the same to say on hundreds of connections: the way through the application's
    layers costs as much for each as making it once. Whoever is slow is waited for on that way.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    @classmethod
    def of(cls, scope: Scope) -> Outlet | None:
        """That of a request; None where the answer is not sent in chunks, or not by ``Connection``."""
        transport = scope.get("state", {}).get("transport")
        if transport is None or scope["http_version"] != "1.1" or scope["method"] == "HEAD":
            return None
        return cls(transport)

    @property
    def free(self) -> bool:
        """Whether the system has taken all that was written, so that nobody has to wait."""
        transport = self._transport
        return not transport.get_write_buffer_size() and not transport.is_closing()

    def write(self, data: bytes) -> None:
        """Writes one chunk, which must not be empty: that would be the end."""
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))
