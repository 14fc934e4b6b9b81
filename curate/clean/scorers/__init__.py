"""Scorers: pixels in, probability per concept out. `base` is their interface."""
