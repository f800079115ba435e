"""current_time and sleep."""

from datetime import datetime
from pathlib import Path

from agent_tui.events import types as ev
from agent_tui.tools.builtin import builtin_tools
from tests.tools.kit import Bench


async def test_current_time(tmp_path: Path) -> None:
    bench = Bench(builtin_tools(), tmp_path)
    assert "UTC" in (await bench.run("current_time", timezone="UTC")).content
    assert datetime.fromisoformat(bench.of(ev.ToolEnd)[0].result["time"]).utcoffset() is not None
    assert (await bench.run("current_time")).kind == "ok"
    for name in ("Nowhere/Town", "../../etc/passwd", "", "x" * 5000, "\0"):
        assert "there is no time zone" in (await bench.run("current_time", timezone=name)).content


async def test_sleep(tmp_path: Path) -> None:
    bench = Bench(builtin_tools(), tmp_path)
    assert (await bench.run("sleep", seconds=0.01)).content == "waited 0.01 seconds"
    assert bench.of(ev.ToolOutput)[0].text == "waiting 0.01 s\n"
    for seconds in (-1, 601, float("nan"), "long"):
        assert (await bench.run("sleep", seconds=seconds)).kind == "error"
