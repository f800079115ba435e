"""One open session on the screen: its fold, its pump, and what a person asks of it.

It knows no widget. Calls that take time run as tasks of their own, so that no key ever waits for
one; what goes wrong comes back through ``Hooks.notice``. Which sessions are open, and the runtime
they share, is the business of ``session_set``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from agent_tui.errors import AgentTuiError, ConflictError
from agent_tui.tui.background import Background, Level

if TYPE_CHECKING:
    from agent_tui.events.fold import Fold
    from agent_tui.events.types import ApprovalResult, Decision, Event
    from agent_tui.events.view import Changes, SessionView
    from agent_tui.runtime.runtime import ModelInfo, Runtime, SessionInfo, ToolInfo
    from agent_tui.tui.pump import Pump

OpenRuntime = Callable[[], "Awaitable[Runtime]"]
Attention = Literal["idle", "running", "waiting", "done", "failed"]
"""What a session wants: ``done`` and ``failed`` are ends that nobody has looked at yet."""

LONG = 2_000
"""From this many events on, a session's end is drawn first and the rest of it read behind."""

KEPT = 20_000
"""Events of a long session that are handed on for the raw stream, the newest."""


PIECE = 256
"""Events folded at once behind the screen, so that no key waits for it."""

NOBODY = ("session", "headless")
"""Who answers in a person's place: an earlier answer, or the absence of people."""

READ_ONLY = "another agent-tui writes this session"
READ_ONLY_HINT = "open a new one, or fork this one"


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the controller tells its owner.

    Attributes:
        frame: Something changed; at most once per frame.
        whole: The view is another object that tells more of the same session; the events are its last.
        notice: A sentence for the person.
        restore: A prompt that is given back because its run was cancelled before it said anything.
        fatal: An error that nobody expected.
    """

    frame: Callable[[SessionController, Changes, Sequence[Event]], None]
    whole: Callable[[SessionController, Sequence[Event]], None]
    notice: Callable[[SessionController, Level, str], None]
    restore: Callable[[SessionController, str], None]
    fatal: Callable[[Exception], None]


class SessionController:
    """One session on one screen.

    Args:
        hooks: Where what happens is told.
        fps: Most frames a second.

    Attributes:
        info: What the core says of the session; None until it is open.
        whole: Whether the view tells the session from its beginning.
    """

    def __init__(self, hooks: Hooks, *, fps: int) -> None:
        self._hooks = hooks
        self._fps = fps
        self._runtime: Runtime | None = None
        self._fold: Fold | None = None
        self._pump: Pump | None = None
        self._held: list[Callable[[], Coroutine[Any, Any, object]]] = []
        self._cancelled_run: str | None = None
        self._seen_seq = 0
        self._answered: set[str] = set()
        self._results: dict[str, ApprovalResult] = {}
        self._steered: list[str] = []
        self._unseen: AgentTuiError | None = None  # why nothing more of the session can be shown
        self._background = Background(self._notice, hooks.fatal)
        self.info: SessionInfo | None = None
        self.whole = False

    @property
    def view(self) -> SessionView | None:
        """The state to draw; None until the session is open."""
        return self._fold.view if self._fold is not None else None

    @property
    def running(self) -> bool:
        return self._fold is not None and self._fold.view.status != "idle"

    @property
    def read_only(self) -> bool:
        """Another process writes this session: it can be followed, and nothing else."""
        return self.info is not None and self.info.read_only

    @property
    def unused(self) -> bool:
        """Whether nothing has been said or done in it yet."""
        view = self.view
        return view is not None and not view.runs and not view.queue and not view.title and view.seq <= 2

    @property
    def held(self) -> int:
        """How many things wait for the session to open."""
        return len(self._held)

    # Opening and closing

    async def begin(self, runtime: Runtime, info: SessionInfo) -> None:
        """Begins to follow a session that the runtime has open."""
        from agent_tui.events.fold import Fold
        from agent_tui.tui.pump import Pump

        self._runtime, self.info = runtime, info
        tail: Sequence[Event] = ()
        if info.last_seq > LONG:
            from agent_tui.tui.tail import fold_tail, read_tail

            tail = await read_tail(runtime, info)
            self._fold = fold_tail(info, tail)
        else:
            self._fold = Fold()
        after = self._fold.view.seq
        self._pump = Pump(runtime.follow(info.id, after), self._fold, self._frame, fps=self._fps)
        self._background.run(self._follow(runtime, info.id))
        if tail:
            changes = self._fold.take_changes()
            self._frame(changes, tail)
        self.whole = not tail or tail[0].seq == 1
        if not self.whole:
            self._background.run(self._read_whole(runtime, info.id))
        if self._held:
            held, self._held = self._held, []
            self._background.run(self._send_held(held))

    async def _follow(self, runtime: Runtime, session_id: str) -> None:
        """Takes events in for as long as there is a log; begins anew if a server's history changed."""
        from agent_tui.events.view import Changes
        from agent_tui.runtime.runtime import HISTORY_CHANGED
        from agent_tui.tui.pump import Pump

        while self._pump is not None and self._fold is not None:
            try:
                await self._pump.run()
            except AgentTuiError as error:
                if error.code != HISTORY_CHANGED:
                    self._unseen = error
                    self._frame(Changes(head=True), ())
                    raise
            else:
                return
            self._notice(
                "warning", "the server lost its last moments in a crash; this is what it still has"
            )
            self.info = await runtime.open_session(session_id)
            await self._read_whole(runtime, session_id, anew=True)
            self._pump = Pump(
                runtime.follow(session_id, self._fold.view.seq), self._fold, self._frame, fps=self._fps
            )

    async def _read_whole(self, runtime: Runtime, session_id: str, *, anew: bool = False) -> None:
        """Folds the session from its beginning, a little at a time, and goes on with that fold.

        With ``anew`` it is all that there is, else at least what the present fold knows.
        """
        from agent_tui.events.fold import Fold

        fold = Fold()
        last: deque[Event] = deque(maxlen=KEPT)
        while self._fold is not None and (anew or fold.view.seq < self._fold.view.seq):
            events = await runtime.events(session_id, fold.view.seq, PIECE)
            if not events and anew:
                break
            if not events:
                return
            fold.apply_all(events)
            last.extend(events)
            await asyncio.sleep(0)
        assert self._pump is not None
        self._fold = fold
        self._pump.go_on_with(fold)
        fold.take_changes()
        self.whole = True
        self._hooks.whole(self, list(last))

    async def _send_held(self, held: Sequence[Callable[[], Coroutine[Any, Any, object]]]) -> None:
        """Sends what was typed before the session was open, in the order it was typed."""
        for start in held:
            try:
                await start()
            except AgentTuiError as error:
                self._notice("error", str(error))

    async def quit(self) -> None:
        """Cancels the run that is going, if one is, and waits for its end."""
        self._background.quiet()
        if self._runtime is not None and self.running and not self.read_only:
            await self._runtime.cancel(self._id(), by="quit")

    async def stop(self) -> None:
        """Follows no more. What runs in the session is not touched."""
        await self._background.stop()

    # Being looked at

    def look(self) -> None:
        """The person sees the session now: what has ended so far wants no more attention."""
        view = self.view
        self._seen_seq = view.seq if view is not None else 0

    @property
    def cut_off(self) -> bool:
        """Whether nothing more of the session can be shown: it was deleted, or the server shuts us out."""
        return self._unseen is not None

    @property
    def attention(self) -> Attention:
        """What it wants, for somebody who last looked when ``look`` was called."""
        view = self.view
        if view is None:
            return "idle"
        if view.status == "waiting" and not self.read_only:
            return "waiting"
        if view.run is not None:
            return "running"
        last = view.spans.get(view.runs[-1]) if view.runs else None
        if last is None or last.last_seq is None or last.last_seq <= self._seen_seq:
            return "idle"
        if last.state == "cancelled":
            return "idle"
        return "done" if last.state == "ok" else "failed"

    # What a person does

    def submit(self, text: str) -> None:
        """Sends a prompt: it starts a run, or queues while one is going."""
        self._do(lambda: self._submit(text), typed=text)

    async def _submit(self, text: str) -> None:
        await self._send(text, self._need().submit(self._id(), text))

    async def _send(self, typed: str, sending: Awaitable[object]) -> None:
        try:
            await sending
        except AgentTuiError as error:
            if error.retryable:  # a server that cannot be reached now: nothing typed is lost
                self._hooks.restore(self, typed)
            raise

    def shell(self, command: str) -> None:
        typed = f"!{command}"
        self._do(lambda: self._send(typed, self._need().run_shell(self._id(), command)), typed=typed)

    def call_tool(self, name: str, args: dict[str, object]) -> None:
        self._do(lambda: self._need().call_tool(self._id(), name, args))

    def steer(self, text: str) -> None:
        """Gives text to the running model; without a run it is a prompt like any other."""

        async def steer() -> None:
            self._steered.append(text)
            if not await self._need().steer(self._id(), text):
                self._steered.remove(text)
                await self._submit(text)

        self._do(steer)

    def cancel(self) -> bool:
        """Stops the run at once. False if none is going."""
        view = self.view
        if view is None or self._runtime is None or view.status == "idle" or self.read_only:
            return False
        # Only the run that is seen: what is sent now may arrive when another has begun.
        seen = view.run.run_id if view.run is not None else None
        self._cancelled_run = seen or self._cancelled_run
        self._background.run(self._runtime.cancel(self._id(), run_id=seen))
        return True

    def answer(
        self,
        call_id: str,
        decision: Decision,
        feedback: str | None,
        *,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """Answers a question; ``failed`` is told if it did not get there, so that it still stands."""
        self._answered.add(call_id)

        async def answer() -> None:
            accepted = False
            try:
                accepted = await self._need().answer(self._id(), call_id, decision, feedback=feedback)
            except AgentTuiError:
                failed()
                raise
            finally:
                first = self._results.pop(call_id, None)
                if not accepted:
                    self._answered.discard(call_id)  # so that it is told whose answer counts
            if not accepted:
                self._notice("info", _whose(first) if first else "that question was already answered")

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

    # Inside

    def _notice(self, level: Level, text: str) -> None:
        self._hooks.notice(self, level, text)

    def _need(self) -> Runtime:
        if self._runtime is None:
            raise AgentTuiError("the session is not open yet")
        return self._runtime

    def _id(self) -> str:
        if self.info is None:
            raise AgentTuiError("the session is not open yet")
        return self.info.id

    def _do(self, start: Callable[[], Coroutine[Any, Any, object]], *, typed: str | None = None) -> None:
        """Runs now, or as soon as the session is open.

        Never in a session that another process writes, nor where nobody would see what comes of it:
        what was ``typed`` is given back there.
        """
        if self._fold is None:
            self._held.append(start)
        elif self._unseen is not None:
            if typed is not None:
                self._hooks.restore(self, typed)
            self._background.run(self._refuse(self._unseen))
        elif self.read_only:
            self._background.run(self._if_ours(start))
        else:
            self._background.run(start())

    async def _refuse(self, why: AgentTuiError) -> None:
        raise AgentTuiError(f"nothing can be done in this session: {why}")

    async def _if_ours(self, start: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Runs if the process that wrote the session has let go of it in the meantime."""
        self.info = await self._need().open_session(self._id())
        if self.read_only:
            self._notice("warning", str(ConflictError(READ_ONLY, hint=READ_ONLY_HINT)))
        else:
            await start()

    def _frame(self, changes: Changes, events: Sequence[Event]) -> None:
        try:
            self._hooks.frame(self, changes, events)
        except Exception as error:  # noqa: BLE001 - a frame is drawn from a timer: nobody above would see it
            self._hooks.fatal(error)
        self._tell_answers(events)
        if self.read_only and any(event.type == "notice" for event in events):
            self._background.run(self._ask_again())
        self._take_back_unheard(events)
        if self._cancelled_run is not None and not self.running:
            self._give_back(self._cancelled_run)
            self._cancelled_run = None

    def _take_back_unheard(self, events: Sequence[Event]) -> None:
        """Hands back what was said to a run that ended before its model heard it."""
        if not self._steered:
            return
        for event in events:
            if event.type == "steer_applied" and event.text in self._steered:
                self._steered.remove(event.text)
            elif event.type == "run_done" and self._steered:
                unheard, self._steered = self._steered, []
                self._hooks.restore(self, "\n".join(unheard))

    def _tell_answers(self, events: Sequence[Event]) -> None:
        """Says who answered a question that stood on this screen, if it was answered on another."""
        if self.info is None or self.read_only:
            return
        for event in events:
            if event.type != "approval_result" or event.decision == "cancelled" or event.by in NOBODY:
                continue
            if event.call_id in self._answered:
                self._results[event.call_id] = event  # it may be another's, who was sooner
            elif event.seq > self.info.last_seq:
                self._notice("info", _whose(event))

    async def _ask_again(self) -> None:
        """Learns whether a session that another process wrote has become this one's."""
        from agent_tui.events.view import Changes

        info = await self._need().open_session(self._id())
        if not info.read_only:
            self.info = info
            self._frame(Changes(head=True), ())

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
            self._hooks.restore(self, prompt)


def _whose(result: ApprovalResult) -> str:
    """Says who answered a question, and how."""
    verb = "denied" if result.decision == "deny" else "allowed"
    return f"the question was answered: {verb} by {result.by}"
