"""What the tests of the tools share: a runner over a real log, and a context without one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from agent_tui.cancel import CancelToken
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter, SessionLog
from agent_tui.tools.policy import Policy
from agent_tui.tools.registry import ToolRegistry
from agent_tui.tools.runner import RunnerSettings, ToolRunner
from agent_tui.tools.spec import ToolContext, ToolOutcome, ToolReply, ToolRequest, ToolSpec


class Bench:
    """A runner whose approvals are answered by a list, and what it wrote."""

    def __init__(
        self,
        specs: Sequence[ToolSpec],
        cwd: Path,
        *,
        policy: Policy | None = None,
        answers: Sequence[tuple[ev.Decision, str | None]] = (),
        **settings: Any,
    ) -> None:
        self.log = SessionLog("session1")
        self.asked: list[tuple[str, str, str | None]] = []
        self.slept: list[float] = []
        self._answers = list(answers)
        self._count = 0
        self.runner = ToolRunner(
            ToolRegistry(specs),
            policy or Policy(allow=["*"], cwd=cwd),
            Emitter(self.log, run_id="run_1"),
            self._approve,
            RunnerSettings(cwd, **settings),
            sleep=self._sleep,
        )

    async def _approve(
        self, emit: Emitter, call_id: str, spec: ToolSpec, args: dict[str, JsonValue], preview: str | None
    ) -> tuple[ev.Decision, str | None]:
        self.asked.append((call_id, spec.name, preview))
        return self._answers.pop(0)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def run(self, name: str, **args: Any) -> ToolOutcome:
        self._count += 1
        return await self.runner.run(ToolRequest(f"call_{self._count}", name, args), parent_id="step_1")

    @property
    def events(self) -> list[Any]:
        return [codec.decode(line) for line in self.log._lines]

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def types(self) -> list[str]:
        return [event.type for event in self.events]


def context(cwd: Path, *roots: Path) -> ToolContext:
    """A context for calling a tool's function directly."""
    return ToolContext(cwd, CancelToken(), lambda text, stream: None, roots=roots)


def call(spec: ToolSpec, where: ToolContext, **args: Any) -> ToolReply:
    """Calls a sync tool's function directly."""
    reply = spec.function(spec.args_model.model_validate(args), where)
    assert isinstance(reply, ToolReply)
    return reply


def spec_of(specs: Sequence[ToolSpec], name: str) -> ToolSpec:
    return next(spec for spec in specs if spec.name == name)
