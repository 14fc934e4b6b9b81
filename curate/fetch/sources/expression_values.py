"""What the expressions of a recipe find: in JSON by a path, in text by a regular expression."""

import re
from collections.abc import Iterator
from typing import Any

from curate.core.errors import UsageError
from curate.core.expressions import REGEX, mistakes, steps
from curate.core.recipe import Source

_MOST = 10_000  # values that one path finds


def inside(value: Any) -> Iterator[Any]:
    """The value and all that is in it, from the outside in."""
    queue = [value]
    for one in queue:
        yield one
        if isinstance(one, dict | list) and len(queue) < _MOST * 10:
            inner = one.values() if isinstance(one, dict) else one
            queue += [item for item in inner if isinstance(item, dict | list)]


def values(data: Any, path: str) -> list[Any]:
    """What a JSON path finds in `data`, in order; at most `_MOST` values."""
    found = [data]
    for kind, name in steps(path):
        after: list[Any] = []
        for value in found:
            if kind == "all" and isinstance(value, dict | list):
                after += value.values() if isinstance(value, dict) else value
            elif kind == "at" and isinstance(value, list) and int(name) < len(value):
                after.append(value[int(name)])
            elif kind == "key" and isinstance(value, dict) and name in value:
                after.append(value[name])
            elif kind == "any":
                after += [one[name] for one in inside(value) if isinstance(one, dict) and name in one]
        found = after[:_MOST]
    return [value for value in found if value not in (None, "", [], {})]


def anywhere(blocks: list[Any], path: str) -> list[Any]:
    """What a JSON path finds from the root of one of `blocks`, else from the first object that has it."""
    for data in blocks:
        if found := values(data, path):
            return found
    for data in blocks:
        for one in inside(data):
            if isinstance(one, dict) and (found := values(one, path)):
                return found
    return []


def matched(text: str, expression: str) -> str:
    """What a regular expression finds in `text`; "" where it finds nothing."""
    match = re.search(expression.removeprefix(REGEX), text)
    if not match:
        return ""
    return (match[1] or "") if match.re.groups else match[0]


def check(config: Source) -> None:
    """Raise UsageError that names each expression which is none, and what it may be."""
    if wrong := [f"source.{key}: {what}" for key, what in mistakes(config)]:
        raise UsageError("\n".join(wrong))
