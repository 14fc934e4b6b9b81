"""Scorers: pixels in, probability per concept out."""
