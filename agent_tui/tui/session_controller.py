"""The screen's one way to the core: it owns runtime, session, fold and pump.

It knows no widget. Calls that take time run as tasks of their own, so that no key ever waits for
one; what goes wrong comes back through ``on_notice``. A replay or a remote session plugs in as
another ``open_runtime``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from agent_tui.errors import AgentTuiError

if TYPE_CHECKING:
    from agent_tui.events.fold import Fold
    from agent_tui.events.types import Decision, Event
    from agent_tui.events.view import Changes, SessionView
    from agent_tui.runtime.runtime import ModelInfo, Runtime, SessionInfo, ToolInfo

Level = Literal["info", "success", "warning", "error"]
OpenRuntime = Callable[[], "Awaitable[Runtime]"]

CLOSE_TIMEOUT_S = 5.0
"""How long leaving waits for a run to end and the journal to be written."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the controller tells the screen.

    Attributes:
        frame: Something changed; at most once per frame.
        notice: A sentence for the person.
        restore: A prompt that is given back because its run was cancelled before it said anything.
        fatal: An error that nobody expected.
    """

    frame: Callable[[Changes, Sequence[Event]], None]
    notice: Callable[[Level, str], None]
    restore: Callable[[str], None]
    fatal: Callable[[Exception], None]


class SessionController:
    """One session on one screen.

    Args:
        open_runtime: Makes or finds the core.
        hooks: Where what happens is told.
        fps: Most frames a second.
    """

    def __init__(self, open_runtime: OpenRuntime, hooks: Hooks, *, fps: int) -> None:
        self._open_runtime = open_runtime
        self._hooks = hooks
        self._fps = fps
        self._runtime: Runtime | None = None
        self._fold: Fold | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._held: list[Callable[[], Coroutine[Any, Any, object]]] = []
        self._cancelled_run: str | None = None
        self._closing = False
        self.info: SessionInfo | None = None

    @property
    def view(self) -> SessionView | None:
        """The state to draw; None until the session is open."""
        return self._fold.view if self._fold is not None else None

    @property
    def running(self) -> bool:
        return self._fold is not None and self._fold.view.status != "idle"

    @property
    def held(self) -> int:
        """How many things wait for the session to open."""
        return len(self._held)

    async def open(self, cwd: Any, session: str | None, model: str | None) -> SessionInfo:
        """Opens the runtime and its session, and begins to follow it.

        Raises:
            AgentTuiError: What can be told in a line, such as a model's name that is not one.
        """
        from agent_tui.events.fold import Fold
        from agent_tui.tui.pump import Pump

        runtime = await self._open_runtime()
        self._runtime = runtime
        self.info = await runtime.open_session(session, cwd=cwd, model=model)
        self._fold = Fold()
        pump = Pump(runtime.follow(self.info.id), self._fold, self._frame, fps=self._fps)
        self._spawn(pump.run())
        if self._held:
            held, self._held = self._held, []
            self._spawn(self._send_held(held))
        return self.info

    async def _send_held(self, held: Sequence[Callable[[], Coroutine[Any, Any, object]]]) -> None:
        """Sends what was typed before the session was open, in the order it was typed."""
        for start in held:
            try:
                await start()
            except AgentTuiError as error:
                self._hooks.notice("error", str(error))

    # What a person does

    def submit(self, text: str) -> None:
        """Sends a prompt: it starts a run, or queues while one is going."""
        self._do(lambda: self._need().submit(self._id(), text))

    def shell(self, command: str) -> None:
        self._do(lambda: self._need().run_shell(self._id(), command))

    def call_tool(self, name: str, args: dict[str, object]) -> None:
        self._do(lambda: self._need().call_tool(self._id(), name, args))

    def steer(self, text: str) -> None:
        """Gives text to the running model; without a run it is a prompt like any other."""

        async def steer() -> None:
            if not await self._need().steer(self._id(), text):
                await self._need().submit(self._id(), text)

        self._do(steer)

    def cancel(self) -> bool:
        """Stops the run at once. False if none is going."""
        view = self.view
        if view is None or self._runtime is None or view.status == "idle":
            return False
        if view.run is not None:
            self._cancelled_run = view.run.run_id
        self._spawn(self._runtime.cancel(self._id()))
        return True

    def answer(self, call_id: str, decision: Decision, feedback: str | None) -> None:
        async def answer() -> None:
            if not await self._need().answer(self._id(), call_id, decision, feedback=feedback):
                self._hooks.notice("info", "that question was already answered")

        self._do(answer)

    def take_back(self, prompt_id: str, then: Callable[[str], None] | None = None) -> None:
        """Removes a queued prompt; ``then`` gets its text."""

        async def take_back() -> None:
            text = await self._need().unqueue(self._id(), prompt_id)
            if text is not None and then is not None:
                then(text)

        self._do(take_back)

    def set_model(self, model: str, then: Callable[[], None] | None = None) -> None:
        async def set_model() -> None:
            await self._need().set_model(self._id(), model)
            if then is not None:
                then()

        self._do(set_model)

    def set_title(self, title: str) -> None:
        self._do(lambda: self._need().set_title(self._id(), title))

    def clear(self) -> None:
        self._do(lambda: self._need().clear(self._id()))

    def trust(self, then: Callable[[Sequence[ToolInfo]], None]) -> None:
        async def trust() -> None:
            await self._need().trust(self._id())
            then(await self._need().tools(self._id()))

        self._do(trust)

    async def tools(self) -> Sequence[ToolInfo]:
        return await self._need().tools(self._id())

    async def models(self) -> Sequence[ModelInfo]:
        return await self._need().models()

    async def close(self) -> None:
        """Cancels a run that is going, waits for its end, and lets go of everything; bounded."""
        self._closing = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                if self._runtime is not None:
                    if self.running:
                        await self._runtime.cancel(self._id(), by="quit")
                    await self._runtime.aclose()
        except TimeoutError:
            self._hooks.notice("warning", "the run did not end in time")
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # Inside

    def run_soon(self, work: Coroutine[Any, Any, object]) -> None:
        """Runs ``work`` beside the screen; its errors become notices."""
        self._spawn(work)

    def _need(self) -> Runtime:
        if self._runtime is None:
            raise AgentTuiError("the session is not open yet")
        return self._runtime

    def _id(self) -> str:
        if self.info is None:
            raise AgentTuiError("the session is not open yet")
        return self.info.id

    def _do(self, start: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Runs now, or as soon as the session is open."""
        if self._fold is None:
            self._held.append(start)
        else:
            self._spawn(start())

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        match task.exception():
            case None:
                pass
            case AgentTuiError() as error:
                self._hooks.notice("error", str(error))
            case Exception() as error if not self._closing:
                self._hooks.fatal(error)

    def _frame(self, changes: Changes, events: Sequence[Event]) -> None:
        try:
            self._hooks.frame(changes, events)
        except Exception as error:  # noqa: BLE001 - a frame is drawn from a timer: nobody above would see it
            self._hooks.fatal(error)
        if self._cancelled_run is not None and not self.running:
            self._give_back(self._cancelled_run)
            self._cancelled_run = None

    def _give_back(self, run_id: str) -> None:
        """Hands a prompt back whose run had neither said nor done anything."""
        from agent_tui.events.view import AnswerBlock, PromptBlock, ThoughtBlock, ToolBlock

        view = self.view
        if view is None:
            return
        prompt: str | None = None
        for block in reversed(view.blocks):
            if block.run_id != run_id:
                if block.run_id is not None:
                    break
                continue
            match block:
                case ToolBlock():
                    return
                case AnswerBlock() | ThoughtBlock() if len(block.text):
                    return
                case PromptBlock(kind="prompt"):
                    prompt = block.text
                case _:
                    pass
        if prompt is not None:
            self._hooks.restore(prompt)
