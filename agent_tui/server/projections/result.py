"""What came out of one run, as an answer to one request has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agent_tui.events import types as ev


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run so far, or to its end.

    Attributes:
        text: The answer; of a run without one, what the model had said in its last attempt.
        status: None while it goes on.
        subtasks: How many the planner made; 0 without a plan.
    """

    run_id: str = ""
    model: str = ""
    text: str = ""
    answer: ev.AgentAnswer | None = None
    status: ev.RunStatus | None = None
    error: ev.ErrorInfo | None = None
    usage: ev.Usage = field(default_factory=ev.Usage)
    steps: int = 0
    duration_ms: float = 0.0
    subtasks: int = 0

    def after(self, event: ev.Event) -> RunResult:
        """The result with one more event of the run in it."""
        match event:
            case ev.RunStart():
                return replace(self, run_id=event.run_id or "", model=event.model)
            case ev.LlmStart():
                return replace(self, text="", model=event.model)
            case ev.LlmDelta(channel="answer"):
                return replace(self, text=self.text + event.text)
            case ev.Plan():
                return replace(self, subtasks=len(event.subtasks))
            case ev.Final():
                return replace(self, answer=event.answer, text=event.answer.answer)
            case ev.RunError():
                return replace(self, error=event.error)
            case ev.RunDone():
                return replace(
                    self,
                    status=event.status,
                    usage=event.usage,
                    steps=event.steps,
                    duration_ms=event.duration_ms,
                )
            case _:
                return self

    @classmethod
    def of(cls, events: Iterable[ev.Event]) -> RunResult:
        result = cls()
        for event in events:
            result = result.after(event)
        return result

    @property
    def failure(self) -> ev.ErrorInfo | None:
        """Why there is no answer; None of a run that gave one, or went as far as its steps allow."""
        if self.error is not None:
            return self.error
        if self.status in ("failed", "cancelled", "interrupted"):
            return ev.ErrorInfo(code=f"run_{self.status}", message=f"the run was {self.status}")
        return None
