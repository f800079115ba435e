"""The view keeps to the end, or to what is read: it never jumps."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollUp

from agent_tui.events.view import SessionView
from tests.tui.conversation.app import ConversationApp, answer, long_view, prompt, tool

SIZE = (60, 20)


async def test_the_end_is_followed_while_text_streams() -> None:
    view = SessionView()
    block = answer(view, "", "streaming")
    app = ConversationApp(view)
    async with app.run_test(size=SIZE):
        for at in range(60):
            block.text.append(f"line {at}\n\n")
            app.conversation.update_blocks({0})
            assert f"line {at}" in app.screen_rows()


async def test_a_reader_who_scrolled_up_sees_the_same_rows_while_text_streams() -> None:
    view = long_view(20)
    block = answer(view, "new", "streaming")
    app = ConversationApp(view)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("pageup", "up")
        before = app.screen_rows()
        for _ in range(50):
            block.text.append("\n\nmore")
            app.conversation.update_blocks({block.index})
        prompt(view, "another")
        app.conversation.update_blocks({block.index + 1})
        assert app.screen_rows() == before
        assert not app.conversation.following
        await pilot.press("end")
        assert app.conversation.following
        assert app.screen_rows()[-1] == "❯ another"


async def test_what_comes_to_the_screen_is_painted_before_what_is_above_it_is_drawn() -> None:
    app = ConversationApp(long_view(60))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        widget = app.conversation
        widget.show(long_view(60))
        transcript = widget._transcript
        assert transcript is not None
        first = widget._anchor[0]
        assert not transcript._entries[first - 1].exact
        await pilot.pause()
        assert transcript._entries[first - 1].exact
        assert widget.scroll_offset.y == transcript.line_of(*widget._anchor)


@pytest.mark.parametrize("keys", [["up"], ["pageup"], ["up", "up", "pageup"]])
async def test_scrolling_up_moves_by_exact_lines_through_blocks_never_drawn(keys: list[str]) -> None:
    app = ConversationApp(long_view(60))
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(5):
            before = app.screen_rows()
            await pilot.press(*keys)
            moved = sum({"up": 1, "pageup": 18}[key] for key in keys)
            shared = max(20 - moved, 0)
            assert app.screen_rows()[20 - shared :] == before[:shared]


async def test_wheel_moves_and_the_end_is_followed_again_at_the_bottom() -> None:
    app = ConversationApp(long_view(30))
    async with app.run_test(size=SIZE) as pilot:
        widget = app.conversation
        bottom = app.screen_rows()
        widget.scroll_to(y=widget.scroll_y - 6, animate=False)
        await pilot.pause()
        assert not widget.following
        assert app.screen_rows()[6:] == bottom[:14]
        widget.scroll_to(y=widget.scroll_y + 6, animate=False)
        await pilot.pause()
        assert widget.following
        assert app.screen_rows() == bottom


async def test_the_mouse_wheel_scrolls_up_and_the_end_stays_away() -> None:
    app = ConversationApp(long_view(30))
    async with app.run_test(size=SIZE) as pilot:
        bottom = app.screen_rows()
        widget = app.conversation
        widget.post_message(MouseScrollUp(widget, 3, 3, 0, 0, 0, False, False, False))
        await pilot.pause()
        moved = (
            20
            - len(bottom)
            + next(at for at in range(1, 20) if app.screen_rows()[at:] == bottom[: 20 - at])
        )
        assert moved > 0
        assert not widget.following


async def test_width_may_change_while_reading() -> None:
    app = ConversationApp(long_view(30))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("pageup", "pageup")
        read = next(row for row in app.screen_rows() if row.startswith("❯"))
        await pilot.resize_terminal(40, 16)
        await pilot.pause()
        assert len(app.screen_rows()) == 16
        assert read in app.screen_rows()


async def test_the_top_is_reached_and_left() -> None:
    app = ConversationApp(long_view(30))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("home")
        assert app.screen_rows()[0] == "❯ prompt 0"
        await pilot.press("up")
        assert app.screen_rows()[0] == "❯ prompt 0"
        await pilot.press("down")
        assert app.screen_rows()[1] == "answer 0"


async def test_what_opens_comes_into_view_as_far_as_it_fits() -> None:
    view = long_view(10)
    short = tool(view, state="ok", result="a\nb\nc")
    long = tool(view, state="ok", result="row\n" * 40)
    app = ConversationApp(view)
    async with app.run_test(size=SIZE) as pilot:
        assert app.screen_rows()[-1].startswith("⚙")
        await pilot.press("ctrl+up", "ctrl+up", "enter")
        assert app.conversation.cursor == short.index
        assert app.screen_rows()[-1] == "  │ c"
        await pilot.press("ctrl+down", "enter")
        assert app.conversation.cursor == long.index
        assert app.screen_rows()[0].startswith("▾ shell")
        assert not app.conversation.following
        await pilot.press("enter")
        assert app.screen_rows()[-1].startswith("⚙")
