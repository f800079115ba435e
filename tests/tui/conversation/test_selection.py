"""What is selected by mouse is copied as source text, unwrapped and without decoration."""

from __future__ import annotations

from textual.pilot import Pilot

from agent_tui.events.view import SessionView
from tests.tui.conversation.app import ConversationApp, answer, long_view, prompt

LONG = "one two three four five six seven eight nine ten eleven twelve"


async def drag(pilot: Pilot[None], start: tuple[int, int], end: tuple[int, int]) -> str | None:
    await pilot.mouse_down("Conversation", offset=start)
    await pilot.hover("Conversation", offset=end)
    await pilot.mouse_up("Conversation", offset=end)
    await pilot.pause()
    return pilot.app.screen.get_selected_text()


async def test_wrapped_text_is_copied_as_one_line() -> None:
    view = SessionView()
    answer(view, f"{LONG}\n\nnext")
    app = ConversationApp(view)
    async with app.run_test(size=(30, 10)) as pilot:
        assert app.screen_rows()[1].startswith("six") or app.screen_rows()[1]
        text = await drag(pilot, (5, 0), (4, 2))
        assert text is not None
        assert "\n" not in text
        assert text.startswith("two three four five")


async def test_code_is_copied_line_by_line_and_quotes_without_their_bar() -> None:
    view = SessionView()
    answer(view, "```python\ndef f():\n    return 1\n```\n\n> quoted")
    app = ConversationApp(view)
    async with app.run_test(size=(40, 10)) as pilot:
        assert await drag(pilot, (1, 0), (13, 1)) == "def f():\n    return 1"
        assert await drag(pilot, (1, 3), (9, 3)) == "quoted"


async def test_a_selection_over_blocks_takes_whole_blocks_as_markdown() -> None:
    view = SessionView()
    prompt(view, "hi")
    answer(view, "some **bold** text")
    prompt(view, "bye now")
    app = ConversationApp(view)
    async with app.run_test(size=(40, 10)) as pilot:
        assert await drag(pilot, (1, 0), (6, 4)) == "hi\n\nsome **bold** text\n\nbye"


async def test_a_selection_stays_on_its_text_while_more_arrives() -> None:
    view = SessionView()
    block = answer(view, "alpha beta\n\ngamma", "streaming")
    app = ConversationApp(view)
    async with app.run_test(size=(40, 6)) as pilot:
        assert await drag(pilot, (1, 0), (6, 0)) == "alpha"
        block.text.append("\n\nmore" * 20)
        app.conversation.update_blocks({0})
        await pilot.pause()
        assert app.screen.get_selected_text() == "alpha"


async def test_the_marked_block_is_copied_by_key() -> None:
    app = ConversationApp(long_view(2))
    async with app.run_test(size=(40, 30)) as pilot:
        await pilot.press("ctrl+down", "y")
        await pilot.pause()
        assert app.copied == ["prompt 0"]


async def test_going_to_a_span_brings_it_into_view() -> None:
    view = long_view(40)
    app = ConversationApp(view)
    async with app.run_test(size=(40, 20)):
        block = view.blocks[10]
        from agent_tui.events.view import Span

        view.spans["x"] = Span("x", None, "r", "llm", "m", 0.0, 1, 0, block=block.index)  # type: ignore[assignment]
        app.conversation.scroll_to_span("x")
        assert "❯ prompt 5" in app.screen_rows()
        assert app.conversation.cursor == 10
        app.conversation.scroll_to_span("unknown")


async def test_a_selection_may_begin_and_end_beside_the_text() -> None:
    view = SessionView()
    prompt(view, "hi")
    answer(view, "some text")
    app = ConversationApp(view)
    async with app.run_test(size=(40, 10)) as pilot:
        assert await drag(pilot, (7, 1), (30, 8)) == "some text"


async def test_a_double_click_selects_the_block() -> None:
    app = ConversationApp(long_view(3))
    async with app.run_test(size=(40, 30)) as pilot:
        await pilot.click("Conversation", offset=(3, 0), times=2)
        assert app.screen.get_selected_text() == "prompt 0"


async def test_what_is_selected_can_still_be_read() -> None:
    view = SessionView()
    answer(view, "some **bold** text")
    app = ConversationApp(view)
    async with app.run_test(size=(40, 6)) as pilot:
        assert await drag(pilot, (1, 0), (10, 0)) == "some bold"
        widget = app.conversation
        row = widget.render_lines(widget.size.region)[0]
        looks = {segment.text.strip(): segment.style for segment in row if segment.style is not None}
        chosen, left = looks["some"], looks["text"]
        assert chosen.bgcolor not in (chosen.color, left.bgcolor)
        assert chosen.color == left.color, "an ink of its own is for themes that have one"
