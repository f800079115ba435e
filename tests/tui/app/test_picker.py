"""The session picker as a person uses it."""

from __future__ import annotations

from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot

from agent_tui.events.types import Notice
from agent_tui.tui.app import AgentApp
from agent_tui.tui.screens.sessions import SessionsScreen
from agent_tui.tui.widgets.conversation import Conversation
from agent_tui.tui.widgets.session_list import SessionList, age, folder, snippet
from tests.fakes.shell import make_shell, ready, screen_text, send, until
from tests.fakes.stage import FakeRuntime
from tests.fakes.still import type_keys

BEFORE = "2026-01-02T03:00:00.000000Z"


def shell() -> tuple[AgentApp, FakeRuntime]:
    app, core = make_shell()
    core.keep("aa", "fix the failing test", ["why does it fail?"], updated=BEFORE, tokens=1204)
    core.keep("bb", "write the docs", ["write [bold] docs"], updated=BEFORE)
    core.keep("cc", "elsewhere", ["in another place"], cwd="/other", updated=BEFORE)
    return app, core


async def open_picker(pilot: Pilot[Any], app: AgentApp) -> SessionList:
    await ready(pilot)
    await pilot.press("ctrl+o")
    await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and app.screen.loaded)
    screen = app.screen
    assert isinstance(screen, SessionsScreen)
    return screen.listing


def titles(listing: SessionList) -> list[str]:
    return [item.info.title for item in listing.items if item.info.title]


async def go_to(pilot: Pilot[Any], listing: SessionList, title: str) -> None:
    for _ in listing.items:
        if listing.current and listing.current.info.title == title:
            return
        await pilot.press("down")
    raise AssertionError(title)


async def test_it_lists_this_folder_and_then_all() -> None:
    app, _ = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        assert titles(listing) == ["fix the failing test", "write the docs"]
        await pilot.press("ctrl+t")
        await until(pilot, lambda: "elsewhere" in titles(listing))
        await until(pilot, lambda: "/other" in screen_text(app))


async def test_enter_opens_and_the_conversation_is_there() -> None:
    app, _ = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        await go_to(pilot, listing, "write the docs")
        await pilot.press("enter")
        await until(pilot, lambda: "You said: write [bold] docs" in screen_text(app))
        assert app.controller.info and app.controller.info.id == "bb"


async def test_typing_searches_and_marks_the_words() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        await type_keys(pilot, "fail")
        await until(pilot, lambda: titles(listing) == ["fix the failing test"])
        await until(pilot, lambda: "1 found" in screen_text(app))
        searched = [call for call in core.calls if call[0] == "sessions" and call[2]]
        assert len(searched) < 4, "a search for every letter"


async def test_enter_right_behind_the_words_opens_what_they_find() -> None:
    app, _ = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await open_picker(pilot, app)
        for letter in ("d", "o", "c", "s", "enter"):  # all before the search has begun
            app.post_message(Key(letter, letter if len(letter) == 1 else "\r"))
        await until(pilot, lambda: app.controller.info and app.controller.info.id == "bb")


async def test_the_preview_shows_the_session_under_the_cursor() -> None:
    app, _ = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        await go_to(pilot, listing, "write the docs")
        await until(pilot, lambda: "You said: write" in screen_text(app))
        await go_to(pilot, listing, "write the docs")
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "You said: write" not in screen_text(app))


async def test_a_narrow_screen_shows_one_or_the_other() -> None:
    app, _ = shell()
    async with app.run_test(size=(60, 16)) as pilot:
        listing = await open_picker(pilot, app)
        await go_to(pilot, listing, "write the docs")
        await until(pilot, lambda: not app.screen.query_one(Conversation).region)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "You said: write" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.query_one(SessionList).region)
        assert "You said" not in screen_text(app)


async def test_rename() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        await go_to(pilot, listing, "write the docs")
        await pilot.press("ctrl+r", *"!", "enter")
        await until(pilot, lambda: "write the docs!" in titles(listing))
        assert core.stored["bb"].title == "write the docs!"
        await pilot.press("ctrl+r", "x", "escape")
        assert isinstance(app.screen, SessionsScreen)
        assert core.stored["bb"].title == "write the docs!"


async def test_a_name_goes_to_the_session_it_was_begun_for() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        await go_to(pilot, listing, "fix the failing test")
        await pilot.press("ctrl+r", "down", "pagedown", "!", "enter")
        await until(pilot, lambda: "fix the failing test!" in titles(listing))
        assert core.stored["bb"].title == "write the docs"
        await pilot.press("ctrl+r", "x")
        await pilot.click(SessionList, offset=(5, 2 * titles(listing).index("write the docs") + 1))
        await until(pilot, lambda: not app.screen.has_class("-naming"))
        await until(pilot, lambda: app.screen.query_one("#search").has_focus)


async def test_a_delete_among_what_was_found_is_undone_by_the_same_key() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        await type_keys(pilot, "th")
        await until(pilot, lambda: "2 found" in screen_text(app))
        await go_to(pilot, listing, "write the docs")
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "can be undone" in screen_text(app))
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "can be undone" not in screen_text(app))
        assert not core.hidden


async def test_delete_can_be_undone() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        await go_to(pilot, listing, "write the docs")
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "bb" in core.hidden)
        await until(pilot, lambda: "can be undone" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "undo that first" in screen_text(app))
        await pilot.press("escape")
        await open_picker(pilot, app)
        await until(pilot, lambda: "can be undone" in screen_text(app))
        listing = app.screen.query_one(SessionList)
        await go_to(pilot, listing, "write the docs")
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "bb" not in core.hidden)
        await until(pilot, lambda: "can be undone" not in screen_text(app))


async def test_deleting_the_session_that_is_open_closes_it_first() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        app.sessions.run_soon(app.sessions.open("aa"))
        await until(pilot, lambda: app.controller.info and app.controller.info.id == "aa")
        listing = await open_picker(pilot, app)
        await go_to(pilot, listing, "fix the failing test")
        await pilot.press("ctrl+x")
        await until(pilot, lambda: ("delete", "aa") in core.calls)
        assert core.calls.index(("close", "aa")) < core.calls.index(("delete", "aa"))
        assert app.controller.unused


async def test_fork_opens_the_copy() -> None:
    app, core = shell()
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        await go_to(pilot, listing, "write the docs")
        await pilot.press("ctrl+f")
        await until(pilot, lambda: "You said: forked" in screen_text(app))
        assert ("fork", "bb") in core.calls


async def test_a_thousand_sessions_are_not_drawn() -> None:
    app, core = make_shell()
    for number in range(1_200):
        core.keep(f"s{number}", f"session {number}", updated=BEFORE)
    async with app.run_test(size=(120, 32)) as pilot:
        listing = await open_picker(pilot, app)
        assert len(listing.items) >= 1_200
        for _ in range(5):
            await pilot.press("pagedown")
        assert listing.cursor > 40
        assert len(listing.children) <= 3


async def test_a_session_that_another_process_writes_is_followed_and_then_ours() -> None:
    app, core = shell()
    core.locked.add("aa")
    async with app.run_test(size=(120, 32)) as pilot:
        await ready(pilot)
        app.sessions.run_soon(app.sessions.open("aa"))
        await until(pilot, lambda: "read-only" in screen_text(app))
        assert not app.main.query_one("#entry").display
        core.locked.clear()
        core.logs["aa"].append(Notice, level="info", text="the other one is gone")
        await until(pilot, lambda: "read-only" not in screen_text(app))
        await send(pilot, "mine")
        await until(pilot, lambda: ("submit", "mine") in core.calls)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(5, "now"), (70, "1m"), (3_700, "1h"), (90_000, "1d"), (20 * 86_400, "2w"), (800 * 86_400, "2y")],
)
def test_age(seconds: int, expected: str) -> None:
    assert age("1970-01-01T00:00:00Z", seconds) == expected
    assert age("", seconds) == ""


def test_folders_and_snippets() -> None:
    assert folder("/home/me/a/b/c", "/home/me") == "…/b/c"
    assert folder("/home/me", "/home/me") == "~"
    assert folder("/home/melody/x", "/home/me") == "…/melody/x"
    assert snippet("a \x01b\x02 \x1b[31m\nc") == [("a ", "dim"), ("b", "found"), (" ␛[31m c", "dim")]
