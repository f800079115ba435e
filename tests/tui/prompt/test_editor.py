"""The person's own editor."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from textual.app import App

from agent_tui.tui.widgets.prompt.editor import EditorError, edit, editor_command


def script(folder: Path, body: str) -> str:
    path = folder / "my editor"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return f"'{path}' --wait"


def test_the_command_is_split_as_a_shell_would() -> None:
    assert editor_command({"EDITOR": "vi", "VISUAL": "code --wait"}) == ["code", "--wait"]
    with pytest.raises(EditorError, match="EDITOR cannot be understood"):
        editor_command({"EDITOR": "vi 'x"})


async def test_a_terminal_that_cannot_be_lent_is_told(tmp_path: Path) -> None:
    app: App[object] = App()
    async with app.run_test():
        with pytest.raises(EditorError, match="cannot be lent"):
            await edit(app, "text", {"EDITOR": script(tmp_path, "exit 0")})


APP = """
import os, sys
from pathlib import Path
from textual.app import App
from agent_tui.tui.driver import driver_class
from agent_tui.tui.widgets.prompt import Prompt

class Probe(App):
    def compose(self):
        yield Prompt(cwd=Path("."))
    def on_mount(self):
        self.query_one(Prompt).focus()
        self.set_interval(0.01, self.refresh)  # a screen that goes on drawing meanwhile
    def on_ready(self):
        Path(sys.argv[1], "ready").touch()
    def on_text_area_changed(self):
        pass
    def on_prompt_submitted(self, message):
        Path(sys.argv[1], "sending").write_text(message.text)
        Path(sys.argv[1], "sending").rename(Path(sys.argv[1], "sent"))  # whole when it can be seen
        self.exit()

Probe(driver_class=driver_class()).run()
"""


def wait_for(path: Path, master: int) -> None:
    stop_at = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < stop_at, path
        if select.select([master], [], [], 0.02)[0]:
            os.read(master, 65_536)


def test_the_editor_has_the_terminal_and_its_text_comes_back(tmp_path: Path) -> None:
    """Real processes: the screen must not draw while the editor has the terminal."""
    editor = script(
        tmp_path, f'cat "$2" > {tmp_path}/seen; printf "one\\ntwo\\n" > "$2"; touch {tmp_path}/edited'
    )
    master, slave = pty.openpty()
    env = {
        **os.environ,
        "TERM": "xterm-256color",
        "VISUAL": editor,
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    child = subprocess.Popen(
        [sys.executable, "-c", APP, str(tmp_path)], stdin=slave, stdout=slave, stderr=slave, env=env
    )
    try:
        wait_for(tmp_path / "ready", master)
        os.write(master, b"draft\x07")
        wait_for(tmp_path / "edited", master)
        while not (tmp_path / "sent").exists():
            os.write(master, b"\r")  # before the screen is back, it is not the prompt's
            wait_quietly(master)
        assert (tmp_path / "seen").read_text() == "draft"
        assert (tmp_path / "sent").read_text().rstrip() == "one\ntwo"
    finally:
        child.kill()
        child.wait(10)
        os.close(master)
        os.close(slave)


def wait_quietly(master: int) -> None:
    if select.select([master], [], [], 0.05)[0]:
        os.read(master, 65_536)
