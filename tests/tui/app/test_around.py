"""Around the conversation: what waits, what the keys do, what the program says."""

from __future__ import annotations

from textual.app import App, ComposeResult

from agent_tui.events.view import Queued
from agent_tui.tui.widgets.approval import ApprovalBar
from agent_tui.tui.widgets.status import QueueStrip
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import Play


class Waiting(App[None]):
    def compose(self) -> ComposeResult:
        yield QueueStrip()


async def test_what_is_not_shown_of_a_waiting_message_is_counted() -> None:
    app = Waiting()
    queue = [
        Queued("p1", "one line\n"),
        Queued("p2", "first\nsecond\n\nfourth"),
        Queued("p3", "x" * 99 + "\ny"),
    ]
    async with app.run_test(size=(60, 10)) as pilot:
        strip = app.query_one(QueueStrip)
        strip.show(queue, ["a\nb"], "alt+up to edit")
        await pilot.pause()
        steer, *rows = str(strip.render()).split("\n")
    assert steer == "↪ a … +1 line  to be told at its next step"
    assert rows[:2] == ["⏎ one line  queued", "⏎ first … +3 lines  queued"]
    assert rows[2].endswith("… … +1 line  queued · alt+up to edit")


async def asking(play: Play) -> None:
    play.step()
    await play.ask("shell", {"command": "make"})


async def test_a_question_at_another_screen_is_not_said_to_wait_for_you() -> None:
    app, core = make_shell(asking)
    core.keep("aa", "theirs", ["before"])
    core.locked.add("aa")
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        app.sessions.run_soon(app.sessions.open("aa"))
        await until(pilot, lambda: app.controller.read_only)
        await core.submit("aa", "go")
        await until(pilot, lambda: "◆ waiting for an answer" in screen_text(app))
        assert "waiting for you" not in screen_text(app)


async def test_the_footer_says_what_escape_does_while_a_reason_is_written() -> None:
    app, core = make_shell(asking)
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        await send(pilot, "hello")
        await until(pilot, lambda: "deny with a reason" in screen_text(app))
        footer = screen_text(app).split("\n")[-1]
        assert "esc cancel the run" in footer
        bar = app.main.query_one(ApprovalBar)
        bar._quiet_since = 0.0  # it has been looked at for long
        await pilot.press("r")
        await until(pilot, lambda: "esc go back" in screen_text(app).split("\n")[-1])
        assert "cancel" not in screen_text(app).split("\n")[-1]
        await pilot.press("escape")
        await until(pilot, lambda: screen_text(app).split("\n")[-1] == footer)
        assert core.calls == [("submit", "hello")]


async def test_what_is_wrong_at_the_start_is_a_warning() -> None:
    app, core = make_shell()
    core.notices = ("this session is not being saved: no room",)
    async with app.run_test(size=(120, 32)) as pilot:
        await until(pilot, lambda: "! this session is not being saved: no room" in screen_text(app))
