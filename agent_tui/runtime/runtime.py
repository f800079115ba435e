"""The façade: all that a front end may ask of the core.

There are two implementations, in this process and over HTTP; a front end cannot tell which it
holds. Everything that happens comes back as events through ``follow``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from agent_tui.events.types import Decision, Event, Risk

SessionState = Literal["closed", "idle", "running", "waiting"]

HISTORY_CHANGED = "history_changed"
"""Code of the ``ConflictError`` by which ``follow`` ends when a server lost its last moments in a crash
and went on with the same numbers: what was shown has to be begun anew."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as a list shows it. Times are RFC 3339, as in its events.

    Attributes:
        last_seq: Number of its events.
        runs: Number of its runs.
        tokens: Read and written by models, over all runs; ``cost_usd`` None where a price is unknown.
        state: What an open one is doing; ``closed`` for one that is only stored.
        read_only: Another process writes it: it can be followed, and nothing else.
        snippet: Where a search found its words, the words marked by U+0001 and U+0002.
        notices: Sentences the person should see once.
    """

    id: str
    cwd: str
    model: str
    title: str = ""
    created: str = ""
    updated: str = ""
    last_seq: int = 0
    runs: int = 0
    tokens: int = 0
    cost_usd: float | None = None
    state: SessionState = "closed"
    read_only: bool = False
    snippet: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolInfo:
    """A registered tool. ``decision`` is what policy says of a call with no special arguments."""

    name: str
    description: str
    risk: Risk
    decision: Literal["allow", "ask", "deny"]
    source: str
    timeout_s: float | None
    schema: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be named. If it is not ``usable``, ``reason`` says why and what to do."""

    name: str
    usable: bool
    reason: str = ""
    description: str = ""
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A prompt was taken. ``run_id`` is set if its run began at once, ``prompt_id`` if it queues."""

    run_id: str | None = None
    prompt_id: str | None = None


class Runtime(Protocol):
    """The core of one process or one server.

    Every method may raise ``NotFoundError`` for an unknown session.
    """

    async def open_session(
        self, session_id: str | None = None, *, cwd: Path | None = None, model: str | None = None
    ) -> SessionInfo:
        """Opens a stored session, or a new one in ``cwd`` when ``session_id`` is None.

        One that another process writes is opened ``read_only``: it can be followed, all else raises
        ``ConflictError``. When the other lets go of it, it goes on here; opening it again tells.

        Raises:
            ConfigError: The model's name is not one.
        """
        ...

    async def submit(self, session_id: str, text: str, *, queue: bool = True) -> Submitted:
        """Starts a run, or queues the prompt while one is going.

        Raises:
            ConflictError: A run is going and ``queue`` is false.
        """
        ...

    async def unqueue(self, session_id: str, prompt_id: str) -> str | None:
        """Takes a queued prompt back; its text, or None if it is no longer queued."""
        ...

    async def cancel(self, session_id: str, *, by: str = "user", run_id: str | None = None) -> bool:
        """Stops the run at once. False if none was going. Returns when ``run_done`` is written.

        Args:
            session_id: Whose run.
            by: Who wants that; goes into the log.
            run_id: Only this run, and none that has begun since; None for whichever goes.
        """
        ...

    async def answer(
        self,
        session_id: str,
        call_id: str,
        decision: Decision,
        *,
        feedback: str | None = None,
        by: str = "user",
    ) -> bool:
        """Answers an approval; false if somebody already had."""
        ...

    async def steer(self, session_id: str, text: str) -> bool:
        """Gives text to the model at its next step. False if no run is going."""
        ...

    async def run_shell(self, session_id: str, command: str) -> Submitted:
        """Runs a person's own ``!command``; what it prints becomes part of the history."""
        ...

    async def call_tool(self, session_id: str, name: str, args: dict[str, object]) -> Submitted:
        """Runs a tool for the person, through the same runner and policy as for the model."""
        ...

    async def set_model(self, session_id: str, model: str) -> None:
        """The model of the next run.

        Raises:
            ConfigError: The name is not one, or the model is not usable.
        """
        ...

    async def set_title(self, session_id: str, title: str) -> None:
        """Names a session, open or stored."""
        ...

    async def clear(self, session_id: str) -> None:
        """The next prompt starts from an empty history. Nothing is deleted."""
        ...

    def follow(self, session_id: str, after: int = 0) -> AsyncIterator[Sequence[Event]]:
        """Every event of the session with ``seq > after``, in batches, as they come."""
        ...

    async def tools(self, session_id: str) -> Sequence[ToolInfo]: ...

    async def models(self) -> Sequence[ModelInfo]: ...

    async def trust(self, session_id: str) -> None:
        """Trusts this session's folder: its own tools are loaded from now on."""
        ...

    async def sessions(
        self, *, cwd: Path | None = None, query: str = "", limit: int = 200
    ) -> Sequence[SessionInfo]:
        """The sessions in which something was said, the one last used first.

        Args:
            cwd: Only those of this folder.
            query: Only those in which all these words occur, in prompts, answers or what tools said;
                those that fit best come first, with a ``snippet``.
            limit: Most sessions to return.
        """
        ...

    async def events(self, session_id: str, after: int = 0, limit: int = 2000) -> Sequence[Event]:
        """Up to ``limit`` events with ``seq > after`` of any session, open or stored.

        Args:
            session_id: Its id, or the beginning of it if that is unique.
        """
        ...

    async def fork(self, session_id: str, at: int | None = None) -> SessionInfo:
        """Opens a new session that begins with another's events, up to number ``at`` or all of them.

        What was open at that moment ends there; the other session is not touched.

        Raises:
            UsageError: It has no event of that number.
        """
        ...

    async def delete(self, session_id: str) -> None:
        """Deletes a session, which is closed first. Until ``aclose`` it can be had back by ``restore``.

        Raises:
            ConflictError: Another process has it open.
        """
        ...

    async def restore(self, session_id: str) -> None:
        """Undoes a ``delete`` of this runtime."""
        ...

    async def close_session(self, session_id: str) -> None:
        """Cancels what runs in a session and lets go of it; it stays stored."""
        ...

    async def aclose(self, *, grace_s: float = 0.0) -> None:
        """Takes no more work, writes what is not yet written, lets go of everything.

        Args:
            grace_s: How long what runs may go on before it is cancelled.
        """
        ...


@runtime_checkable
class RemoteRuntime(Runtime, Protocol):
    """A core elsewhere, which others use too: ``aclose`` only lets go of it, and cancels nothing."""

    def watch_connection(self, tell: Callable[[bool], None]) -> None:
        """Tells when the connection is lost for more than a moment (false) and when it is back (true)."""
        ...
