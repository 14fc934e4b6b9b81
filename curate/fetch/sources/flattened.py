"""Data in the forms of frameworks: lists of numbered parts, values behind the number of their kind."""

import re
from typing import Any

from curate.fetch.sources import javascript

_NUMBERED = re.compile(r"_\d{1,7}")


def island(data: Any, depth: int = 0) -> Any:
    """Plain values of Astro's props, where each value stands behind the number of its kind: [0, "Swift"]."""
    if not (isinstance(data, dict) and data and depth < 40):
        return data
    if not all(
        isinstance(v, list) and len(v) in (1, 2) and v and isinstance(v[0], int) and v[0] < 12
        for v in data.values()
    ):
        return data

    def plain(pair: Any, deep: int) -> Any:
        if not (isinstance(pair, list) and len(pair) == 2 and deep < 40):
            return None
        kind, value = pair
        if kind == 1 and isinstance(value, list):
            return [plain(item, deep + 1) for item in value]
        if isinstance(value, dict):
            return {key: plain(item, deep + 1) for key, item in value.items()}
        return value

    return {key: plain(value, depth) for key, value in data.items()}


def unflattened(data: Any) -> Any:
    """The value of a list in which objects name their parts by number.

    Nuxt and SvelteKit write it so (devalue); React Router also numbers the keys (turbo-stream): {"_1": 2}.
    """
    if isinstance(data, dict):
        inner = data.get("data")
        if isinstance(inner, list) and set(data) <= {"data", "encoding", "type"}:
            return unflattened(inner)
        return data
    if not (isinstance(data, list) and len(data) > 3):
        return data
    first = data[0]
    inside = list(first.values()) if isinstance(first, dict) else first if isinstance(first, list) else None
    numbers = [n for n in inside or [] if isinstance(n, int) and not isinstance(n, bool)]
    marker = isinstance(first, list) and first[:1] in (["Reactive"], ["ShallowReactive"])
    if not inside or not (marker or len(numbers) == len(inside)) or not all(-8 <= n < len(data) for n in numbers):
        return data
    made: dict[int, Any] = {}

    def value(index: Any, depth: int) -> Any:
        if (
            not isinstance(index, int)
            or isinstance(index, bool)
            or not 0 <= index < len(data)
            or depth > javascript.MAX_DEPTH
        ):
            return None
        if index in made:
            return made[index]
        raw = data[index]
        if isinstance(raw, dict):
            made[index] = out = {}
            for key, at in raw.items():
                name = str(value(int(key[1:]), depth + 1)) if _NUMBERED.fullmatch(key) else key
                out[name] = value(at, depth + 1)
            return out
        if isinstance(raw, list):
            if raw and isinstance(raw[0], str):  # ["Reactive", 1], ["Date", "…"], ["Set", 1, 2], ["Map", 1, 2]
                if raw[0] in ("Date", "D"):
                    return raw[1] if len(raw) > 1 else None
                rest = [value(at, depth + 1) for at in raw[1:]]
                made[index] = rest[0] if len(rest) == 1 else rest
                return made[index]
            items: list[Any] = []
            made[index] = items
            items.extend(value(at, depth + 1) for at in raw)
            return items
        made[index] = raw
        return raw

    return value(0, 0)
