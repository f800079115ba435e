"""Stored events of a server, read in pages; a reader that goes through a session waits for few of them."""

from __future__ import annotations

from collections.abc import Sequence

from agent_tui.events import codec
from agent_tui.events.types import Event
from agent_tui.server.wire import Wire

AHEAD = 2000
"""Events fetched at once for somebody who reads on where the last reading ended."""
MOST = 10_000
"""Events a server gives at once."""


class Pages:
    """Events by number, without opening their session. They never change, so lines can be kept.

    Args:
        wire: To the server.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._place: tuple[str, int] = ("", -1)
        self._lines: list[bytes] = []

    async def read(self, path: str, after: int, limit: int) -> Sequence[Event]:
        """Up to ``limit`` events after number ``after`` of the session at ``path``."""
        lines: list[bytes] = []
        goes_on = self._place == (path, after)
        if goes_on:
            kept, self._lines = self._lines, []
            lines, kept = kept[:limit], kept[limit:]
        else:
            kept = []
        while len(lines) < limit:
            missing = limit - len(lines)
            wanted = min(max(missing, AHEAD) if goes_on else missing, MOST)
            page = await self._page(path, after + len(lines), wanted)
            lines += page[:missing]
            kept = page[missing:]
            if len(page) < wanted:
                break
        self._place, self._lines = (path, after + len(lines)), kept
        return [codec.decode(line) for line in lines]

    async def _page(self, path: str, after: int, limit: int) -> list[bytes]:
        return (
            await self._wire.ask("GET", f"{path}/log", params={"after": after, "limit": limit})
        ).splitlines()
