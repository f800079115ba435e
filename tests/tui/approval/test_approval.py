"""An approval shows everything, and is answered only by a key that was meant for it."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.pilot import Pilot
from textual.widgets import Input, Static

from agent_tui.events.types import Risk
from agent_tui.events.view import Approval
from agent_tui.tui.widgets.approval import GUARD_S, TYPING_GUARD_S, ApprovalBar, Subject
from agent_tui.tui.widgets.approval_text import lines_of, wrapped
from tests.fakes.shell import until


def approval(call_id: str = "c1", risk: Risk = "high", preview: str | None = None, **args: Any) -> Approval:
    return Approval(call_id, "shell", args or {"command": "rm -rf build"}, risk, preview, "run_1")


class Bar(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel", "Cancel")]

    def __init__(self) -> None:
        super().__init__()
        self.time = 100.0
        self.bar = ApprovalBar(monotonic=lambda: self.time)
        self.answers: list[tuple[str, str, str | None]] = []
        self.cancelled = 0

    def compose(self) -> ComposeResult:
        yield self.bar

    def action_cancel(self) -> None:
        self.cancelled += 1

    def on_approval_bar_answered(self, message: ApprovalBar.Answered) -> None:
        self.answers.append((message.call_id, message.decision, message.feedback))

    async def ask(self, pilot: Pilot[None], *approvals: Approval) -> None:
        for one in approvals:
            self.bar.ask(one)
        self.bar.focus()
        await pilot.pause()

    async def key(self, pilot: Pilot[None], key: str, after: float) -> None:
        """Presses a key so many seconds later."""
        self.time += after
        event = events.Key(key, key if len(key) == 1 else None)
        event.time = self.time
        self.post_message(event)
        await pilot.pause()


LATER = GUARD_S + 0.01


@pytest.mark.parametrize(("key", "decision"), [("y", "allow"), ("s", "allow_session"), ("n", "deny")])
async def test_one_key_answers(key: str, decision: str) -> None:
    app = Bar()
    async with app.run_test() as pilot:
        await app.ask(pilot, approval())
        await app.key(pilot, key, LATER)
        assert app.answers == [("c1", decision, None)]
        assert (app.bar.pending, app.bar.display) == (0, False)


async def test_a_reason_goes_with_a_denial() -> None:
    app = Bar()
    async with app.run_test() as pilot:
        await app.ask(pilot, approval())
        await app.key(pilot, "r", LATER)
        await pilot.press(*"yes no", "enter")
        assert app.answers == [("c1", "deny", "yes no")]


async def test_escape_leaves_the_reason_first_then_is_the_apps() -> None:
    app = Bar()
    async with app.run_test() as pilot:
        await app.ask(pilot, approval())
        await app.key(pilot, "r", LATER)
        await pilot.press("escape")
        assert (app.cancelled, app.answers) == (0, [])
        assert not app.bar.reasoning
        await pilot.press("escape")
        assert (app.cancelled, app.answers) == (1, [])


async def test_a_reason_goes_on_when_another_question_comes() -> None:
    app = Bar()
    async with app.run_test() as pilot:
        await app.ask(pilot, approval("c1"))
        await app.key(pilot, "r", LATER)
        await pilot.press("o", "h")
        await app.ask(pilot, approval("c2"))  # which focuses the bar
        await pilot.press(*"ny", "enter")
        assert app.answers == [("c1", "deny", "ohny")]


async def test_enter_answers_nothing() -> None:
    app = Bar()
    async with app.run_test() as pilot:
        await app.ask(pilot, approval())
        await app.key(pilot, "enter", LATER)
        await app.key(pilot, "enter", LATER)
        assert app.answers == []


async def test_keys_typed_ahead_do_not_answer() -> None:
    app = Bar()
    async with app.run_test() as pilot:
        await app.ask(pilot, approval())
        await app.key(pilot, "y", -5)  # pressed before it was on the screen
        app.time += 5
        for _ in range(20):  # somebody types a sentence full of y
            await app.key(pilot, "y", TYPING_GUARD_S / 4)
        assert app.answers == []
        await app.key(pilot, "y", TYPING_GUARD_S + 0.01)
        assert app.answers == [("c1", "allow", None)]


async def test_the_next_question_is_guarded_anew() -> None:
    app = Bar()
    async with app.run_test() as pilot:
        await app.ask(pilot, approval("c1"), approval("c2"), approval("c1"))
        assert app.bar.pending == 2
        await app.key(pilot, "y", LATER)
        await app.key(pilot, "y", 0.05)
        assert app.answers == [("c1", "allow", None)]
        await app.key(pilot, "n", TYPING_GUARD_S + 0.01)
        assert app.answers[1:] == [("c2", "deny", None)]


async def test_what_was_answered_elsewhere_goes() -> None:
    app = Bar()
    async with app.run_test() as pilot:
        await app.ask(pilot, approval("c1"), approval("c2"))
        app.bar.withdraw("c1")
        assert app.bar.current is not None
        assert app.bar.current.call_id == "c2"
        app.bar.keep_only({"c3": approval("c3")})
        assert app.bar.current.call_id == "c3"
        app.bar.keep_only({})
        assert (app.bar.current, app.bar.display) == (None, False)


async def test_keys_can_be_remapped_and_the_bar_says_so() -> None:
    app = Bar()
    async with app.run_test() as pilot:
        app.set_keymap({"approval.allow": "f2"})
        await app.ask(pilot, approval())
        assert "f2 once" in str(app.bar.query(".choices").first().render())
        await app.key(pilot, "y", LATER)
        assert app.answers == []
        await app.key(pilot, "f2", LATER)
        assert app.answers == [("c1", "allow", None)]


async def test_nothing_is_cut_and_nothing_acts_on_the_terminal() -> None:
    command = "echo [bold]\x1b[2J\u202e " + "word " * 2_000 + "; rm -rf /"
    app = Bar()
    async with app.run_test(size=(60, 16)) as pilot:
        await app.ask(pilot, approval(command=command, cwd="/tmp"))
        subject = app.bar.query_one(Subject)
        shown = "".join(text for text, _ in subject.rows)
        assert "[bold]␛[2J\\u202e" in shown
        assert "; rm -rf /" in shown
        first, last, total = subject.span
        assert (first, last < total) == (1, True)
        await app.key(pilot, "end", LATER)
        assert subject.span[1] == total
        assert app.bar.query(".choices").first().region.bottom <= 16


def test_a_diff_is_told_apart_and_whole() -> None:
    preview = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n same"
    lines = lines_of(approval(preview=preview, path="x", content="one\ntwo"))
    assert [style for _, style in lines[:6]] == ["key", "key", "hunk", "remove", "add", "text"]
    assert ("  two", "text") in lines


NEW = "--- /dev/null\n+++ x\n@@ -0,0 +1,2 @@\n+one\n+two"
CHANGED = "--- x\n+++ x\n@@ -3,3 +3,3 @@\n c\n-d\n+D\n e"


@pytest.mark.parametrize(
    ("preview", "args", "below"),
    [
        (NEW, {"path": "x", "content": "one\ntwo\n"},
         ["path, content: as in the diff above"]),
        (NEW, {"content": "one\ntwo\nthree\n"}, ["content: 3 lines", "  one", "  two", "  three"]),
        (NEW, {"content": "one\ntwo\n", "mode": "one"}, ["content: as in the diff above", "mode: one"]),
        (CHANGED, {"content": "a\nb\nc\nD\ne\nf\n"},
         ["content: 6 lines, the diff above shows those that change"]),
        (CHANGED, {"old": "c\nd", "new": "c\nD"},
         ["old, new: as in the diff above"]),
        (CHANGED, {"content": "a\nb\nc\nD", "after": "x\ny\nc\nD"},
         ["content: 4 lines", "  a", "  b", "  c", "  D", "after: 4 lines", "  x", "  y", "  c", "  D"]),
        (CHANGED, {"content": "a\nb\nc\nD\nE"}, ["content: 5 lines", "  a", "  b", "  c", "  D", "  E"]),
        (CHANGED + "\n[… cut here …]", {"new": "c\nD"}, ["new: 2 lines", "  c", "  D"]),
    ],
)  # fmt: skip
def test_what_the_diff_says_is_not_said_again(preview: str, args: dict[str, str], below: list[str]) -> None:
    texts = [text for text, _ in lines_of(approval(preview=preview, **args))]
    assert texts == preview.split("\n") + below


def test_wide_text_is_wrapped_by_cells() -> None:
    rows = wrapped([("你好世界", "text"), ("", "text"), ("abcdef", "add")], 5)
    assert rows == [("你好", "text"), ("世界", "text"), ("", "text"), ("abcde", "add"), ("f", "add")]


def test_a_preview_that_repeats_the_command_is_not_shown_twice() -> None:
    assert lines_of(approval(preview="rm -rf build\n")) == [("$ rm -rf build", "text")]


async def test_the_line_for_a_reason_is_in_sight_on_a_small_screen() -> None:
    app = Bar()
    async with app.run_test(size=(60, 16)) as pilot:
        await app.ask(pilot, approval(content="line\n" * 60))
        await app.key(pilot, "r", LATER)
        await pilot.pause()
        line = app.bar.query_one(Input).region
        assert line.height == 1
        assert app.bar.region.contains_region(line)


async def test_the_rows_in_sight_are_told_however_they_are_reached() -> None:
    app = Bar()
    async with app.run_test(size=(60, 20)) as pilot:
        await app.ask(pilot, approval(command="\n".join(f"echo {number}" for number in range(40))))
        told = app.bar.query_one(".head", Static)
        assert "lines 1–10 of 40" in str(told.render())
        app.bar.query_one(Subject).post_message(
            events.MouseScrollDown(None, 1, 1, 0, 1, 0, False, False, False)  # what a wheel sends
        )
        await until(pilot, lambda: app.bar.query_one(Subject).span[0] > 1)
        first = app.bar.query_one(Subject).span[0]
        await until(pilot, lambda: f"lines {first}–{first + 9} of 40" in str(told.render()))


async def test_the_bar_says_when_its_keys_are_another_part_s() -> None:
    app = Bar()
    async with app.run_test(size=(60, 20)) as pilot:
        await app.ask(pilot, approval())
        choices = app.bar.query_one(".choices", Static)
        await until(pilot, lambda: "click" not in str(choices.render()))
        app.screen.set_focus(None)
        await until(pilot, lambda: "a click here, then" in str(choices.render()))
        await pilot.click(choices)
        await until(pilot, lambda: "click" not in str(choices.render()))
        app.app_focus = False
        await until(pilot, lambda: not app.bar.has_focus)
        await pilot.pause()
        assert "click" not in str(choices.render()), "it comes back with the terminal"
