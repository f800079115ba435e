"""The last of a session's conversation, looked into before it is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from agent_tui.errors import AgentTuiError
from agent_tui.tui.tail import fold_tail, read_tail
from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.working import work_anew

if TYPE_CHECKING:
    from agent_tui.runtime.runtime import Runtime
    from agent_tui.tui.widgets.session_list import Item

LOOKING_S = 0.06
"""How long a preview waits for the cursor to stay."""
PREVIEW = 300
"""Events of a session that its preview is made of."""


class SessionPreview(Container):
    """Shows the session it was told of last, once that has stayed the same for a moment.

    Args:
        runtime: Gives the core that the sessions are read from.
    """

    class Failed(Message):
        """The session could not be read."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, runtime: Callable[[], Runtime]) -> None:
        super().__init__()
        self._runtime = runtime
        self._shown: tuple[str, int] | None = None

    def compose(self) -> ComposeResult:
        conversation = Conversation()
        conversation.can_focus = False
        yield conversation

    def show_soon(self, item: Item | None) -> None:
        """Shows a session, or nothing if there is none or it is deleted."""
        work_anew(self, "preview", self._show, item)

    def page(self, direction: int) -> None:
        """Scrolls by a page, down (1) or up (-1)."""
        self.query_one(Conversation).action_page(direction)

    async def _show(self, item: Item | None) -> None:
        key = (item.info.id, item.info.last_seq) if item is not None and not item.deleted else None
        if key == self._shown:
            return
        conversation = self.query_one(Conversation)  # now: while it waits, the screen may close
        await asyncio.sleep(LOOKING_S)
        if item is None or key is None:
            from agent_tui.events.view import SessionView

            conversation.show(SessionView())
        else:
            try:
                tail = await read_tail(self._runtime(), item.info, wanted=PREVIEW, whole_run=False)
            except AgentTuiError as error:
                self.post_message(self.Failed(str(error)))
                return
            conversation.show(fold_tail(item.info, tail).view)
        self._shown = key
