"""Models of any provider behind one interface."""
