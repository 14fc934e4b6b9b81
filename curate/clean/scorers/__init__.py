"""Scorers: pixels in, embedding and probability per concept out. `base` is their interface."""
