"""The real program, started as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent_tui.paths import user_paths
from agent_tui.storage.journal import Journal


def start(*args: str, cwd: Path, **options: object) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).parents[2])
    environ = {**os.environ, "PYTHONPATH": root, "AGENT_TUI_DEMO_TPS": "2000"}
    return subprocess.Popen(
        [sys.executable, "-m", "agent_tui", *args],
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )


async def test_json_is_the_journal_byte_for_byte(tmp_path: Path) -> None:
    out, err = (process := start("run", "--json", "what is 6 * 7", cwd=tmp_path)).communicate(timeout=30)
    assert process.returncode == 0, err
    lines = out.splitlines()
    journal = Journal(user_paths().journal)
    (session,) = await journal.sessions()
    assert list(await journal.read(session.id, 0, 10_000)) == lines
    await journal.close()
    assert session.title == "what is 6 * 7"


def test_an_interrupt_cancels_and_the_next_run_goes_on(tmp_path: Path) -> None:
    process = start("run", "wait 60 seconds", cwd=tmp_path)
    assert process.stderr is not None
    assert any(b"sleep" in line for line in iter(process.stderr.readline, b"")), "it never slept"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert b"cancelled" in err
    out, err = (again := start("-c", "run", "what is 6 * 7", cwd=tmp_path)).communicate(timeout=30)
    assert again.returncode == 0, err
    assert b"42" in out


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    process = start("run", "talk at length about anything", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) in (0, 130)
    assert b"Traceback" not in err
    assert b"BrokenPipe" not in err


@pytest.mark.parametrize("arguments", ["--version", "themes", "tools list"])
def test_a_reader_that_was_never_there_is_no_error(arguments: str, tmp_path: Path) -> None:
    process = start(*arguments.split(), cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stderr:
        assert stderr.read() == b""
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ('run "what is 6*7" <&- 2>&-', 0, "**42**"),
        ('run "what is 6*7" >&-', 0, "calc"),
        ("run <&-", 2, "error[usage]: there is no prompt"),
        ("themes >&-", 0, ""),
        ("--version >&-", 0, ""),
        ("--version >/dev/full", 1, "error[no_room]"),
    ],
)
def test_streams_that_are_closed_or_full(command: str, code: int, said: str, tmp_path: Path) -> None:
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    ended = subprocess.run(
        ["sh", "-c", f'"$0" -m agent_tui {command}', sys.executable],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "AGENT_TUI_DEMO_TPS": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    told = ended.stdout.decode()
    assert (ended.returncode, said in told) == (code, True), told
    assert "Traceback" not in told
    assert "internal" not in told


@pytest.mark.parametrize(("name", "code"), [("AGENTS.md", 0), (".env", 2), (".agent-tui/config.toml", 2)])
def test_a_folder_with_a_fifo_for_a_file_holds_nothing_up(name: str, code: int, tmp_path: Path) -> None:
    """Opened as a file, it would wait for its writer for ever, deaf even to the signal to stop."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    out, err = (process := start("run", "what is 6*7", cwd=tmp_path)).communicate(timeout=30)
    assert process.returncode == code, err
    assert (b"**42**" in out) == (code == 0)
    assert (b"not a regular file" in err) == (code == 2)


def test_version_imports_next_to_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; before = set(sys.modules); from agent_tui.cli.main import main; main(['--version']);"
        "print(sorted(set(sys.modules) - before))"
    )
    root = str(Path(__file__).parents[2])
    out = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": root},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    ).stdout
    assert out.splitlines()[1] == b"['__future__', 'agent_tui', 'agent_tui.cli', 'agent_tui.cli.main']"
