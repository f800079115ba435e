"""A browser's own ``EventSource`` follows a session: what is cut off is taken up where it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.events import codec
from agent_tui.events import types as ev
from tests.fakes.browser import Browser, find_browser
from tests.fakes.invariants import check_stream
from tests.fakes.program import Program, call, program, script, start_run
from tests.fakes.serving import serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_browser() is None, reason="no Chromium here: apt-get install chromium"),
]

TALK = [item for number in range(60) for item in ({"text": f"word{number} "}, {"delay_s": 0.02})]

FOLLOW = """
window.seen = []; window.opened = 0; window.lost = 0; window.waiting = [];
window.source = new EventSource(%(url)s);
window.look = () => { waiting = waiting.filter(([holds, tell]) => !holds() || tell(true)); };
window.until = holds => new Promise(tell => { waiting.push([holds, tell]); look(); });
source.onopen = () => { opened++; look(); };
source.onerror = () => { lost++; look(); };
for (const kind of %(kinds)s) source.addEventListener(kind, event => {
    seen.push([event.lastEventId, event.type, event.data]);
    look();
});
"""
CLOSED = "until(() => source.readyState == EventSource.CLOSED)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = find_browser()
    assert found is not None
    with Browser(found, tmp_path_factory.mktemp("browser") / "profile") as opened:
        yield opened


def follow(browser: Browser, url: str, session_id: str, *, page: str | None = None) -> None:
    """Begins to follow a session from a page of the server itself, or of another place."""
    kinds = [kind.model_fields["type"].default for kind in get_args(ev.Event)]
    browser.visit(f"{page or url}/health")
    values = {"url": json.dumps(f"{url}/sessions/{session_id}/events"), "kinds": json.dumps(kinds)}
    browser.evaluate(FOLLOW % values)


def check(browser: Browser, stored: list[bytes]) -> None:
    """The page has seen what the journal holds: everything once, in order, to the byte."""
    seen: list[Any] = browser.evaluate("seen")
    assert [int(number) for number, _, _ in seen] == list(range(1, len(stored) + 1))
    assert [data.encode() for _, _, data in seen] == stored
    events = [codec.decode(line) for line in stored]
    assert [kind for _, kind, _ in seen] == [event.type for event in events]
    check_stream(events)


def log(running: Program, session_id: str) -> list[bytes]:
    return call(running, "GET", f"/sessions/{session_id}/log").content.splitlines()


def test_it_goes_on_after_the_server_was_killed(browser: Browser, tmp_path: Path) -> None:
    model = script(tmp_path, TALK, [{"answer": "again"}])
    with program(tmp_path, model=model) as running:
        session_id = start_run(running)
        follow(browser, running.url, session_id)
        assert browser.evaluate("until(() => seen.length > 20)")
        running.kill()
        port = running.port
    with program(tmp_path, model=script(tmp_path, [{"answer": "again"}]), port=port) as running:
        call(running, "POST", f"/sessions/{session_id}/runs", json={"input": "go on"})
        done = "until(() => seen.filter(([, kind]) => kind == 'run_done').length == 2)"
        assert browser.evaluate(done)
        check(browser, log(running, session_id))
        assert browser.evaluate("opened") == 2 and browser.evaluate("lost") >= 1


async def test_it_goes_on_when_a_stream_has_reached_its_age(browser: Browser, tmp_path: Path) -> None:
    turns = [[*TALK, {"answer": "."}], [{"answer": "again"}]]
    async with serving(tmp_path, turns, stream_age_s=0.2, ping_s=0.15) as served:
        session_id = await served.session()
        await served.client.post(f"/sessions/{session_id}/runs", json={"input": "go"})

        def in_the_browser() -> None:
            follow(browser, f"http://127.0.0.1:{served.port}", session_id)
            assert browser.evaluate("until(() => opened >= 3 && seen.length > 20)")

        await asyncio.to_thread(in_the_browser)
        await served.client.post(f"/sessions/{session_id}/runs", json={"input": "go on"})
        done = "until(() => seen.filter(([, kind]) => kind == 'run_done').length == 2)"
        assert await asyncio.to_thread(browser.evaluate, done)
        await asyncio.to_thread(browser.evaluate, "source.close()")
        stored = (await served.client.get(f"/sessions/{session_id}/log")).content.splitlines()
        await asyncio.to_thread(check, browser, stored)


async def test_a_page_of_another_place_needs_leave(browser: Browser, tmp_path: Path) -> None:
    """CORS is off by default; a page that is named follows with all it takes to resume."""
    async with serving(tmp_path / "page") as other:
        page = f"http://127.0.0.1:{other.port}"
        for number, origins in enumerate(((), (page,))):
            async with serving(
                tmp_path / str(number), origins=origins, stream_age_s=0.2, ping_s=0.15
            ) as served:
                session_id = await served.session()

                def in_the_browser(allowed: bool, url: str, session_id: str) -> None:
                    follow(browser, url, session_id, page=page)
                    if allowed:
                        assert browser.evaluate("until(() => opened >= 2 && seen.length > 0)")
                        assert browser.evaluate("seen.map(([number]) => number)") == ["1"]
                    else:
                        assert browser.evaluate(CLOSED) and browser.evaluate("seen.length") == 0
                    browser.evaluate("source.close()")

                url = f"http://127.0.0.1:{served.port}"
                await asyncio.to_thread(in_the_browser, bool(origins), url, session_id)
