"""A session's view as JSON: what a screen needs to begin with, instead of every event so far.

The server folds with the one fold there is. It keeps the folds of sessions that were asked for
lately, so that the next snapshot reads only what is new.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from agent_tui.errors import NotFoundError
from agent_tui.events.fold import Fold
from agent_tui.events.view import Block, SessionView, TextBuffer
from agent_tui.runtime.runtime import Runtime

PAGE = 2000
"""Events folded at once; between two pages others get their turn."""

KEPT = 32
"""Folds kept."""


@dataclass(slots=True)
class _Kept:
    fold: Fold = field(default_factory=Fold)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Snapshots:
    """Views of sessions as of their last event."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def of(self, session_id: str) -> bytes:
        """The view of a session as one JSON object; its ``seq`` is where the stream goes on.

        Raises:
            NotFoundError: There is no such session.
        """
        kept = self._kept.setdefault(session_id, _Kept())
        self._kept.move_to_end(session_id)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        async with kept.turn:
            try:
                await self._catch_up(session_id, kept.fold)
            except NotFoundError:
                self._kept.pop(session_id, None)
                raise
            return await asyncio.to_thread(encode_view, kept.fold.view)

    async def _catch_up(self, session_id: str, fold: Fold) -> None:
        while events := await self._runtime.events(session_id, fold.view.seq, PAGE):
            fold.apply_all(events)
            fold.take_changes()
            await asyncio.sleep(0)
            if len(events) < PAGE:
                return

    def forget(self, session_id: str) -> None:
        self._kept.pop(session_id, None)


def encode_view(view: SessionView) -> bytes:
    """A view as JSON: its fields by name; ``run`` is the id of a span; blocks tell their ``block``."""
    return json.dumps(_plain(view), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case TextBuffer():
            return str(value)
        case BaseModel():
            return value.model_dump(mode="json")
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case SessionView():
            plain = {name: _plain(getattr(value, name)) for name in _names(SessionView) if name != "run"}
            return plain | {"run": value.run.id if value.run else None}
        case _ if is_dataclass(value) and not isinstance(value, type):
            kind = type(value)
            plain = {name: _plain(getattr(value, name)) for name in _names(kind)}
            if isinstance(value, Block):
                plain["block"] = kind.__name__.removesuffix("Block").lower()
            return plain
        case _:
            raise TypeError(f"a view holds a {type(value).__name__}")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))
