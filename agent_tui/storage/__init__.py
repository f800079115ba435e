"""The durable side of the event stream."""
