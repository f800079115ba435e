"""Makes ``screenshots/*.svg`` from real runs: ``python -m tests.screenshots``.

The offline demo model drives real tools in a small folder made for it; nothing is staged.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from agent_tui.tui.app import AgentApp
from agent_tui.tui.settings import UiSettings
from tests.fakes.shell import ready, screen_text, send, until

OUT = Path(__file__).parent.parent / "screenshots"
SIZE = (120, 34)
Act = Callable[[Pilot[Any], AgentApp], Awaitable[None]]

NOTES = """# Notes

- the total is wrong when the discount is zero
- `prices.py` rounds before it adds
"""
CODE = """def total(prices: list[float], discount: float = 0.0) -> float:
    return round(sum(prices) * (1 - discount), 2)
"""


def make_folder(root: Path) -> Path:
    folder = root / "shop"
    (folder / "src").mkdir(parents=True)
    (folder / "NOTES.md").write_text(NOTES)
    (folder / "src" / "prices.py").write_text(CODE)
    return folder


def idle(app: AgentApp) -> bool:
    view = app.controller.view
    return view is not None and bool(view.runs) and view.status == "idle" and not view.queue


async def ask(pilot: Pilot[Any], app: AgentApp, text: str) -> None:
    await send(pilot, text)
    await until(pilot, lambda: app.controller.running)
    await until(pilot, lambda: idle(app))
    await until(pilot, lambda: "running" not in screen_text(app))


async def tools(pilot: Pilot[Any], app: AgentApp) -> None:
    await ask(pilot, app, "what is (19.5 + 2.3) * 4")
    await ask(pilot, app, "list the files here then read NOTES.md")


async def streaming(pilot: Pilot[Any], app: AgentApp) -> None:
    await send(pilot, "talk at length in rich markdown")
    await until(pilot, lambda: "glass terminals" in screen_text(app))


async def cancelled(pilot: Pilot[Any], app: AgentApp) -> None:
    await streaming(pilot, app)
    await pilot.press("escape")
    await until(pilot, lambda: "cancelled in" in screen_text(app))


async def approval(pilot: Pilot[Any], app: AgentApp) -> None:
    await send(pilot, "run the command ls -la src")
    await until(pilot, lambda: "this session" in screen_text(app))


async def events(pilot: Pilot[Any], app: AgentApp) -> None:
    await ask(pilot, app, "read src/prices.py")
    await pilot.press("f3")


async def usage(pilot: Pilot[Any], app: AgentApp) -> None:
    await tools(pilot, app)
    await pilot.press("f5")


async def palette(pilot: Pilot[Any], app: AgentApp) -> None:
    await pilot.press("ctrl+p")
    await until(pilot, lambda: "Start afresh" in screen_text(app))


SHOTS: tuple[tuple[str, Act, str, tuple[int, int]], ...] = (
    ("tools", tools, "midnight", SIZE),
    ("streaming", streaming, "dusk", SIZE),
    ("cancelled", cancelled, "forest", SIZE),
    ("approval", approval, "ember", SIZE),
    ("events", events, "daylight", SIZE),
    ("usage", usage, "paper", SIZE),
    ("palette", palette, "midnight", SIZE),
    ("contrast", tools, "contrast", SIZE),
    ("narrow", tools, "midnight", (80, 24)),
)


async def shoot(name: str, act: Act, theme: str, size: tuple[int, int], cwd: Path) -> None:
    """Runs the shell on the demo model and keeps what the screen shows after ``act``."""
    from agent_tui.config.load import load
    from agent_tui.runtime.build import build_runtime

    async def open_runtime() -> Any:
        return await build_runtime(load(cwd, os.environ))

    settings = UiSettings(theme=theme, cwd=cwd, version="")
    app = AgentApp(open_runtime, settings, model="demo")
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        await act(pilot, app)
        await pilot.pause()
        svg = app.export_screenshot(title="agent-tui")
        (OUT / f"{name}.svg").write_text(svg, encoding="utf-8")
        app.leave()
    print(f"screenshots/{name}.svg")


async def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        os.environ["AGENT_TUI_HOME"] = str(root / "home")
        folder = make_folder(root)
        for name, act, theme, size in SHOTS:
            await shoot(name, act, theme, size, folder)


if __name__ == "__main__":
    asyncio.run(main())
