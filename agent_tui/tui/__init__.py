"""The terminal screen: a fold of the event stream, drawn."""
