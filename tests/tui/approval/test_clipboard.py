"""Copying takes the way that reaches the person, and claims only what is known."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agent_tui.tui import clipboard
from agent_tui.tui.clipboard import OSC52, OSC52_LIMIT, Route, copy_text, find_route

PATIENT_S = 20.0
"""For tools that answer: to start a program takes long where many are at work."""


def every(name: str) -> str:
    return f"/usr/bin/{name}"


@pytest.mark.parametrize(
    ("environ", "platform", "route"),
    [
        ({}, "linux", "osc52"),
        ({"DISPLAY": ":0"}, "linux", "xclip"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", "wl-copy"),
        ({}, "darwin", "pbcopy"),
        ({"SSH_TTY": "/dev/pts/0"}, "darwin", "osc52"),
        ({"SSH_TTY": "/dev/pts/0", "DISPLAY": ":10", "TMUX": "x"}, "linux", "tmux"),
    ],
)
def test_route(environ: dict[str, str], platform: str, route: str) -> None:
    assert find_route(environ, platform, every).name == route
    assert find_route(environ, platform, lambda name: None).name == "osc52"


async def test_osc52_claims_nothing_it_cannot_know() -> None:
    sent: list[str] = []
    done = await copy_text("text", "answer", sent.append, OSC52)
    assert sent == ["text"]
    assert "your terminal may ignore it" in done.sentence
    assert "copied" not in done.sentence
    long = await copy_text("x" * (OSC52_LIMIT + 1), "answer", sent.append, OSC52)
    assert (long.level, "long" in long.sentence) == ("warning", True)


async def test_a_tool_gets_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "TOOL_TIMEOUT_S", PATIENT_S)
    target = tmp_path / "clip"
    command = (sys.executable, "-c", f"import sys; open({str(target)!r}, 'w').write(sys.stdin.read())")
    done = await copy_text("你好", "answer", lambda text: None, Route("tool", command, "by tool"))
    assert (done.level, done.sentence) == ("success", "copied the answer (2 characters) by tool")
    assert target.read_text() == "你好"


async def test_a_tool_that_fails_is_named_and_the_terminal_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []
    failing = [
        (("false",), "exit code 1", PATIENT_S),
        (("sleep", "60"), "did not answer", 0.05),
        (("no-such",), "No such file", PATIENT_S),
    ]
    for command, problem, patience_s in failing:
        monkeypatch.setattr(clipboard, "TOOL_TIMEOUT_S", patience_s)
        done = await copy_text("x", "answer", sent.append, Route("tool", command, "by tool"))
        assert (done.route, problem in done.sentence) == ("osc52", True)
    assert sent == ["x"] * 3


async def test_nothing_is_not_copied() -> None:
    done = await copy_text("", "answer", pytest.fail, OSC52)
    assert "nothing to copy" in done.sentence
