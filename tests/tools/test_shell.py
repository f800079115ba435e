"""shell: live output, bounded memory, and a process tree that never outlives a cancel."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_tui.events import types as ev
from agent_tui.tools import process
from agent_tui.tools.builtin import builtin_tools
from agent_tui.tools.tree import KILL_GRACE_S, Tree, parse_ps, processes, stop
from tests.fakes.leap import leap
from tests.tools.kit import Bench

DAEMON = """
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(60)
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(builtin_tools(), tmp_path)


def alive(pid: int) -> bool:
    return any(process.pid == pid for process in processes())


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> float:
    begun = time.perf_counter()
    while not condition():
        assert time.perf_counter() - begun < seconds
        await asyncio.sleep(0.005)
    return time.perf_counter() - begun


def pid_in(file: Path) -> Callable[[], bool]:
    return lambda: file.exists() and file.read_text().strip().isdigit()


async def cancelled(task: asyncio.Task[object]) -> float:
    begun = time.perf_counter()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.perf_counter() - begun


async def test_output_exit_code_and_folder(bench: Bench, tmp_path: Path) -> None:
    outcome = await bench.run("shell", command="pwd; echo oops >&2; exit 3")
    assert outcome.kind == "ok"
    assert outcome.failed
    assert str(tmp_path) in outcome.content
    assert outcome.content.endswith("[exit 3]")
    (end,) = bench.of(ev.ToolEnd)
    assert (end.summary, end.failed) == ("exit 3", True)
    assert end.result == {"exit_code": 3, "stdout": f"{tmp_path}\n", "stderr": "oops\n"}
    assert ("stderr", "oops\n") in [(e.stream, e.text) for e in bench.of(ev.ToolOutput)]


async def test_output_is_live(bench: Bench, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    task = asyncio.create_task(
        bench.run("shell", command="echo first; cat go; printf 'h\\303'; printf '\\251'")
    )
    async for event in bench.log.follow():
        if isinstance(event, ev.ToolOutput):
            assert event.text == "first\n"
            break
    (tmp_path / "go").write_text("second\n")
    assert (await task).content == "first\nsecond\nhé"


async def test_no_input_no_terminal_and_bytes_that_are_not_text(bench: Bench) -> None:
    outcome = await bench.run("shell", command="cat; tty < /dev/stdin; printf 'a\\377b'")
    assert "not a tty" in outcome.content
    assert outcome.content.endswith("a\ufffdb")
    assert (await bench.run("shell", command="true")).content == "(no output)"
    assert "killed by SIGKILL" in (await bench.run("shell", command="kill -9 $$")).content


async def test_keys_do_not_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY", "AGENT_TUI_SERVER__TOKEN"):
        monkeypatch.setenv(name, "secret-value")
    monkeypatch.setenv("HARMLESS", "seen")
    outcome = await Bench(builtin_tools(), tmp_path).run("shell", command="env")
    assert "secret-value" not in outcome.content
    assert "HARMLESS=seen" in outcome.content
    given = Bench(
        builtin_tools(), tmp_path, environ={"PATH": os.environ["PATH"], "OPENAI_API_KEY": "wanted"}
    )
    assert "wanted" in (await given.run("shell", command="env")).content


async def test_much_output_is_bounded_and_says_what_was_cut(bench: Bench) -> None:
    outcome = await bench.run("shell", command="yes 0123456789 | head -c 3000000; echo the end")
    assert len(outcome.content) < 30_000
    assert outcome.truncated
    assert "characters (" in outcome.content
    assert outcome.content.endswith("the end")


async def test_the_last_words_are_heard_by_a_loop_that_is_late(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PAUSE_S", 30.0)  # it rests after a burst, and the command ends meanwhile
    monkeypatch.setattr(process, "DRAIN_S", 0.0)
    command = f"yes 0123456789 | head -c {process.BURST + 30_000}; echo; echo the end"
    outcome = await bench.run("shell", command=command)
    assert outcome.content.endswith("the end")


@pytest.mark.parametrize(
    "command",
    [
        "sleep 60 & echo $! > pid; wait",
        "(sleep 60 & echo $! > pid; wait) | cat",
        "setsid sh -c 'echo $$ > pid; exec sleep 60'; true",
        "setsid -f sh -c 'echo $$ > pid; exec sleep 60'; sleep 60",
        "nohup sh -c 'echo $$ > pid; exec sleep 60' & wait",
        "env -i setsid sh -c 'echo $$ > pid; exec sleep 60'; true",
        "sh -c 'echo $$ > pid; kill -STOP $$'; sleep 60",
    ],
)
async def test_the_tree_dies_with_a_cancel(bench: Bench, tmp_path: Path, command: str) -> None:
    file = tmp_path / "pid"
    task = asyncio.create_task(bench.run("shell", command=command))
    await until(pid_in(file))
    pid = int(file.read_text())
    assert await cancelled(task) < 1
    assert await until(lambda: not alive(pid)) < 1
    assert bench.types()[-1] == "tool_cancelled"


async def test_a_daemon_dies_with_a_cancel(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "daemon.py").write_text(DAEMON)
    task = asyncio.create_task(bench.run("shell", command=f"{sys.executable} -S daemon.py pid; sleep 60"))
    await until(pid_in(tmp_path / "pid"))
    pid = int((tmp_path / "pid").read_text())
    await cancelled(task)
    assert await until(lambda: not alive(pid)) < 1


async def test_what_ignores_term_is_killed_and_holds_nobody(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "deaf").write_text("trap '' TERM; echo $$ > $1; while :; do sleep 0.2; done")
    command = "setsid -f sh deaf pid; sh deaf pid2"
    task = asyncio.create_task(bench.run("shell", command=command))
    await until(lambda: pid_in(tmp_path / "pid")() and pid_in(tmp_path / "pid2")())
    pid = int((tmp_path / "pid").read_text())
    assert await cancelled(task) < 1
    await until(lambda: not alive(pid))


async def test_who_comes_too_late_to_kill_kills_all_the_same(tmp_path: Path) -> None:
    deaf = ["sh", "-c", "trap '' TERM; echo $$ > pid; while :; do sleep 0.2; done"]
    with subprocess.Popen(deaf, cwd=tmp_path, start_new_session=True) as running:
        try:
            await until(pid_in(tmp_path / "pid"))
            late_s = -2 * KILL_GRACE_S  # as if the machine had slept since it was told to end
            assert stop(Tree.of(running.pid, "no mark"), grace_s=late_s) > 0
            assert running.wait(10) == -signal.SIGKILL
        finally:
            running.kill()


async def test_the_tree_dies_with_a_timeout(bench: Bench, tmp_path: Path) -> None:
    command = "echo begun; sleep 60 & echo $! > pid; wait"
    task = asyncio.create_task(bench.run("shell", command=command, timeout_s=30))
    async for event in bench.log.follow():
        if event.type == "tool_output":
            break
    await until(pid_in(tmp_path / "pid"))
    leap(31)
    outcome = await task
    assert bench.of(ev.ToolStart)[0].timeout_s == 30
    assert "took longer than 30 s" in outcome.content
    assert "begun" in outcome.content
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: not alive(pid))


async def test_jobs_end_with_their_command_and_daemons_do_not_hold_it(bench: Bench, tmp_path: Path) -> None:
    outcome = await bench.run(
        "shell",
        command="sleep 60 & echo $! > job; setsid -f sh -c 'echo $$ > pid; exec sleep 60'; "
        "until [ -s pid ]; do sleep 0.01; done",
    )
    pid = int((tmp_path / "pid").read_text())
    assert "background processes ended with the command: 1" in outcome.content
    assert not alive(int((tmp_path / "job").read_text()))
    assert alive(pid)
    os.kill(pid, 9)


async def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    outcome = await Bench(builtin_tools(), tmp_path / "gone").run("shell", command="true")
    assert outcome.kind == "error"
    assert "is gone" in outcome.content


async def test_a_flood_leaves_the_loop_free(bench: Bench) -> None:
    task = asyncio.create_task(bench.run("shell", command="yes"))
    worst = 0.0
    for _ in range(10):
        begun = time.perf_counter()
        await asyncio.sleep(0.01)
        worst = max(worst, time.perf_counter() - begun - 0.01)
    await cancelled(task)
    assert worst < 0.5


def test_ps_is_understood() -> None:
    members = parse_ps("  1  0  1 Ss\n 12  1 12 Z+\n 30 12 12 S+\nodd\n")
    assert [(m.pid, m.parent, m.group) for m in members] == [(1, 0, 1), (30, 12, 12)]
