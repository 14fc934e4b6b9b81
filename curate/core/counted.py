"""Numbers of things, in words."""


def counted(number: int, one: str, many: str = "") -> str:
    """`1 photo`, `2,400 photos`; with `many`, which else is `one` with an s, `1 photo is`, `2 photos are`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
