"""How a model says what it wants to do: portable JSON actions, or native function calls."""
