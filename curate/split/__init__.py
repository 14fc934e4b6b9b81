"""Whole groups into exact counts, and the check that nothing leaks."""
