"""The conversation: one line-oriented widget over the session's blocks, whatever their number."""

from agent_tui.tui.widgets.conversation.widget import Conversation

__all__ = ["Conversation"]
