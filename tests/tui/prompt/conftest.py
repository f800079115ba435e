"""An app that is nothing but a prompt, and remembers what it was told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.pilot import Pilot

from agent_tui.tui.widgets.prompt import CommandHint, Prompt

COMMANDS = [
    CommandHint("help", "The keys and commands in force"),
    CommandHint("model", "Choose the model"),
    CommandHint("title", "Name this session", takes_argument=True),
]


class PromptApp(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel", "Cancel")]

    def __init__(self, cwd: Path, history_file: Path | None = None) -> None:
        super().__init__()
        self.prompt = Prompt(COMMANDS, cwd, history_file)
        self.said: list[Any] = []
        self.cancelled = 0

    def compose(self) -> ComposeResult:
        yield self.prompt

    def on_mount(self) -> None:
        self.prompt.focus()

    def action_cancel(self) -> None:
        self.cancelled += 1

    def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        self.said.append(("submitted", message.text))

    def on_prompt_steered(self, message: Prompt.Steered) -> None:
        self.said.append(("steered", message.text))

    def on_prompt_command_entered(self, message: Prompt.CommandEntered) -> None:
        self.said.append(("command", message.name, message.argument))

    def on_prompt_shell_entered(self, message: Prompt.ShellEntered) -> None:
        self.said.append(("shell", message.command))

    def on_prompt_trouble(self, message: Prompt.Trouble) -> None:
        self.said.append(("trouble", message.text))

    async def type(self, pilot: Pilot[None], text: str) -> None:
        """Types text, key by key."""
        names = {" ": "space", "\n": "ctrl+j", "/": "slash", "@": "at", "!": "exclamation_mark"}
        await pilot.press(*(names.get(character, character) for character in text))


@pytest.fixture
def make_app(tmp_path: Path) -> Callable[..., PromptApp]:
    def make(history_file: Path | None = None) -> PromptApp:
        return PromptApp(tmp_path, history_file)

    return make
