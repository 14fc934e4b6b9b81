"""Majorities."""

from collections.abc import Iterable


def most(flags: Iterable[bool]) -> bool:
    """Are more than half of some things so? Of none, no."""
    number = so = 0
    for flag in flags:
        number += 1
        so += flag
    return so * 2 > number
