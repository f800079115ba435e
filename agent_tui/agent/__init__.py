"""The agent: what the model chose, what it was told, and the loop between."""
