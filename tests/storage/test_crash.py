"""``kill -9`` at any moment: a short form of ``python -m tests.soak.crash``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import kill
from tests.soak.crash import soak


@pytest.mark.slow
async def test_a_killed_program_loses_at_most_the_last_moment(tmp_path: Path) -> None:
    # A machine that is busy with other tests may hold the writer up: that it is 50 ms on one that
    # is not is for the soak to show.
    assert len(await soak(3, tmp_path, tolerance_s=0.5)) == 3


@pytest.mark.slow
async def test_the_program_itself_may_be_killed(tmp_path: Path) -> None:
    """A short form of ``python -m tests.soak.kill``."""
    assert len(await kill.soak(2, tmp_path, tolerance_s=0.5)) == 2
