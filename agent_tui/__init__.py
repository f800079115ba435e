"""agent-tui: an interactive terminal shell for AI agents."""

__version__ = "0.1.0"
