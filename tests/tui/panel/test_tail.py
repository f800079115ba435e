"""Details of a running tool keep the end of what it prints in view, until the reader scrolls up."""

from __future__ import annotations

from tests.tui.panel.app import PanelApp, painted
from tests.tui.panel.story import Story


async def test_the_tail_of_a_running_tool_is_followed_until_the_reader_scrolls_up() -> None:
    story = Story()
    story.run()
    story.step()
    tool = story.tool("shell", {"command": "make"}, "high")

    def prints(first: int) -> None:
        text = "".join(f"line {number}\n" for number in range(first, first + 100))
        story.output(tool, text)

    prints(0)
    app = PanelApp(story, live=True)
    async with app.run_test(size=(60, 30)) as pilot:
        app.panel.pick(tool["span_id"])
        assert "line 99" in await painted(pilot)
        app.panel._trace.detail.scroll_to(y=5, animate=False, immediate=True)
        prints(100)
        app.panel.update(story.fold.take_changes())
        app.panel._trace._due()
        assert "line 199" not in await painted(pilot)
