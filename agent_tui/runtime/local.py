"""The façade in this process: sessions by id, and what a front end may ask of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from agent_tui import __version__
from agent_tui.config.trust import trust_project
from agent_tui.errors import ConflictError, NotFoundError, StorageError, UsageError
from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.llm import router
from agent_tui.runtime.approvals import Answer
from agent_tui.runtime.core import Core, Workspace
from agent_tui.runtime.library import Library
from agent_tui.runtime.runtime import ModelInfo, SessionInfo, Submitted, ToolInfo
from agent_tui.runtime.session import Session
from agent_tui.runtime.tasks import Work
from agent_tui.runtime.watch import Watched


class LocalRuntime:
    """``Runtime`` over the core in this process.

    Args:
        core: The wired parts; closed with the runtime.
        cwd: The folder of new sessions, unless they name one.
        model: The model of new sessions, unless they name one.
        notices: Sentences for the person, told with the first session that is opened.
        model_first: Open no session whose model cannot be asked, for want of a key or a file: then nothing
            is stored of it.
    """

    def __init__(
        self,
        core: Core,
        *,
        cwd: Path,
        model: str,
        notices: Sequence[str] = (),
        model_first: bool = False,
    ) -> None:
        self._core = core
        self._model_first = model_first
        self._cwd = cwd
        self._model = model
        self._notices = tuple(notices)
        self._sessions: dict[str, Session] = {}
        self._watched: dict[str, Watched] = {}
        self._library = Library(core.journal, core.clock, core.ids, self._sessions)
        self._background: set[asyncio.Task[None]] = set()
        self._opening = asyncio.Lock()
        self._closed = False

    async def open_session(
        self, session_id: str | None = None, *, cwd: Path | None = None, model: str | None = None
    ) -> SessionInfo:
        if model is not None:
            router.parse(model)
        async with self._opening:  # two at once could make two sessions of one id, each with its own log
            self._check_open()
            if session_id is None:
                await self._check_model(model or self._model, cwd or self._cwd)
                session = await self._new(cwd or self._cwd, model or self._model)
            else:
                if session_id not in self._sessions:
                    await self._core.journal.flush()
                    stored = await self._core.journal.find(session_id)
                    await self._check_model(model or stored.model, Path(stored.cwd))
                    session_id = stored.id
                if session_id in self._sessions:
                    return await self._as_now(self._sessions[session_id])
                try:
                    session = await self._stored(session_id, model)
                except ConflictError:
                    return await self._watch(session_id)
            self._check_open()
            self._add(session)
        notices, self._notices = (*self._notices, *_notices(session.workspace)), ()
        if session_id is None:
            return session.info(notices)
        return replace(self._library.info(await self._core.journal.find(session.id)), notices=notices)

    async def _as_now(self, session: Session) -> SessionInfo:
        """An open session, with what is stored of it: its runs, and what they took."""
        try:
            stored = await self._core.journal.find(session.id)
        except (NotFoundError, StorageError):  # nothing of it is stored: it is new, or the disk is full
            return session.info()
        return self._library.info(stored)

    async def _check_model(self, model: str, cwd: Path) -> None:
        if self._model_first:
            await self._core.client(model, cwd)

    def _add(self, session: Session) -> None:
        self._sessions[session.id] = session
        self._watched.pop(session.id, None)
        self._warm_up(session)

    async def _new(self, cwd: Path, model: str) -> Session:
        core = self._core
        workspace = await core.workspace(cwd)
        log = SessionLog(core.ids.session_id(), clock=core.clock, sink=core.journal.sink)
        log.append(ev.SessionStart, cwd=str(workspace.cwd), model=model, version=__version__)
        return Session(core, log, workspace, model=model, created=log.last_ts)

    async def _stored(self, session_id: str, model: str | None) -> Session:
        core = self._core
        stored = await core.journal.reopen(session_id)
        try:
            workspace = await core.workspace(Path(stored.cwd))
        except BaseException:
            await core.journal.release(stored.id)
            raise
        log = SessionLog(
            stored.id,
            clock=core.clock,
            sink=core.journal.sink,
            last_seq=stored.last_seq,
            last_ts=stored.last_ts,
            older=core.journal,
        )
        session = Session(
            core,
            log,
            workspace,
            model=stored.model,
            title=stored.title,
            created=stored.created,
            stored=stored.last_seq,
        )
        if model is not None and model != session.model:
            self._change_model(session, model)
        return session

    async def _watch(self, session_id: str) -> SessionInfo:
        """Opens a session that another process writes, to be followed until that one lets go of it."""
        watched = self._watched.get(session_id)
        if watched is None:
            stored = await self._core.journal.find(session_id)
            workspace = await self._core.workspace(Path(stored.cwd))
            self._check_open()
            watched = self._watched[stored.id] = Watched(self._core, stored, workspace, self._take_over)
        notices, self._notices = self._notices, ()
        return watched.info(notices)

    async def _take_over(self, session_id: str) -> bool:
        async with self._opening:
            if self._closed or session_id not in self._watched:
                return True
            try:
                session = await self._stored(session_id, None)
            except ConflictError:
                return False
            except NotFoundError as error:
                raise NotFoundError(
                    "this session was deleted in the other agent-tui", hint="open another one, or begin one"
                ) from error
            self._add(session)
        session.log.append(ev.Notice, level="info", text="the other agent-tui is gone: it goes on here")
        return True

    def tell(self, message: str) -> None:
        """Says something in every open session, or in the first one that is opened."""
        if not self._sessions:
            self._notices = (*self._notices, message)
        for session in self._sessions.values():
            session.log.append(ev.Notice, level="warning", text=message)

    def _warm_up(self, session: Session) -> None:
        task = asyncio.create_task(self._core.warm_up(session.model, session.workspace.cwd))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def submit(self, session_id: str, text: str, *, queue: bool = True) -> Submitted:
        session = self._session(session_id)
        return self._start(session, session.prompt(text), queue=queue)

    async def run_shell(self, session_id: str, command: str) -> Submitted:
        session = self._session(session_id)
        return self._start(session, session.shell(command), queue=True)

    async def call_tool(self, session_id: str, name: str, args: dict[str, object]) -> Submitted:
        session = self._session(session_id)
        return self._start(session, session.tool(name, cast(dict[str, JsonValue], args)), queue=True)

    def _start(self, session: Session, work: Work, *, queue: bool) -> Submitted:
        if not work.text.strip():
            raise UsageError("there is nothing to run", hint="type a task")
        run_id, prompt_id = session.tasks.submit(work, queue=queue)
        if work.agent == "react" and not session.title:
            session.title = work.text.strip().partition("\n")[0][:60]
        return Submitted(run_id=run_id, prompt_id=prompt_id)

    async def unqueue(self, session_id: str, prompt_id: str) -> str | None:
        return self._session(session_id).tasks.unqueue(prompt_id)

    async def cancel(self, session_id: str, *, by: str = "user", run_id: str | None = None) -> bool:
        return await self._session(session_id).tasks.cancel(by, run_id)

    async def answer(
        self,
        session_id: str,
        call_id: str,
        decision: ev.Decision,
        *,
        feedback: str | None = None,
        by: str = "user",
    ) -> bool:
        return self._session(session_id).approvals.answer(call_id, Answer(decision, feedback), by=by)

    async def steer(self, session_id: str, text: str) -> bool:
        return self._session(session_id).tasks.steer(text)

    async def set_model(self, session_id: str, model: str) -> None:
        session = self._session(session_id)
        router.parse(model)
        await self._core.client(model, session.workspace.cwd)
        if model != session.model:
            self._change_model(session, model)
            self._warm_up(session)

    def _change_model(self, session: Session, model: str) -> None:
        session.model = model
        session.log.append(ev.SessionUpdate, model=model)

    async def set_title(self, session_id: str, title: str) -> None:
        session = (
            self._session(session_id) if session_id in self._watched else self._sessions.get(session_id)
        )
        if session is None:
            await self._library.rename(session_id, title)
        else:
            session.title = title
            session.log.append(ev.SessionUpdate, title=title)

    async def clear(self, session_id: str) -> None:
        self._session(session_id).log.append(ev.SessionUpdate, cleared=True)

    def follow(self, session_id: str, after: int = 0) -> AsyncIterator[Sequence[ev.Event]]:
        if session_id in self._watched:
            return self._follow_watched(session_id, after)
        batches = self._session(session_id).log.follow_batches(after)
        return self._once_stored(batches) if self._core.stored_only else batches

    async def _once_stored(
        self, batches: AsyncIterator[Sequence[ev.Event]]
    ) -> AsyncIterator[Sequence[ev.Event]]:
        async for batch in batches:
            with suppress(StorageError):  # it is closing, and writes everything before it has closed
                await self._core.journal.flush()
            yield batch

    async def _follow_watched(self, session_id: str, after: int) -> AsyncIterator[Sequence[ev.Event]]:
        position = after
        async for batch in self._watched[session_id].follow(position):
            yield batch
            position = batch[-1].seq
        session = self._sessions.get(session_id)
        if session is not None:  # it has been taken over, and not closed
            async for batch in session.log.follow_batches(position):
                yield batch

    async def tools(self, session_id: str) -> Sequence[ToolInfo]:
        session = self._watched.get(session_id) or self._session(session_id)
        return [
            ToolInfo(
                name=spec.name,
                description=spec.description,
                risk=spec.risk,
                decision=session.policy.decide(spec, {}).action,
                source=spec.source,
                timeout_s=spec.timeout_s,
                schema=spec.schema,
            )
            for spec in session.workspace.registry
        ]

    async def models(self) -> Sequence[ModelInfo]:
        return [
            ModelInfo(
                name=model.model,
                usable=model.usable,
                reason=model.reason,
                context_tokens=model.context_tokens,
            )
            for model in router.available_models(self._core.env)
        ]

    async def trust(self, session_id: str) -> None:
        session = self._session(session_id)
        cwd = session.workspace.cwd
        settings = await asyncio.to_thread(trust_project, self._core.paths, cwd)
        workspace = await self._core.workspace(cwd)  # tools may have come since the session was opened
        if workspace.untrusted:
            await asyncio.to_thread(self._core.trust.trust, cwd)
            session.workspace = await self._core.workspace(cwd)
        for notice in session.workspace.notices if workspace.untrusted else ():
            session.log.append(ev.Notice, level="warning", text=notice)
        text = f"{cwd} is trusted" if settings or workspace.untrusted else f"{cwd} brings nothing to trust"
        text += "; its settings count from the next start on" if settings else ""
        session.log.append(ev.Notice, level="info", text=text)

    async def sessions(
        self, *, cwd: Path | None = None, query: str = "", limit: int = 200
    ) -> Sequence[SessionInfo]:
        return await self._library.sessions(cwd, query, limit)

    async def events(self, session_id: str, after: int = 0, limit: int = 2000) -> Sequence[ev.Event]:
        return await self._library.events(session_id, after, limit)

    async def fork(self, session_id: str, at: int | None = None) -> SessionInfo:
        return await self.open_session(await self._library.fork(session_id, at))

    async def delete(self, session_id: str) -> None:
        if session_id in self._sessions:
            await self.close_session(session_id)
        await self._library.delete(session_id)

    async def restore(self, session_id: str) -> None:
        await self._library.restore(session_id)

    async def close_session(self, session_id: str) -> None:
        async with self._opening:
            watched = self._watched.pop(session_id, None)
            if watched is not None:
                watched.close()
                return
            session = self._session(session_id)
            await session.close()
            del self._sessions[session_id]
            await self._core.journal.flush()
            await self._core.journal.release(session_id)

    async def aclose(self, *, grace_s: float = 0.0) -> None:
        self._closed = True
        for watched in self._watched.values():
            watched.close()
        await asyncio.gather(*(session.close(grace_s) for session in self._sessions.values()))
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        try:
            await self._library.close()
        finally:
            await self._core.aclose()

    def _check_open(self) -> None:
        if self._closed:
            raise ConflictError("this agent-tui is closing")

    def _session(self, session_id: str) -> Session:
        if session_id in self._watched:
            raise ConflictError(
                f"session {session_id} is open in another agent-tui, here it can only be read",
                hint="fork it, or close it there and it goes on here",
            )
        session = self._sessions.get(session_id)
        if session is None:
            raise NotFoundError(f"session {session_id!r} is not open", hint="open it first")
        return session


def _notices(workspace: Workspace) -> tuple[str, ...]:
    if not workspace.untrusted:
        return workspace.notices
    names = ", ".join(path.name for path in workspace.untrusted)
    notice = f"this folder brings tools of its own ({names}); look at them, then type /trust in agent-tui"
    return (*workspace.notices, notice)
