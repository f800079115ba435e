"""Events as plain lines: the answer's text as it streams, and one line for each thing that happens."""

from __future__ import annotations

import json
from collections.abc import Mapping

from agent_tui.events import types as ev
from agent_tui.headless.output import Output
from agent_tui.safetext import visible

NOBODY = "headless"
"""Who denies where nobody is there to ask."""

_ARGS_LENGTH = 200
_ASCII = {"⚙": "*", "✓": "ok", "✗": "failed", "■": "-", "…": "...", "?": "?"}


class Renderer:
    """Writes a session's events to an ``Output``.

    A broken attempt cannot be taken back from a stream. When the next attempt begins with the same
    words, they are not written twice; when it does not, it begins on a new line and a note says so.

    Args:
        output: Where it is written.
        how_to_allow: What the person can do so that the next time nobody has to be asked.
    """

    def __init__(self, output: Output, how_to_allow: str = "") -> None:
        self._output = output
        self._how_to_allow = how_to_allow
        self._text: list[str] = []
        self._expected = ""
        self._tools: dict[str, str] = {}

    def apply(self, event: ev.Event) -> None:
        """Writes what a reader should know of this event, which may be nothing."""
        match event:
            case ev.LlmDelta(channel="answer"):
                self._answer(event)
            case ev.LlmStart(attempt=attempt):
                self._begin_call(again=attempt > 1)
            case ev.LlmRetry():
                error = event.error
                self._note("…", f"{error.message}; attempt {event.attempt} in {event.delay_s:.1f} s")
            case ev.LlmDone(finish_reason="max_tokens"):
                self._note("…", "cut off: the model reached its limit for one answer (max_tokens)")
            case ev.ToolStart():
                self._tools[event.call_id] = event.tool_name
                self._note("⚙", f"{event.tool_name} {_short(event.args)}")
            case ev.ToolRetry():
                self._tool(event.call_id, "…", f"{event.error.message}; again in {event.delay_s:.1f} s")
            case ev.ToolEnd():
                mark = "✗" if event.failed else "✓"
                self._tool(event.call_id, mark, f"{event.summary or ''}", event.duration_ms)
            case ev.ToolFailed():
                self._tool(event.call_id, "✗", event.error.message, event.duration_ms)
            case ev.ToolCancelled():
                self._tool(event.call_id, "■", "cancelled", event.duration_ms)
            case ev.ApprovalRequest():
                self._tools[event.call_id] = event.tool_name
            case ev.ApprovalResult(decision="deny"):
                self._denied(event)
            case ev.SteerApplied():
                self._note("…", f"steered: {event.text}")
            case ev.Plan(subtasks=subtasks):
                for number, subtask in enumerate(subtasks, 1):
                    self._note("…", f"{number}. {subtask}")
            case ev.SubtaskStart():
                self._note("…", f"subtask {event.index + 1}: {event.text}")
            case ev.Notice():
                self._output.note(f"note: {event.text}")
            case ev.Final():
                self._final(event.answer)
            case ev.Cancelled():
                self._note("■", f"cancelled in {event.latency_ms:.0f} ms")
            case ev.RunDone():
                self._output.end_line()
                self._tools.clear()
            case _:
                pass

    def _begin_call(self, *, again: bool) -> None:
        self._expected = "".join(self._text) if again else ""
        if not again:
            self._output.end_line()
        self._text = []

    def _answer(self, event: ev.LlmDelta) -> None:
        self._text.append(event.text)
        if not self._expected:
            self._output.answer(event.text)
            return
        so_far = "".join(self._text)
        if self._expected.startswith(so_far):
            return
        fresh = so_far[len(self._expected) :] if so_far.startswith(self._expected) else None
        self._expected = ""
        if fresh is not None:
            self._output.answer(fresh)
            return
        self._output.end_line()
        self._note("…", "the answer so far was cut off and is void; it begins again")
        self._output.answer(so_far)

    def _final(self, answer: ev.AgentAnswer) -> None:
        if "".join(self._text) != answer.answer:
            self._output.end_line()
            self._output.answer(answer.answer)
        self._output.end_line()
        self._text, self._expected = [], ""
        if answer.needs_human_review:
            self._note("?", "the agent asks for a person to review this answer")

    def _denied(self, event: ev.ApprovalResult) -> None:
        name = self._tools.get(event.call_id, event.call_id)
        if event.by == NOBODY:
            todo = f"; {self._how_to_allow}" if self._how_to_allow else ""
            self._note("✗", f"{name} denied: nobody is there to ask{todo}")
        else:
            self._note("✗", f"{name} denied by {event.by}" + _because(event.feedback))

    def _tool(self, call_id: str, mark: str, words: str, duration_ms: float | None = None) -> None:
        name = self._tools.get(call_id, call_id)
        took = f" {_duration(duration_ms)}" if duration_ms is not None else ""
        self._note(mark, f"{name}{took} {words}".rstrip())

    def _note(self, mark: str, words: str) -> None:
        sign = mark if self._output.unicode else _ASCII[mark]
        # One line whatever is in it: what a tool or a server said must not look like a line of ours.
        self._output.note(f"{sign} {visible(words, newlines=False)}")


def _short(args: Mapping[str, object]) -> str:
    text = json.dumps(args, ensure_ascii=False)
    return text if len(text) <= _ARGS_LENGTH else text[: _ARGS_LENGTH - 1] + "…"


def _duration(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _because(feedback: str | None) -> str:
    return f": {feedback}" if feedback else ""
