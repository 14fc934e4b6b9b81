"""Whole groups into exact counts, and the proof that nothing leaks."""
