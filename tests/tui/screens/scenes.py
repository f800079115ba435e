"""Runs that stop where a picture is taken."""

from __future__ import annotations

import asyncio

from tests.fakes.stage import Play

ANSWER = """The test expects **87.2**, but `calc` rounds *before* it multiplies.

| step | value |
|------|-------|
| sum  | 21.8  |
| × 4  | 87.2  |

```python
def total(a: float, b: float) -> float:
    return (a + b) * 4
```

- 漢字 and 🚀 keep their width
- [brackets] are not markup
"""


async def forever() -> None:
    await asyncio.Event().wait()


async def talk(play: Play) -> None:
    """A whole run: thought, two tools, answer."""
    play.step()
    play.llm("The failing test is about sums. ", "I should read it first.", channel="thought", done=False)
    play.llm()
    call = play.tool_start("read_file", {"path": "tests/test_calc.py"})
    play.tool_end(call, "def test_calc(): ...", summary="31 lines")
    call = play.tool_start("shell", {"command": "pytest -x"}, "high")
    play.tool_output(call, "E   assert 87.0 == 87.2\n1 failed in 0.4s\n")
    play.tool_end(call, {"exit_code": 1}, summary="exit 1", failed=True, ms=1900)
    play.step()
    play.llm(ANSWER)
    play.final()


async def streaming(play: Play) -> None:
    play.step()
    call = play.tool_start("read_file", {"path": "tests/test_calc.py"})
    play.tool_end(call, "def test_calc(): ...", summary="31 lines")
    play.step()
    play.llm(ANSWER[:110], done=False)
    play.advance(1.0)
    await forever()


async def tool_running(play: Play) -> None:
    play.step()
    play.llm("I run the tests.")
    call = play.tool_start("shell", {"command": "pytest -x"}, "high")
    play.advance(2.0)
    play.tool_output(call, "collected 312 items\ntests/test_calc.py ....F\n")
    await forever()


async def asking(play: Play) -> None:
    play.step()
    play.llm("The build folder is stale; I would remove it.")
    await play.ask("shell", {"command": "rm -rf build/ && make"}, preview="rm -rf build/ && make")
