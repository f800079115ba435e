"""The server killed in the middle of its streams: a short form of ``python -m tests.soak.streams``."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from tests.soak.streams import SESSIONS, soak

pytestmark = pytest.mark.slow


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_clients_that_are_not_ours_lose_and_double_nothing(tmp_path: Path) -> None:
    readers = await soak(1, tmp_path, random.Random(4))
    assert len(readers) == 2 * SESSIONS  # httpx2's EventSource and curl, on each
    assert all(reader.connections == 2 for reader in readers)
