"""Tools: what they are, which there are, and the one way to run them."""
