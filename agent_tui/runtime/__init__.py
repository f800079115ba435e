"""The core that front ends drive. It knows no screen and no network protocol."""
