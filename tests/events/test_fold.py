"""The fold: total over any stream, and what the screen needs from ordinary ones."""

from __future__ import annotations

from hypothesis import given

from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.log import SessionLog
from agent_tui.events.unfinished import Unfinished
from agent_tui.events.view import (
    AnswerBlock,
    LlmSpan,
    NoticeBlock,
    PromptBlock,
    RunSpan,
    ThoughtBlock,
    ToolBlock,
)
from tests.events.strategies import event_lists
from tests.fakes.clock import FakeClock


class Story:
    """A log and its fold, told event by event."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.fold = Fold()
        self.log = SessionLog("s", clock=self.clock)
        self.log.observe(self.fold.apply)
        self.log.append(ev.SessionStart, cwd="/w", model="demo", version="1")

    @property
    def view(self):
        return self.fold.view

    def run(self, text: str = "hello") -> None:
        self.log.append(ev.RunStart, run_id="r", span_id="r", input=text, model="demo", agent="react")
        self.log.append(ev.ReactStepStart, run_id="r", span_id="st", parent_id="r", step=1, max_steps=3)

    def llm(self, span: str = "m", attempt: int = 1) -> None:
        self.log.append(
            ev.LlmStart,
            run_id="r",
            span_id=span,
            parent_id="st",
            model="demo",
            attempt=attempt,
            message_count=1,
        )

    def delta(self, text: str, span: str = "m", channel: str = "answer") -> None:
        self.log.append(ev.LlmDelta, run_id="r", span_id=span, parent_id="st", text=text, channel=channel)

    def llm_done(self, span: str = "m", reason: str = "stop") -> None:
        usage = ev.Usage(input_tokens=10, output_tokens=5)
        self.log.append(
            ev.LlmDone,
            run_id="r",
            span_id=span,
            parent_id="st",
            finish_reason=reason,
            usage=usage,
            duration_ms=9.0,
        )

    def done(self, status: str = "completed") -> None:
        usage = ev.Usage(input_tokens=10, output_tokens=5)
        self.log.append(
            ev.RunDone, run_id="r", span_id="r", status=status, steps=1, usage=usage, duration_ms=10.0
        )

    def blocks(self, kind: type):
        return [block for block in self.view.blocks if isinstance(block, kind)]


@given(event_lists)
def test_any_stream_folds_and_prefixes_agree(events: list[ev.Event]) -> None:
    whole = Fold().apply_all(events)
    halves = Fold().apply_all(events[: len(events) // 2])
    halves.apply_all(events)  # what is already in the view is ignored
    assert whole.view == halves.view
    assert [block.index for block in whole.view.blocks] == list(range(len(whole.view.blocks)))


@given(event_lists)
def test_unfinished_work_of_any_stream_can_be_ended(events: list[ev.Event]) -> None:
    unfinished = Unfinished()
    for event in events:
        unfinished.apply(event)
    for kind, fields in list(unfinished.ends(FakeClock().now())):
        unfinished.apply(kind(seq=1, ts="2026-01-02T03:04:05.000000Z", session_id="s", **fields))
    assert list(unfinished.ends(FakeClock().now())) == []


def test_an_answer_streams_and_ends() -> None:
    story = Story()
    story.run("first line\nsecond")
    story.llm()
    story.delta("Hel")
    story.delta("lo")
    (answer,) = story.blocks(AnswerBlock)
    assert (str(answer.text), answer.state, story.view.status) == ("Hello", "streaming", "running")
    story.llm_done()
    story.done()
    assert (answer.state, story.view.status, story.view.title) == ("done", "idle", "first line")
    assert story.view.usage.input_tokens == 10
    assert story.view.context_tokens == 15
    run = story.view.spans["r"]
    assert isinstance(run, RunSpan) and run.status == "completed" and run.children == ["st"]


def test_a_new_attempt_takes_back_the_broken_text() -> None:
    story = Story()
    story.run()
    story.llm("m1")
    story.delta("wro", "m1")
    error = ev.ErrorInfo(code="model_unavailable", message="connection lost", retryable=True)
    story.log.append(ev.LlmError, run_id="r", span_id="m1", parent_id="st", error=error)
    assert story.blocks(AnswerBlock)[0].state == "broken"
    assert story.view.spans["st"].state == "error", "no answer, and none on its way"
    story.log.append(
        ev.LlmRetry, run_id="r", span_id="m1", parent_id="st", attempt=2, delay_s=0.5, error=error
    )
    assert story.blocks(AnswerBlock)[0].state == "void"
    story.llm("m2", attempt=2)
    assert story.view.spans["st"].state == "running"
    story.delta("right", "m2")
    story.llm_done("m2")
    assert story.view.spans["st"].state == "ok"
    story.log.append(ev.Final, run_id="r", span_id="r", answer=ev.AgentAnswer(answer="right"))
    story.done()
    shown = [str(block.text) for block in story.blocks(AnswerBlock) if block.state != "void"]
    assert shown == ["right"]
    broken = story.view.spans["m1"]
    assert isinstance(broken, LlmSpan) and str(broken.answer) == "wro" and broken.retry_delay_s == 0.5


def test_a_repaired_answer_replaces_what_was_streamed() -> None:
    story = Story()
    story.run()
    story.llm()
    story.delta("half a ans")
    story.llm_done()
    answer = ev.AgentAnswer(answer="the whole answer", repaired="prose")
    story.log.append(ev.Final, run_id="r", span_id="r", answer=answer)
    story.done()
    assert [(str(block.text), block.state) for block in story.blocks(AnswerBlock)] == [
        ("half a ans", "void"),
        ("the whole answer", "done"),
    ]


def test_a_tool_waits_runs_prints_and_ends() -> None:
    story = Story()
    story.run()
    fields = {"run_id": "r", "span_id": "c", "parent_id": "st", "call_id": "c"}
    story.log.append(ev.ApprovalRequest, **fields, tool_name="shell", args={"command": "ls"}, risk="high")
    (tool,) = story.blocks(ToolBlock)
    assert (tool.state, story.view.status, list(story.view.approvals)) == ("waiting", "waiting", ["c"])
    story.log.append(ev.ApprovalResult, **fields, decision="allow", by="me")
    story.log.append(ev.ToolStart, **fields, tool_name="shell", args={"command": "ls"}, risk="high")
    story.log.append(ev.ToolOutput, **fields, stream="stdout", text="a\n")
    story.clock.advance(1)
    story.log.append(ev.ToolEnd, **fields, result="a\n", duration_ms=1000.0, failed=True, summary="exit 1")
    assert (tool.state, tool.output, tool.summary) == ("failed", [("stdout", "a\n")], "exit 1")
    span = story.view.spans["c"]
    assert span.block == tool.index and span.ended == span.started + 1
    assert story.view.spans["st"].state == "ok"


def test_a_cancelled_run_keeps_its_text() -> None:
    story = Story()
    story.run()
    story.llm()
    story.delta("partial")
    story.log.append(ev.CancelCalled, run_id="r", span_id="r", by="user")
    assert story.view.status == "cancelling"
    story.llm_done(reason="cancelled")
    story.log.append(ev.Cancelled, run_id="r", span_id="r", latency_ms=8.7, partial_text="partial")
    story.done("cancelled")
    assert story.blocks(AnswerBlock)[0].state == "cancelled"
    assert story.blocks(NoticeBlock)[-1].text == "cancelled in 9 ms"


def test_changes_name_only_what_was_touched() -> None:
    story = Story()
    story.run()
    story.llm()
    story.delta("a")
    story.fold.take_changes()
    story.delta("b")
    changes = story.fold.take_changes()
    assert (len(changes.blocks), changes.spans, changes.head) == (1, set(), False)
    assert not story.fold.take_changes()


def test_a_steer_shows_where_it_was_applied() -> None:
    story = Story()
    story.run()
    story.log.append(ev.SteerQueued, run_id="r", text="be brief")
    assert story.view.steers == ["be brief"]
    story.log.append(ev.SteerApplied, run_id="r", text="be brief")
    assert story.view.steers == []
    assert story.blocks(PromptBlock)[-1].kind == "steer"


def test_a_thought_lasts_until_the_model_says_or_does_something() -> None:
    story = Story()
    story.run()
    story.llm()
    story.delta("hm", channel="thought")
    story.clock.advance(2.0)
    story.delta('{"tool"', channel="action")
    (thought,) = story.blocks(ThoughtBlock)
    assert (thought.state, thought.ended - thought.started) == ("done", 2.0)


def test_an_answer_that_was_cut_off_says_so() -> None:
    story = Story()
    story.run()
    story.llm()
    story.delta("half of")
    story.llm_done(reason="max_tokens")
    (notice,) = story.blocks(NoticeBlock)
    assert "cut off" in notice.text


def test_a_step_lasts_as_long_as_the_tools_it_calls() -> None:
    story = Story()
    story.run()
    story.llm()
    story.llm_done(reason="tool_calls")
    story.log.append(
        ev.ToolStart, run_id="r", span_id="t", parent_id="st", call_id="c", tool_name="sleep", args={},
        risk="low", timeout_s=None,
    )  # fmt: skip
    assert (story.view.spans["st"].state, story.view.spans["st"].ended) == ("running", None)
