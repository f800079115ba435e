"""Tools: what they are, which there are, and the one way to run them.

A user's own tool needs nothing but the names exported here.
"""

from agent_tui.errors import ToolError
from agent_tui.tools.define import tool
from agent_tui.tools.spec import RetryPolicy, ToolContext, ToolReply, ToolSpec

__all__ = ["RetryPolicy", "ToolContext", "ToolError", "ToolReply", "ToolSpec", "tool"]
