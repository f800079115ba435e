"""The exported page in a real browser: it shows everything, opens its spans, and asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_tui.events.fold import Fold
from agent_tui.storage.export.html import html
from tests.fakes.browser import Browser, find_browser
from tests.storage.test_export import HOSTILE, a_session

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_browser() is None, reason="no Chromium here: apt-get install chromium"),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    program = find_browser()
    assert program is not None
    with Browser(program, tmp_path / "profile") as opened:
        yield opened


def page(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "session.html"
    file.write_text(html(Fold().apply_all(a_session(text)).view), encoding="utf-8")
    return file


def test_spans_open_on_a_click(browser: Browser, tmp_path: Path) -> None:
    browser.open(page(tmp_path, "**say** hello"))
    assert browser.evaluate("document.querySelector('.answer strong').textContent") == "say"
    assert browser.evaluate("document.querySelectorAll('details.span').length") == 4
    shell = "[...document.querySelectorAll('details.span')].find(d => d.textContent.includes('shell'))"
    hidden = f"{shell}.querySelector('pre').checkVisibility()"
    assert browser.evaluate(hidden) is False
    browser.evaluate(f"{shell}.querySelector('summary').click()")
    assert browser.evaluate(hidden) is True
    bars = "[...document.querySelectorAll('.bar')].every(b => b.getBoundingClientRect().width >= 2)"
    assert browser.evaluate(bars) is True
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth") is True


def test_hostile_text_does_nothing(browser: Browser, tmp_path: Path) -> None:
    file = page(tmp_path, HOSTILE)
    browser.open(file)
    assert browser.evaluate("document.scripts.length + document.images.length") == 0
    assert browser.evaluate("document.querySelectorAll('[onerror], a[href^=javascript]').length") == 0
    assert browser.evaluate("document.body.textContent.includes('<script>alert(1)</script>')") is True
    assert browser.requests == [file.as_uri()]
    assert browser.messages == []
