"""Where work over a conversation is done."""

from __future__ import annotations

import threading

import pytest

from agent_tui.llm.beside import LONG, beside
from agent_tui.llm.messages import user


@pytest.mark.parametrize(("count", "in_a_thread"), [(LONG, False), (LONG + 1, True)])
async def test_only_long_conversations_are_worth_a_thread(count: int, in_a_thread: bool) -> None:
    def work(number: int, *, more: int) -> tuple[int, bool]:
        return number + more, threading.current_thread() is not threading.main_thread()

    assert await beside([user("hi")] * count, work, 1, more=2) == (3, in_a_thread)
