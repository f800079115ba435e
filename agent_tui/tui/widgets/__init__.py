"""The parts screens are made of: given view state, they post messages and never see the runtime."""
