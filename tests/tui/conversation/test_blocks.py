"""What each kind of block shows, closed and open."""

from __future__ import annotations

from agent_tui.events.types import ErrorInfo
from agent_tui.events.view import NoticeBlock, PlanBlock, SessionView, TextBuffer, ThoughtBlock
from tests.tui.conversation.app import ConversationApp, add, answer, prompt, tool


async def test_a_tool_line_says_what_happened_without_colour() -> None:
    view = SessionView()
    states = {"running": "● running", "waiting": "? waiting", "ok": "✓", "failed": "✗ failed",
              "error": "‼ error",
              "denied": "⊘ denied", "cancelled": "◼ cancelled", "interrupted": "◌ interrupted"}  # fmt: skip
    for state in states:
        tool(view, state=state)
    app = ConversationApp(view)
    async with app.run_test(size=(70, 24)):
        for row, said in zip(app.screen_rows(), states.values(), strict=False):
            assert row.startswith("⚙ shell ls")
            assert said in row


async def test_a_tool_opens_in_place_by_key_and_by_click() -> None:
    view = SessionView()
    prompt(view, "go")
    block = tool(view, state="failed", summary="exit 1", duration_ms=1900.0, result={"exit": 1})
    block.output = [("stdout", "one\n[two]\n")]
    block.preview = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"
    app = ConversationApp(view)
    async with app.run_test(size=(60, 40)) as pilot:
        assert app.screen_rows()[2].endswith("1.9 s ✗ exit 1")
        await pilot.click("Conversation", offset=(5, 2))
        rows = app.screen_rows()
        assert rows[2].startswith("▾ shell ls")
        assert "  │ [two]" in rows
        assert "  │ -x" in rows
        assert '  │   "exit": 1' in rows
        assert app.picked == ["s1"]
        await pilot.press("enter")
        assert "  │ [two]" not in app.screen_rows()


async def test_live_output_shows_its_last_line() -> None:
    view = SessionView()
    block = tool(view)
    app = ConversationApp(view)
    async with app.run_test(size=(60, 10)):
        for at in range(3):
            block.output.append(("stdout", f"step {at}\n"))
            app.conversation.update_blocks({0})
            assert app.screen_rows()[1] == f"  ⎿ step {at}"
        block.state = "ok"
        app.conversation.update_blocks({0})
        assert app.screen_rows()[1] == ""


async def test_a_thought_is_folded_and_opens() -> None:
    view = SessionView()
    block = add(view, ThoughtBlock, text=TextBuffer("first\n\nsecond"), state="streaming")
    app = ConversationApp(view)
    async with app.run_test(size=(60, 10)) as pilot:
        assert app.screen_rows()[0] == "✻ thinking… first second"
        app.conversation.toggle_block(0)
        assert app.screen_rows()[1:4] == ["  first", "", "  second"]
        block.text.append(" third")
        app.conversation.update_blocks({0})
        assert app.screen_rows()[3] == "  second third"
        block.state = "done"
        app.conversation.update_blocks({0})
        await pilot.pause()
        assert app.screen_rows()[0] == "▾ thought"


async def test_void_text_takes_no_room_and_stopped_text_is_marked() -> None:
    view = SessionView()
    prompt(view, "hello")
    gone = answer(view, "broken attempt", "streaming")
    kept = answer(view, "partial", "cancelled")
    add(view, NoticeBlock, level="warning", text="cancelled in 9 ms")
    app = ConversationApp(view)
    async with app.run_test(size=(60, 12)):
        assert "broken attempt" in app.screen_rows()
        gone.state = "void"
        app.conversation.update_blocks({gone.index})
        assert app.screen_rows()[:7] == [
            "❯ hello",
            "",
            "partial",
            "◼ cancelled here",
            "",
            "! cancelled in 9 ms",
            "",
        ]
        kept.state = "broken"
        app.conversation.update_blocks({kept.index})
        assert "✗ broken off here" in app.screen_rows()


async def test_a_plan_is_a_checklist() -> None:
    view = SessionView()
    add(view, PlanBlock, subtasks=("one", "two", "three"), results={0: "x"}, current=1)
    app = ConversationApp(view)
    async with app.run_test(size=(60, 6)):
        assert app.screen_rows()[1:4] == ["☑ one", "▸ two", "☐ three"]


async def test_foreign_text_cannot_act() -> None:
    view = SessionView()
    evil = "\x1b[2J\x1b]0;x\x07[red]y[/red]"
    prompt(view, evil)
    answer(view, evil)
    block = tool(
        view, name="a\x1bb", args={"command": evil}, state="error", error=ErrorInfo(code="x", message=evil)
    )
    block.output = [("stdout", evil)]
    add(view, NoticeBlock, level="error", text=evil)
    add(view, PlanBlock, subtasks=(evil,))
    add(view, ThoughtBlock, text=TextBuffer(evil), state="done")
    app = ConversationApp(view)
    async with app.run_test(size=(60, 60)):
        for index in range(len(view.blocks)):
            app.conversation.toggle_block(index)
        text = "".join(app.screen_rows())
        assert "\x1b" not in text
        assert "\x07" not in text
        assert text.count("[red]y[/red]") >= 6


async def test_huge_output_is_bounded() -> None:
    view = SessionView()
    block = tool(view, state="ok", result="line\n" * 100_000)
    block.output = [("stdout", "x" * 1_000_000)]
    app = ConversationApp(view)
    async with app.run_test(size=(60, 20)):
        app.conversation.toggle_block(0)
        assert app.conversation.virtual_size.height < 600


async def test_an_error_says_what_it_is() -> None:
    view = SessionView()
    tool(view, state="error", error=ErrorInfo(code="net", message="connection refused"))
    app = ConversationApp(view)
    async with app.run_test(size=(60, 6)):
        assert app.screen_rows()[1] == "  ⎿ connection refused"


async def test_a_result_of_texts_is_read_as_text_and_once() -> None:
    view = SessionView()
    block = tool(view, state="ok", result={"exit_code": 3, "stdout": "On branch\n\nnew", "stderr": ""})
    block.output = [("stdout", "On branch\n"), ("stdout", "\nnew")]
    block.preview = "ls\n"
    app = ConversationApp(view)
    async with app.run_test(size=(60, 24)):
        app.conversation.toggle_block(0)
        rows = [row for row in app.screen_rows() if row]
    assert rows[1:4] == ["  ╭ args", "  │ {", '  │   "command": "ls"']
    assert rows[5:] == ["  ╭ result", "  │ exit_code: 3", "  ╭ stdout", "  │ On branch", "  │", "  │ new"]


async def test_a_denial_says_why() -> None:
    view = SessionView()
    tool(view, state="denied", feedback="use\nmake \x1b[2J " + "please " * 20)
    app = ConversationApp(view)
    async with app.run_test(size=(40, 6)):
        row = app.screen_rows()[1]
    assert row.startswith("  ⎿ use make ␛[2J please")
    assert row.endswith("…")
