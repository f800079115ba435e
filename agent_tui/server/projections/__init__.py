"""The event stream in the vocabularies of others: pure functions from our events."""
