"""The sessions there are to choose from: read, searched, renamed, deleted and put back. Draws nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent_tui.tui.widgets.session_list import Item

if TYPE_CHECKING:
    from agent_tui.runtime.runtime import SessionInfo
    from agent_tui.tui.app import AgentApp

LISTED = 5_000
"""Most sessions that are listed; a search finds those beyond."""
FOUND = 200
"""Most sessions that a search shows."""


class Listed:
    """What the core says there is, and what has been done to it since.

    Args:
        shell: Whose sessions they are.

    Attributes:
        everywhere: Those of all folders, not only of the shell's.
        query: Words to search for, as they are typed.
        loaded: They have been read once.
    """

    def __init__(self, shell: AgentApp) -> None:
        self._shell = shell
        self._infos: list[SessionInfo] = []
        self.everywhere = False
        self.query = ""
        self.loaded = False
        self._read_for: str | None = None

    @property
    def behind(self) -> bool:
        """Whether something else has been typed since it was read."""
        return self._read_for != self.query.strip()

    @property
    def searching(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.query.strip())

    async def read(self) -> None:
        """Asks the core.

        Raises:
            AgentTuiError: It could not say.
        """
        sessions = self._shell.sessions
        await sessions.ready()
        query = self.query.strip()
        self._infos = [
            *await sessions.runtime.sessions(
                cwd=None if self.everywhere else self._shell.settings.cwd,
                query=query,
                limit=FOUND if query else LISTED,
            )
        ]
        self.loaded, self._read_for = True, query

    def items(self) -> list[Item]:
        """All of them, and what is known of those that are open; newest first unless they were searched.

        What is deleted stays where it is, also among what a search had found: its undo is the same key.
        """
        sessions = self._shell.sessions
        infos = self._infos
        if not self.searching:
            infos = [info for info in infos if info.id not in sessions.deleted]
            cwd = str(self._shell.settings.cwd)
            infos += [info for info in sessions.deleted.values() if self.everywhere or info.cwd == cwd]
            infos.sort(key=lambda info: info.updated, reverse=True)
        return [self._item(info) for info in infos]

    def _item(self, info: SessionInfo) -> Item:
        sessions = self._shell.sessions
        opened = sessions.find(info.id)
        return Item(
            info,
            attention=opened.attention if opened is not None else None,
            here=opened is not None and opened is sessions.active,
            deleted=info.id in sessions.deleted,
            elsewhere=self.everywhere,
        )

    async def rename(self, info: SessionInfo, title: str) -> None:
        """Gives a session another title.

        Raises:
            AgentTuiError: It could not be written.
        """
        await self._shell.sessions.runtime.set_title(info.id, title)
        renamed = replace(info, title=title)
        self._infos = [renamed if known.id == info.id else known for known in self._infos]

    async def delete(self, info: SessionInfo) -> None:
        """Deletes a session, until the shell ends so that it can be put back.

        Raises:
            AgentTuiError: It could not be deleted.
        """
        await self._shell.sessions.delete(info, self._shell.settings.cwd)

    async def put_back(self, info: SessionInfo) -> None:
        """Undoes ``delete``.

        Raises:
            AgentTuiError: It is too late for that.
        """
        await self._shell.sessions.restore(info.id)
        if all(known.id != info.id for known in self._infos):
            self._infos.append(info)
