"""glob and grep."""

import asyncio
import time
from pathlib import Path

import pytest

from agent_tui.tools.builtin import builtin_tools
from agent_tui.tools.walk import Glob
from tests.tools.kit import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    for name, text in {
        "a.py": "import os\nclass A:\n    pass\n",
        "src/b.py": "class B:\n",
        "src/deep/c.ts": "class C {}\n",
        "node_modules/x.py": "class Hidden\n",
        ".git/y.py": "class Hidden\n",
        "bin": "class \0 Hidden\n",
        "wild ü\udcff": "class Odd\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "loop").symlink_to(".")
    return Bench(builtin_tools(), tmp_path)


async def test_glob(bench: Bench) -> None:
    assert (await bench.run("glob", pattern="**/*.py")).content == "a.py\nsrc/b.py"
    assert (await bench.run("glob", pattern="*.py")).content == "a.py"
    assert (
        await bench.run("glob", pattern="**/*.{py,ts}", path="src")
    ).content == "src/b.py\nsrc/deep/c.ts"
    assert (await bench.run("glob", pattern="src/**")).content == "src/\nsrc/b.py\nsrc/deep/\nsrc/deep/c.ts"
    assert (await bench.run("glob", pattern="*.zig")).content == "nothing matches"
    assert (await bench.run("glob", pattern="../*")).kind == "error"


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("**", "a/b", True),
        ("**/c", "c", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/b/b/c", True),
        ("a/*/c", "a/c", False),
        ("a?[bc]", "axb", True),
        ("*", ".env", True),
        ("{a,b}/{c,d}", "b/c", True),
        ("**/" * 30 + "x", "/".join("a" * 40), False),
        ("*a" * 40 + "b", "a" * 200, False),
    ],
)
def test_patterns(pattern: str, path: str, fits: bool) -> None:
    begun = time.thread_time()
    assert Glob(pattern).fits(path.split("/")) is fits
    assert time.thread_time() - begun < 0.5


async def test_grep(bench: Bench) -> None:
    outcome = await bench.run("grep", pattern=r"class \w+")
    assert outcome.content.splitlines()[:3] == [
        "a.py:2: class A:",
        "src/b.py:1: class B:",
        "src/deep/c.ts:1: class C {}",
    ]
    assert len(outcome.content.splitlines()) == 4
    assert (await bench.run("grep", pattern="class", glob="*.ts")).content == "src/deep/c.ts:1: class C {}"
    assert (
        await bench.run("grep", pattern="class", path="src", glob="*.py")
    ).content == "src/b.py:1: class B:"
    assert (await bench.run("grep", pattern="class", path="src/b.py")).content == "src/b.py:1: class B:"
    assert "not a regular expression" in (await bench.run("grep", pattern="(")).content
    assert (await bench.run("grep", pattern="x", path="gone")).kind == "error"


async def test_grep_stops_after_enough(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "many").write_text("hit\n" * 1000)
    outcome = await bench.run("grep", pattern="hit")
    assert outcome.truncated
    assert outcome.content.endswith("[stopped at 200 matches; narrow the pattern or the path]")


async def test_an_endless_expression_cannot_hold_the_program(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "trap").write_text("a" * 60 + "!\n")
    task = asyncio.create_task(bench.run("grep", pattern="^(a+)+$"))
    worst = 0.0
    for _ in range(15):
        begun = time.perf_counter()
        await asyncio.sleep(0.01)
        worst = max(worst, time.perf_counter() - begun - 0.01)
    assert not task.done()
    begun = time.perf_counter()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - begun < 5  # to its end, it takes years
    assert worst < 5
