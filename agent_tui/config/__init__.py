"""Settings: what they are, and where each came from."""
