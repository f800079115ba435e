"""What a model chose to do in one step, whatever the protocol it said it in."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from agent_tui.events.types import AgentAnswer


@dataclass(frozen=True, slots=True)
class CallTool:
    """Run a tool. ``call_id`` is the provider's for native calls, else ours; never empty."""

    call_id: str
    tool_name: str
    args: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class CallTools:
    """Run these, concurrently where they are independent."""

    calls: tuple[CallTool, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """Answer, and end the run."""

    answer: AgentAnswer


@dataclass(frozen=True, slots=True)
class Malformed:
    """The output was not an action. ``problem`` tells the model what was wrong with it."""

    problem: str


Action = CallTools | Finish | Malformed
