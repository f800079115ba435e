"""A recorded session in place of a model, and of tools if that is wanted.

What there is to play is read from the recording's events; nothing else is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent_tui.agent.history import History
from agent_tui.agent.protocols.base import ActionProtocol
from agent_tui.errors import NotFoundError
from agent_tui.events import types as ev
from agent_tui.llm import router
from agent_tui.llm.cassette import CassetteClient, Hook, Tape
from agent_tui.llm.client import Capabilities
from agent_tui.llm.messages import Message
from agent_tui.llm.recorded import is_native, read_calls
from agent_tui.tools.cassette import ToolTape, read_tools


@dataclass(frozen=True, slots=True)
class Recording:
    """What is to be played again.

    Attributes:
        events: A session from its ``session_start`` on.
        after: What it did up to this ``seq`` is history and is not played.
        tools: Play the results of tools too, instead of running them.
        hook: Told of each model call; see ``llm.cassette``.
    """

    events: Sequence[ev.Event]
    after: int = 0
    tools: bool = False
    hook: Hook | None = None

    @property
    def model(self) -> str:
        """The model of the first run that is played.

        Raises:
            NotFoundError: No run is.
        """
        for event in self.events:
            if isinstance(event, ev.RunStart) and event.seq > self.after:
                return event.model
        raise NotFoundError(
            "the recording has no run", hint="choose a session in which something was asked"
        )


class Cassette:
    """A recording ready to play: the parts that stand in for models and tools."""

    def __init__(self, recording: Recording) -> None:
        self._events = recording.events
        self._native = is_native(recording.events)
        self._models = _client_models(recording.events)
        played = [event for event in recording.events if event.seq > recording.after]
        first = recording.events[0] if recording.events else None
        folder = first.cwd if isinstance(first, ev.SessionStart) else ""
        self._tape = Tape(read_calls(played), self._conversation, folder=folder, hook=recording.hook)
        self.tools = ToolTape(read_tools(played)) if recording.tools else None

    def client(self, model: str) -> CassetteClient:
        """What answers for ``model``; all of them play the one tape."""
        capabilities = Capabilities(
            native_tools=self._native, thoughts=True, context_tokens=router.context_tokens(model)
        )
        return CassetteClient(self._tape, self._models.get(model, model), capabilities)

    def _conversation(self, start: ev.LlmStart) -> Sequence[Message]:
        before = (event for event in self._events if event.seq < start.seq)
        return self._protocol().conversation(History().apply_all(before).messages())

    def _protocol(self) -> ActionProtocol:
        from agent_tui.agent.protocols.json_actions import JsonActions
        from agent_tui.agent.protocols.native import NativeCalls

        return NativeCalls() if self._native else JsonActions()


def _client_models(events: Sequence[ev.Event]) -> dict[str, str]:
    """What a session called its models, and what their clients called themselves."""
    asked: dict[str | None, str] = {}
    found: dict[str, str] = {}
    for event in events:
        match event:
            case ev.RunStart():
                asked[event.run_id] = event.model
            case ev.LlmStart() if event.run_id in asked:
                found[asked[event.run_id]] = event.model
            case _:
                pass
    return found
