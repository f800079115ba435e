"""Screens over a real server: several people in one session, a server that dies, leaving without harm."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")

from tests.e2e.conftest import stored
from tests.e2e.terminal import DEADLINE_S, ESC, Terminal
from tests.fakes.surroundings import agent_tui

pytestmark = pytest.mark.slow

QUIT = "\x04"  # ctrl+d
TOKEN = "a-token-for-these-tests"
Attach = Callable[..., Terminal]


def _free_port() -> int:
    """A port below those that the kernel hands out: nobody is given it while the server is down."""
    for port in random.sample(range(20_000, 30_000), 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no port is free")


class Server:
    """``agent-tui serve`` as a process, which can be killed and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        self.folder = folder
        self.env: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *args: str, **env: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AGENT_TUI_HOME": str(self.folder / ".server"),
            "AGENT_TUI_DEMO_TPS": "0",
            **env,
        }
        command = [agent_tui(), "serve", "--port", str(self.port), "--token", TOKEN, *args]
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stderr=log)
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=5).close()
            except OSError:
                assert self.process.poll() is None, (self.folder / "serve.log").read_text()
                assert time.monotonic() < end
                time.sleep(0.05)
            else:
                return

    def get(self, path: str) -> Any:
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def attach(server: Server, tmp_path: Path) -> Iterator[Attach]:
    opened: list[Terminal] = []

    def begin(*args: str, user: str = "ann") -> Terminal:
        env = {"AGENT_TUI_TOKEN": TOKEN, "USER": user, "LOGNAME": user}
        opened.append(Terminal([agent_tui(), "attach", server.url, *args], cwd=tmp_path, env=env))
        opened[-1].wait_for("ready" if not args else "❯")
        return opened[-1]

    yield begin
    for terminal in opened:
        terminal.close()


def test_two_people_in_one_session(server: Server, attach: Attach, tmp_path: Path) -> None:
    call = {"type": "tool", "tool_name": "write_file", "args": {"path": "a.txt", "content": "approved"}}
    turns = [[json.dumps(call)], [json.dumps({"type": "final", "final": "It is written."})]]
    (tmp_path / "script.json").write_text(json.dumps(turns))
    server.start("-m", "script:script.json")
    ann = attach()
    ann.submit("write it")
    ann.wait_for("write_file")
    ben = attach("-c", user="ben")
    ben.wait_for(lambda: "write it" in ben.text() and "approved" in ben.text())
    ben.answer("y", "It is written.")
    ann.wait_for("It is written.")
    ann.wait_for("allowed by ben@")
    assert "allowed by" not in ben.text().partition("│")[0]
    assert (tmp_path / "a.txt").read_text() == "approved"


def test_esc_here_stops_it_there_and_leaving_does_not(server: Server, attach: Attach) -> None:
    server.start(AGENT_TUI_DEMO_TPS="30")
    ann = attach()
    ann.submit("write a long essay about the sea")
    ann.wait_for("pattern rules")
    ben = attach("-c", user="ben")
    ben.wait_for("running")
    ann.type("\x03\x03\x03")
    assert ann.wait_exit() == 0
    (session,) = server.get("/sessions")["sessions"]
    assert session["state"] == "running"
    ben.type(ESC)
    ben.wait_for("cancelled in")
    (session,) = server.get("/sessions")["sessions"]
    assert session["state"] == "idle"


def test_a_killed_server_is_waited_for_and_its_history_is_the_truth(
    server: Server, attach: Attach, tmp_path: Path
) -> None:
    server.start(AGENT_TUI_DEMO_TPS="60")
    ann = attach()
    ann.ask("what is 6*7", "= 42")
    ann.submit("write a long essay about the sea")
    ann.wait_for("pattern rules")
    ann.wait_for(lambda: "essay" in str(stored(tmp_path, ".server")))  # the run that is cut off is in there
    server.kill()
    ann.wait_for("no connection")
    ann.wait_for("the connection to the server is lost")
    ann.submit("is anybody there")
    ann.wait_for("cannot be reached")
    ann.wait_for("❯ is anybody there")  # nothing typed is lost
    server.start()
    ann.wait_for("connected again")
    ann.wait_for("interrupted")
    ann.wait_for("ready")
    ann.type("\x15")
    ann.wait_for(lambda: "is anybody there" not in ann.text())
    ann.ask("what is 5*5", "= 25")
    shown = [line[:70] for line in ann.screen.display]
    assert sum("❯ what is 5*5" in line for line in shown) == 1
    ann.type(QUIT)
    assert ann.wait_exit() == 0


def test_what_is_wrong_is_told_before_the_screen(server: Server, attach: Attach, tmp_path: Path) -> None:
    server.start()
    for args, env, wanted in [
        ((server.url,), {}, "error[unauthorized]"),
        ((server.url, "-s", "nowhere"), {"AGENT_TUI_TOKEN": TOKEN}, "error[not_found]"),
        (("127.0.0.1:1",), {}, "error[connection]"),
    ]:
        with Terminal([agent_tui(), "attach", *args], cwd=tmp_path, env=env) as terminal:
            terminal.wait_for(wanted)
            assert terminal.wait_exit() in (1, 2)
            assert b"\x1b[?1049h" not in terminal.raw
