"""From events to the screen: what a run looks like."""

from __future__ import annotations

from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from tests.tui.conversation.app import ConversationApp

USAGE = ev.Usage()


def run_events() -> list[ev.Event]:
    def at(seq: int, **fields: object) -> dict[str, object]:
        return {"seq": seq, "ts": "2026-01-02T03:04:05.000006Z", "session_id": "s", "run_id": "r"} | fields

    return [
        ev.RunStart(**at(1), input="why?", model="demo", agent="react"),
        ev.LlmStart(**at(2, span_id="l"), model="demo", attempt=1, message_count=1),
        ev.LlmDelta(**at(3, span_id="l"), text="hmm", channel="thought"),
        ev.LlmDelta(**at(4, span_id="l"), text="first ", channel="answer"),
        ev.LlmRetry(
            **at(5, span_id="l"), attempt=2, delay_s=1, error=ev.ErrorInfo(code="x", message="broke")
        ),
        ev.LlmDelta(**at(6, span_id="l2"), text="Look: `calc` ", channel="answer"),
        ev.LlmDelta(**at(7, span_id="l2"), text="rounds.", channel="answer"),
        ev.ToolStart(
            **at(8, span_id="t"), call_id="c", tool_name="read_file", args={"path": "a.py"}, risk="low"
        ),
        ev.ToolEnd(**at(9, span_id="t"), call_id="c", result="x", duration_ms=4, summary="31 lines"),
        ev.Cancelled(**at(10), latency_ms=9, partial_text=""),
        ev.RunDone(**at(11), status="cancelled", steps=1, usage=USAGE, duration_ms=5),
    ]


async def test_a_run_reads_like_a_document() -> None:
    fold = Fold()
    app = ConversationApp(fold.view)
    async with app.run_test(size=(60, 16)):
        for event in run_events():
            fold.apply(event)
            app.conversation.update_blocks(fold.take_changes().blocks)
        rows = app.screen_rows()
        assert rows[:11] == [
            "❯ why?",
            "",
            "! broke; attempt 2 in 1.0 s",
            "",
            "Look: calc rounds.",
            "◼ cancelled here",
            "",
            rows[7],
            "",
            "! cancelled in 9 ms",
            "",
        ]
        assert rows[7].startswith("⚙ read_file a.py")
        assert rows[7].endswith("4 ms ✓ 31 lines")


async def test_every_prefix_of_a_run_can_be_shown() -> None:
    app = ConversationApp(Fold().view)
    events = run_events()
    async with app.run_test(size=(60, 16)):
        for count in range(len(events) + 1):
            app.conversation.show(Fold().apply_all(events[:count]).view)
            assert len(app.screen_rows()) == 16
