"""The event stream: what can happen, how it is encoded, kept, followed and folded."""
