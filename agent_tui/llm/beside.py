"""Work over whole conversations, kept off the event loop where they are long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from agent_tui.llm.messages import Message

LONG = 200
"""Messages from which on going through all of them takes longer than a thread takes to start."""

P = ParamSpec("P")
T = TypeVar("T")


async def beside(messages: Sequence[Message], work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` returns; in a thread of its own if there are many ``messages`` to go through.

    Some thousand take tens of milliseconds, in which no key would be heard and nothing painted.
    """
    if len(messages) > LONG:
        return await asyncio.to_thread(work, *args, **kwargs)
    return work(*args, **kwargs)
