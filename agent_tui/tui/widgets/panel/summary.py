"""One event in a few words, for its line in the raw stream. Pure."""

from __future__ import annotations

from typing import assert_never

from agent_tui.events import types as ev
from agent_tui.tui import format as fmt
from agent_tui.tui.widgets.panel.text import compact, one_line


def summary_of(event: ev.Event) -> str:
    """What ``event`` says, on one safe line."""
    return one_line(_words(event), 300)


def _words(event: ev.Event) -> str:
    match event:
        case ev.SessionStart() | ev.SessionUpdate():
            return _session(event)
        case ev.PromptQueued() | ev.SteerQueued() | ev.SteerApplied():
            return event.text
        case ev.Notice():
            return event.text
        case ev.PromptUnqueued():
            return event.reason
        case ev.RunStart():
            return f"{event.agent}: {event.input}"
        case ev.ReactStepStart():
            return f"step {event.step} of {event.max_steps}"
        case ev.LlmStart() | ev.LlmDelta() | ev.LlmRetry() | ev.LlmDone() | ev.LlmError():
            return _llm(event)
        case ev.ReactModelRaw():
            return event.raw[:600]
        case ev.ToolStart() | ev.ToolOutput() | ev.ToolRetry() | ev.ToolEnd():
            return _tool(event)
        case ev.ToolFailed():
            return f"{event.error.code}: {event.error.message}"
        case ev.ToolCancelled():
            return f"after {fmt.duration_ms(event.duration_ms)}"
        case ev.ReactObservation():
            return event.content[:600]
        case ev.ApprovalRequest():
            return f"{event.tool_name} ({event.risk}) {compact(event.args, 200)}"
        case ev.ApprovalResult():
            return f"{event.decision} by {event.by} {event.feedback or ''}"
        case ev.Plan():
            return " · ".join(event.subtasks)
        case ev.SubtaskStart():
            return f"{event.index}: {event.text}"
        case ev.SubtaskDone():
            return f"{event.index}: {event.result}"
        case ev.MemoryUpdate():
            return fmt.plural(event.count, "memory", "memories")
        case ev.Final():
            return event.answer.answer[:600]
        case ev.CancelCalled():
            return f"by {event.by}"
        case ev.Cancelled():
            return f"in {fmt.duration_ms(event.latency_ms)}"
        case ev.RunError():
            return f"{event.error.code}: {event.error.message}"
        case ev.RunDone():
            took = fmt.duration_ms(event.duration_ms)
            return f"{event.status}, {fmt.plural(event.steps, 'step')}, {took}"
        case _:
            assert_never(event)


def _session(event: ev.SessionStart | ev.SessionUpdate) -> str:
    if isinstance(event, ev.SessionStart):
        return f"{event.model} in {event.cwd}"
    parts = [event.title or "", f"model {event.model}" if event.model else ""]
    return " ".join([*parts, "cleared" if event.cleared else ""])


def _llm(event: ev.LlmStart | ev.LlmDelta | ev.LlmRetry | ev.LlmDone | ev.LlmError) -> str:
    match event:
        case ev.LlmStart():
            again = f", attempt {event.attempt}" if event.attempt > 1 else ""
            return f"{event.model}, {fmt.plural(event.message_count, 'message')}{again}"
        case ev.LlmDelta():
            return event.text
        case ev.LlmRetry():
            return (
                f"attempt {event.attempt} in {fmt.duration_ms(event.delay_s * 1000)}: {event.error.message}"
            )
        case ev.LlmDone():
            usage = event.usage
            return (
                f"{event.finish_reason}, {fmt.count(usage.input_tokens)} in, "
                f"{fmt.count(usage.output_tokens)} out, {fmt.duration_ms(event.duration_ms)}"
            )
        case ev.LlmError():
            return f"{event.error.code}: {event.error.message}"
        case _:
            assert_never(event)


def _tool(event: ev.ToolStart | ev.ToolOutput | ev.ToolRetry | ev.ToolEnd) -> str:
    match event:
        case ev.ToolStart():
            return f"{event.tool_name} {compact(event.args, 200)}"
        case ev.ToolOutput():
            return f"{event.stream}: {event.text[:600]}"
        case ev.ToolRetry():
            return (
                f"attempt {event.attempt} in {fmt.duration_ms(event.delay_s * 1000)}: {event.error.message}"
            )
        case ev.ToolEnd():
            word = "failed, " if event.failed else ""
            return f"{word}{event.summary or 'done'}, {fmt.duration_ms(event.duration_ms)}"
        case _:
            assert_never(event)
