"""Sessions told event by event with a clock that only moves when told to."""

from __future__ import annotations

from typing import Any

from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.log import SessionLog
from tests.fakes.clock import FakeClock


class Story:
    """Appends events to a log and folds them at once; ``events`` holds all of them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.log = SessionLog("session1", clock=self.clock)
        self.fold = Fold()
        self.events: list[ev.Event] = []
        self._ids = 0
        self.run_id = self.step_id = ""
        self.add(ev.SessionStart, cwd="/work", model="demo", version="1")

    @property
    def view(self):
        return self.fold.view

    def add(self, kind: type[ev.EventBase], **fields: Any) -> ev.Event:
        event = self.log.append(kind, **fields)
        self.events.append(event)
        self.fold.apply(event)
        return event

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def _id(self, prefix: str) -> str:
        self._ids += 1
        return f"{prefix}_{self._ids}"

    # Runs and steps

    def run(self, text: str = "why does test_calc fail?", model: str = "gemini-2.5-flash") -> None:
        self.run_id = self._id("run")
        self._began = self.clock.monotonic()
        self._usage = ev.Usage()
        self._steps = 0
        self.add(
            ev.RunStart, run_id=self.run_id, span_id=self.run_id, input=text, model=model, agent="react"
        )

    def step(self) -> None:
        self._steps += 1
        self.step_id = self._id("step")
        self.add(
            ev.ReactStepStart,
            run_id=self.run_id,
            span_id=self.step_id,
            parent_id=self.run_id,
            step=self._steps,
            max_steps=12,
        )

    def end(self, status: ev.RunStatus = "completed") -> None:
        self.add(
            ev.RunDone,
            run_id=self.run_id,
            span_id=self.run_id,
            status=status,
            steps=self._steps,
            usage=self._usage,
            duration_ms=(self.clock.monotonic() - self._began) * 1000,
        )

    # Model calls

    def llm(self, *, attempt: int = 1, cached: bool = False) -> dict[str, Any]:
        where = {"run_id": self.run_id, "span_id": self._id("llm"), "parent_id": self.step_id}
        self._llm_began = self.clock.monotonic()
        self._first: float | None = None
        self.add(
            ev.LlmStart, **where, model="gemini-2.5-flash", attempt=attempt, message_count=4, cached=cached
        )
        return where

    def tokens(
        self, where: dict[str, Any], *texts: str, every: float = 0.02, channel: str = "answer"
    ) -> None:
        for text in texts:
            if self._first is None:
                self._first = self.clock.monotonic()
            self.add(ev.LlmDelta, **where, text=text, channel=channel)
            self.wait(every)

    def llm_done(self, where: dict[str, Any], usage: ev.Usage, finish: str = "stop", raw: str = "") -> None:
        began = self._llm_began
        self._usage = self._usage + usage
        self.add(
            ev.LlmDone,
            **where,
            finish_reason=finish,
            usage=usage,
            ttft_ms=(self._first - began) * 1000 if self._first is not None else None,
            duration_ms=(self.clock.monotonic() - began) * 1000,
        )
        if raw:
            self.add(ev.ReactModelRaw, **where, raw=raw)

    def llm_broke(self, where: dict[str, Any], delay: float, attempt: int) -> None:
        error = ev.ErrorInfo(code="http_503", message="The model is overloaded.", retryable=True)
        took = (self.clock.monotonic() - self._llm_began) * 1000
        self.add(ev.LlmError, **where, error=error, duration_ms=took)
        self.add(ev.LlmRetry, **where, attempt=attempt, delay_s=delay, error=error)
        self.wait(delay)

    # Tools

    def tool(
        self, name: str, args: dict[str, Any], risk: ev.Risk = "low", ask: bool = False
    ) -> dict[str, Any]:
        call = self._id("call")
        where = {"run_id": self.run_id, "span_id": f"tool_{call}", "parent_id": self.step_id}
        if ask:
            self.add(
                ev.ApprovalRequest,
                **where,
                call_id=call,
                tool_name=name,
                args=args,
                risk=risk,
                preview="$ it",
            )
        else:
            self.add(ev.ToolStart, **where, call_id=call, tool_name=name, args=args, risk=risk)
        where["call_id"] = call
        where["began"] = self.clock.monotonic()
        where["tool"] = (name, args, risk)
        return where

    def allowed(self, where: dict[str, Any]) -> None:
        place = self._place(where)
        name, args, risk = where["tool"]
        self.add(ev.ApprovalResult, **place, decision="allow", by="user")
        self.add(ev.ToolStart, **place, tool_name=name, args=args, risk=risk)

    def output(self, where: dict[str, Any], text: str) -> None:
        self.add(ev.ToolOutput, **self._place(where), stream="stdout", text=text)

    def tool_end(self, where: dict[str, Any], result: Any, summary: str = "", failed: bool = False) -> None:
        place = self._place(where)
        took = (self.clock.monotonic() - where["began"]) * 1000
        self.add(ev.ToolEnd, **place, result=result, duration_ms=took, summary=summary, failed=failed)
        observation = result if isinstance(result, str) else f"{result}"
        self.add(ev.ReactObservation, **place, content=observation)

    def tool_failed(self, where: dict[str, Any], message: str) -> None:
        took = (self.clock.monotonic() - where["began"]) * 1000
        error = ev.ErrorInfo(code="tool_timeout", message=message, retryable=True)
        self.add(ev.ToolFailed, **self._place(where), error=error, duration_ms=took)

    def _place(self, where: dict[str, Any]) -> dict[str, Any]:
        return {key: where[key] for key in ("run_id", "span_id", "parent_id", "call_id")}


def usage(tokens_in: int, out: int, **more: Any) -> ev.Usage:
    return ev.Usage(input_tokens=tokens_in, output_tokens=out, cost_usd=(tokens_in + out) / 1e7, **more)


def short_run(story: Story, text: str = "what is 2+2?") -> None:
    """One step, one call, one tool, answered."""
    story.run(text)
    story.step()
    where = story.llm()
    story.wait(0.2)
    story.tokens(where, *["word "] * 8)
    story.llm_done(where, usage(120, 8), raw="word " * 8)
    tool = story.tool("calc", {"expression": "2+2"})
    story.wait(0.004)
    story.tool_end(tool, "4", "4")
    story.end()
    story.wait(1.0)


def working_session(*, finished: bool = False) -> Story:
    """Retries, parallel tools, a cache hit, a failure, an approval, and a call that streams."""
    story = Story()
    short_run(story)
    story.run()
    story.step()
    first = story.llm()
    story.wait(0.15)
    story.llm_broke(first, 0.4, 2)
    again = story.llm(attempt=2)
    story.wait(0.212)
    story.tokens(again, *["thinking about calc "] * 4, channel="thought")
    story.tokens(again, *['{"type": "tool", '] * 12, channel="action")
    story.llm_done(
        again, usage(1204, 88, thought_tokens=21, cached_tokens=400), "tool_calls", '{"type": "tool"}'
    )
    read = story.tool("read_file", {"path": "tests/test_calc.py"})
    shell = story.tool("shell", {"command": "pytest -x tests/test_calc.py"}, "high")
    grep = story.tool("grep", {"pattern": "def calc", "path": "src"})
    story.wait(0.03)
    story.tool_end(read, "def test_calc():\n    assert calc('1+1') == 2\n" * 6, "12 lines")
    story.output(shell, "collected 3 items\n")
    story.wait(0.2)
    story.tool_end(
        grep, {"matches": [{"file": "src/calc.py", "line": 7, "text": "def calc(text):"}]}, "1 match"
    )
    story.wait(0.8)
    story.output(shell, "FAILED tests/test_calc.py::test_rounding - assert 87.2 == 87\n")
    story.tool_end(shell, {"exit": 1, "output": "1 failed"}, "exit 1", failed=True)
    story.step()
    cached = story.llm(cached=True)
    story.wait(0.003)
    story.llm_done(cached, usage(1500, 30))
    asks = story.tool(
        "edit_file", {"path": "src/計算.py", "old": "round(x)", "new": "round(x, 1)"}, "medium", ask=True
    )
    story.wait(0.7)
    story.allowed(asks)
    story.wait(0.05)
    story.tool_end(asks, "edited", "+1 −1")
    story.step()
    last = story.llm()
    story.wait(0.3)
    story.tokens(last, *["The test expects **87.2** but `calc` rounds ", "🎉 to whole numbers. "] * 15)
    if finished:
        story.llm_done(last, usage(1700, 120))
        story.end()
    return story


HOSTILE = (
    "ok\x1b[2J\x1b]0;owned\x07 [bold red]not markup[/] \u202eevil\u202c \x9b31m\r\n\ttab 漢字 👩‍💻 end"
)
