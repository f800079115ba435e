"""``--theme NAME`` with a name that is none."""

from __future__ import annotations

import pytest

from agent_tui.cli.screen import check_theme
from agent_tui.cli.start import load_settings
from agent_tui.errors import UsageError


def test_an_unknown_theme_is_an_error_that_lists_those_there_are() -> None:
    loaded = load_settings()
    check_theme("paper", loaded)
    with pytest.raises(UsageError) as caught:
        check_theme("nosuch", loaded)
    assert "midnight" in str(caught.value)
