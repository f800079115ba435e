"""Servers that stop: nobody may be left half accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


async def accept_nobody(servers: Iterable[asyncio.base_events.Server]) -> None:
    """Lets servers take no new connection, and waits until those they have just taken are known.

    An asyncio server that is closed between the two loses the connection: nobody closes its socket.
    """
    loop = asyncio.get_running_loop()
    for server in servers:
        for listening in server.sockets:
            loop.remove_reader(listening.fileno())
    for _ in range(4):  # turns of the loop from a connection's arrival to its protocol
        await asyncio.sleep(0)
