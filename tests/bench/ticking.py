"""The shell as it is, with a 10 ms ticker in its event loop that notes how late it fires.

    python -m tests.bench.ticking FILE [SESSION]

When the shell ends, ``FILE`` holds ``[[monotonic time, seconds late], …]``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from agent_tui.cli.start import runtime_opener
from agent_tui.config.load import load
from agent_tui.runtime.runtime import Runtime
from agent_tui.tui.run import run_tui
from agent_tui.tui.settings import UiSettings

PERIOD_S = 0.01


def main(file: Path, session: str | None = None) -> None:
    loaded = load(Path.cwd(), os.environ)
    open_runtime = runtime_opener(loaded)
    late: list[tuple[float, float]] = []
    tickers: list[asyncio.Task[None]] = []

    async def tick() -> None:
        while True:
            due = time.monotonic() + PERIOD_S
            await asyncio.sleep(PERIOD_S)
            now = time.monotonic()
            late.append((now, now - due))

    async def opened() -> Runtime:
        tickers.append(asyncio.create_task(tick()))
        return await open_runtime()

    settings = UiSettings(theme=loaded.config.ui.theme, cwd=loaded.cwd, fps=loaded.config.ui.fps)
    run_tui(open_runtime=opened, settings=settings, session=session)
    file.write_text(json.dumps(late))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
