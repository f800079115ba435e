"""The input: what a person types, pastes, recalls and completes. It posts messages and knows no session."""

from agent_tui.tui.widgets.prompt.completion import CommandHint
from agent_tui.tui.widgets.prompt.prompt import Draft, Prompt

__all__ = ["CommandHint", "Draft", "Prompt"]
