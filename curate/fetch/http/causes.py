"""What an exception wraps."""

from collections.abc import Iterator


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and all that it wraps: requests and urllib3 nest them as cause, argument and `reason`."""
    seen: list[BaseException | None] = []
    queue = [error]
    while queue:
        if (one := queue.pop(0)) is None or one in seen:
            continue
        seen.append(one)
        yield one
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        queue += [wrapped for wrapped in inner if isinstance(wrapped, BaseException)]


def root(error: BaseException) -> str:
    """What the innermost of them says."""
    *_, last = causes(error)
    return (str(last) or type(last).__name__)[:200]
