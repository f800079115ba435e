"""The façade over HTTP: a front end, or a program, uses a server as it would a core of its own.

    async with connect("http://127.0.0.1:8321", token) as runtime:
        session = await runtime.open_session()
        await runtime.submit(session.id, "what is 6*7?")
        async for events in runtime.follow(session.id):
            ...

It needs nothing of what the server is made of.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from itertools import chain, repeat
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from agent_tui.errors import NotFoundError
from agent_tui.events.types import Decision, Event
from agent_tui.runtime.runtime import ModelInfo, SessionInfo, Submitted, ToolInfo
from agent_tui.server.pages import Pages
from agent_tui.server.tail import Tail
from agent_tui.server.wire import ConnectionFailed, ServerRefused, Wire

T = TypeVar("T")

SOMEBODY = "user"
"""Who acts where nobody said; the façade's own default."""
SILENT_S = 1.5
"""How long nothing at all may be heard after a cancel, until the person is told so."""
STOPPING_S = 10.0
"""The same once something was heard: what runs there may take a while to stop."""
MOST_SESSIONS = 1000
"""A server lists no more at once."""


@asynccontextmanager
async def connect(
    url: str, token: str | None = None, *, name: str = SOMEBODY
) -> AsyncIterator[HttpRuntime]:
    """A server's core for as long as the block lasts. Leaving it cancels nothing on the server.

    Args:
        url: ``http://HOST:PORT``, with a path if the server is behind one.
        token: A bearer token of the server, if it wants one.
        name: Who acts, for the others: ``by`` of approvals and cancels.

    Raises:
        UsageError: The address is not one.
    """
    runtime = HttpRuntime(url, token, name=name)
    try:
        yield runtime
    finally:
        await runtime.aclose()


class HttpRuntime:
    """``Runtime`` over HTTP; see ``connect`` for its arguments.

    Beside the errors of the façade, every call may raise ``ConnectionFailed`` and ``ServerRefused``.
    ``follow`` raises neither for what may pass: it connects again.
    """

    def __init__(self, url: str, token: str | None = None, *, name: str = SOMEBODY) -> None:
        self._wire = Wire(url, token)
        self._pages = Pages(self._wire)
        self._name = name
        self._tails: dict[str, set[Tail]] = {}
        self._lost: set[object] = set()
        self._watchers: list[Callable[[bool], None]] = []

    async def version(self) -> str:
        """The server's version; asks nothing that needs a token.

        Raises:
            ServerRefused: What is there is no such server.
        """
        try:
            answer = json.loads(await self._wire.ask("GET", "/health"))
            return str(answer["version"])
        except (ValueError, KeyError, TypeError, NotFoundError) as error:
            raise _not_ours(self._wire.url) from error

    def watch_connection(self, tell: Callable[[bool], None]) -> None:
        self._watchers.append(tell)

    def _connected(self, tail: object, there: bool) -> None:
        before = bool(self._lost)
        (self._lost.discard if there else self._lost.add)(tail)
        if bool(self._lost) != before and not self._wire.closed:
            for tell in self._watchers:
                tell(not self._lost)

    # Sessions

    async def open_session(
        self, session_id: str | None = None, *, cwd: Path | None = None, model: str | None = None
    ) -> SessionInfo:
        """As the façade says; the folder of a new session is the server's, whatever ``cwd`` is."""
        del cwd
        if session_id is None:
            return _read(SessionInfo, await self._post("/sessions", {"model": model} if model else {}))
        info = _read(SessionInfo, await self._wire.ask("GET", _path(session_id)))
        if model is not None and model != info.model:
            return _read(SessionInfo, await self._wire.ask("PATCH", _path(info.id), {"model": model}))
        return info

    async def sessions(
        self, *, cwd: Path | None = None, query: str = "", limit: int = 200
    ) -> Sequence[SessionInfo]:
        wanted = min(limit if cwd is None else MOST_SESSIONS, MOST_SESSIONS)
        answer = await self._wire.ask("GET", "/sessions", params={"query": query, "limit": max(1, wanted)})
        found = _read(dict[str, list[SessionInfo]], answer).get("sessions", [])
        return [info for info in found if cwd is None or info.cwd == str(cwd)][:limit]

    async def events(self, session_id: str, after: int = 0, limit: int = 2000) -> Sequence[Event]:
        return await self._pages.read(_path(session_id), after, limit)

    async def fork(self, session_id: str, at: int | None = None) -> SessionInfo:
        return _read(SessionInfo, await self._post(_path(session_id, "fork"), {"at": at}))

    async def delete(self, session_id: str) -> None:
        with self._ending(session_id):
            await self._wire.ask("DELETE", _path(session_id))

    async def restore(self, session_id: str) -> None:
        await self._post(_path(session_id, "restore"))

    async def close_session(self, session_id: str) -> None:
        with self._ending(session_id):
            await self._post(_path(session_id, "close"))

    async def set_title(self, session_id: str, title: str) -> None:
        await self._wire.ask("PATCH", _path(session_id), {"title": title})

    async def set_model(self, session_id: str, model: str) -> None:
        await self._wire.ask("PATCH", _path(session_id), {"model": model})

    async def clear(self, session_id: str) -> None:
        await self._post(_path(session_id, "clear"))

    async def trust(self, session_id: str) -> None:
        await self._post(_path(session_id, "trust"))

    # What is done in one

    async def submit(self, session_id: str, text: str, *, queue: bool = True) -> Submitted:
        return _read(
            Submitted, await self._post(_path(session_id, "runs"), {"input": text, "queue": queue})
        )

    async def run_shell(self, session_id: str, command: str) -> Submitted:
        return _read(Submitted, await self._post(_path(session_id, "shell"), {"command": command}))

    async def call_tool(self, session_id: str, name: str, args: dict[str, object]) -> Submitted:
        return _read(Submitted, await self._post(_path(session_id, "tools", name), {"args": args}))

    async def unqueue(self, session_id: str, prompt_id: str) -> str | None:
        answer = await self._wire.ask("DELETE", _path(session_id, "queue", prompt_id))
        return _read(dict[str, str | None], answer)["text"]

    async def cancel(self, session_id: str, *, by: str = SOMEBODY, run_id: str | None = None) -> bool:
        """As the façade says. One that does not get there is dropped.

        Raises:
            ConnectionFailed: It did not get there, or nothing is known of what came of it; says which.
        """
        path, body = (
            _path(session_id, "cancel"),
            {"by": self._who(by)} | ({"run_id": run_id} if run_id else {}),
        )
        sending = asyncio.ensure_future(self._post(path, body))
        try:
            # The answer comes when everything has stopped; but that it begins to stop is heard at once.
            for patience in chain((SILENT_S,), repeat(STOPPING_S)):
                heard = self._heard(session_id)
                await asyncio.wait([sending], timeout=patience)
                if sending.done() or heard is None:
                    return _said(await sending, "cancelled")
                if self._heard(session_id) == heard:
                    break
        except ConnectionFailed as error:
            raise _cancel_failed(error.message, sent=error.sent) from error
        finally:
            sending.cancel()
        raise _cancel_failed(f"the server at {self._wire.url} does not answer", sent=True)

    def _heard(self, session_id: str) -> int | None:
        """What grows when something is heard of a session; None if nobody listens."""
        tails = self._tails.get(session_id)
        return sum(tail.heard for tail in tails) if tails else None

    async def steer(self, session_id: str, text: str) -> bool:
        return _said(await self._post(_path(session_id, "steer"), {"text": text}), "steered")

    async def answer(
        self,
        session_id: str,
        call_id: str,
        decision: Decision,
        *,
        feedback: str | None = None,
        by: str = SOMEBODY,
    ) -> bool:
        body = {"decision": decision, "feedback": feedback, "by": self._who(by)}
        return _said(await self._post(_path(session_id, "approvals", call_id), body), "accepted")

    def _who(self, by: str) -> str:
        return self._name if by == SOMEBODY else by

    # What there is

    async def tools(self, session_id: str) -> Sequence[ToolInfo]:
        answer = await self._wire.ask("GET", _path(session_id, "tools"))
        return _read(dict[str, list[ToolInfo]], answer).get("tools", [])

    async def models(self) -> Sequence[ModelInfo]:
        answer = await self._wire.ask("GET", "/models")
        return _read(dict[str, list[ModelInfo]], answer).get("models", [])

    # The stream

    async def follow(self, session_id: str, after: int = 0) -> AsyncIterator[Sequence[Event]]:
        """As the façade says, over any number of connections. It ends when this side closes the session.

        Raises:
            NotFoundError: There is no such session, or none any more.
            ConflictError: With code ``HISTORY_CHANGED``.
        """
        self._wire.check_open()
        tail = Tail(self._wire, _path(session_id, "events"), after, self._connected)
        tails = self._tails.setdefault(session_id, set())
        tails.add(tail)
        try:
            async for batch in tail.batches():
                yield batch
        finally:
            tails.discard(tail)

    @contextmanager
    def _ending(self, session_id: str) -> Iterator[None]:
        """Lets the streams of a session end with it instead of coming back."""
        tails = list(self._tails.get(session_id, ()))
        for tail in tails:
            tail.ended = True
        try:
            yield
        except BaseException:
            for tail in tails:
                tail.ended = False
            raise

    # Inside

    async def _post(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        return await self._wire.ask("POST", path, body)

    async def aclose(self, *, grace_s: float = 0.0) -> None:
        """Lets go of the server. What runs there goes on, whatever ``grace_s`` is."""
        del grace_s
        await self._wire.aclose()


def _cancel_failed(message: str, *, sent: bool) -> ConnectionFailed:
    if sent:
        what, hint = "whether the run was stopped is not known", "look when the connection is back"
    else:
        what, hint = "nothing was cancelled", "cancel again when the connection is back"
    return ConnectionFailed(f"{message}: {what}", hint=hint, sent=sent)


def _path(session_id: str, *parts: str) -> str:
    if not session_id.strip(".") or "/" in session_id:  # would be another path
        raise NotFoundError(f"there is no session {session_id!r}")
    return "/".join(("/sessions", *(quote(part, safe="") for part in (session_id, *parts))))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _read(kind: type[T], answer: bytes) -> T:
    try:
        value: T = _adapter(kind).validate_json(answer)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ServerRefused(
            "the server's answer cannot be understood; it may be another version", status=502
        ) from error
    return value


def _said(answer: bytes, name: str) -> bool:
    return _read(dict[str, bool], answer).get(name, False)


def _not_ours(url: str) -> ServerRefused:
    return ServerRefused(f"what answers at {url} is no agent-tui server", status=502)
