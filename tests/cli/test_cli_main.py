"""The way a command line takes, and what failures look like."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from agent_tui import __version__
from agent_tui.cli.edge import guard
from agent_tui.cli.main import main
from agent_tui.cli.root import RootOptions, parse_plain
from agent_tui.errors import ConfigError, ModelUnavailable


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([option]) == 0
    assert capsys.readouterr().out == f"agent-tui {__version__}\n"


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("", RootOptions()),
        ("-m demo -c", RootOptions(model="demo", proceed=True)),
        ("--model=demo --theme paper", RootOptions(model="demo", theme="paper")),
        (
            "-s abc -p hello --linear --debug",
            RootOptions(session="abc", prompt="hello", linear=True, debug=True),
        ),
        ("--continue --prompt=a=b", RootOptions(proceed=True, prompt="a=b")),
    ],
)
def test_plain_options_need_no_typer(line: str, options: RootOptions) -> None:
    assert parse_plain(line.split()) == options


@pytest.mark.parametrize(
    "line", ["run x", "-m", "--nonsense", "-mdemo", "--linear=1", "--help", "-m demo tools"]
)
def test_everything_else_does(line: str) -> None:
    assert parse_plain(line.split()) is None


def test_completion_is_for_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AGENT_TUI_COMPLETE", "complete_bash")
    assert parse_plain([]) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["rum"], "No such command 'rum'"),
        (["--nonsense"], "No such option: --nonsense"),
        (["run", "--max-steps", "0", "x"], "--max-steps"),
        (["run", "--timeout", "0", "x"], "--timeout must be above zero"),
        (["run", "  "], "there is no prompt"),
        (["-c", "-s", "x"], "-c and -s cannot be given together"),
        (["tools", "call", "calc", "--args", "{"], "--args is not JSON"),
        (["tools", "call", "calc", "--args", "[]"], "must be a JSON object"),
        (["--theme", "nosuch", "models"], "there is no theme 'nosuch'; there are "),
        (["--theme", "nosuch", "--linear"], "there is no theme 'nosuch'; there are "),
        ([], "the screen needs a terminal"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_2(
    line: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line) == 2
    err = capsys.readouterr().err
    assert err.startswith("error[usage]: ")
    assert words in err
    assert err.count("\n") == 1


def test_an_error_is_told_by_its_code_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise ModelUnavailable("no answer\nfrom \x1b[31m it", hint="try later")

    assert guard(fail, debug=False) == 4
    assert capsys.readouterr().err == "error[model_unavailable]: no answer from ␛[31m it; try later\n"


def test_the_unexpected_is_one_line_too_and_a_traceback_with_debug(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> int:
        raise ValueError("odd")

    assert guard(fail, debug=False) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error[internal]: ValueError: odd; run it again with --debug to see where"
    ]
    assert guard(fail, debug=True) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_disk_without_room_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert guard(fail, debug=False) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error[no_room]: nothing more can be written: No space left on device; make room there"
    ]


def test_ctrl_c_is_130() -> None:
    def fail() -> int:
        raise KeyboardInterrupt

    assert guard(fail, debug=False) == 130


def test_no_traceback_hides_in_a_clean_error(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise ConfigError("bad", hint="mend")

    assert guard(fail, debug=False) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("line", ["--help", "run --help", "tools", "sessions prune -h"])
def test_help_shows_flags_as_flags(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(line.split())
    out = capsys.readouterr().out.lower()
    assert "--help" in out
    assert "bool" not in out


def test_notices_name_only_what_can_be_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".agent-tui" / "tools").mkdir(parents=True)
    (tmp_path / ".agent-tui" / "tools" / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGENT_TUI_DEMO_TPS", "0")
    trust = (
        "note: this folder brings tools of its own (mine.py); look at them, then type /trust in agent-tui\n"
    )
    assert main(["tools", "list"]) == 0
    assert capsys.readouterr().err == trust
    assert main(["run", "what is 6*7"]) == 0
    err = capsys.readouterr().err
    assert trust in err
    assert "choose one with -m MODEL\n" in err


def test_help_names_every_command_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    from agent_tui.cli.app import app

    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert commands == {"run", "replay", "verify", "diff", "serve", "attach", "models", "themes", "doctor"}
    for name in (*commands, "tools", "config"):
        assert name in out
