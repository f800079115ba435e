"""The runtime over HTTP: routes, streams and what guards them. It decides nothing that the core decides."""
