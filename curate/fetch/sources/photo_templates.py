"""Templates of photo addresses, with a place for the size: ``…/{width}x{height}/7.jpg``."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from curate.fetch.sources import photo_sizes

_PLACEHOLDER = re.compile(
    r"(?:\{\{?@?|%7B@?|\$\{|%|\[)(?:size|sizes|width|height|w|h|resize|dimensions?|format|ext|quality|q|dpr|WIDTH|HEIGHT|0|1|2|"
    r"imageSize|image_size|thumb(?:nail)?|preset|type|variant|ratio|scale|mode)(?:\}\}?|%7D|%|\])|(?<=\$_)#"
)
_STEP = re.compile(r"X{0,5}[SL]|M")


def filled(template: str, examples: Iterable[str] = (), step: str = "", width: str = "") -> str:
    """A template such as ``…/{width}x{height}/7.jpg``, its size put in: `width` where the page names it,
    one that the page uses itself, else a large one. `step` is the number that the page's own table of sizes has
    for the largest. Returns the template where nothing in it is a size."""
    if not re.search(r"[{%$#]|\bsize\b", template):
        return template
    parts = _PLACEHOLDER.split(template)
    if len(parts) == 2 and len(parts[0]) > 12 and parts[1][:1] == "/":  # the size stands before the photo's name
        start = parts[0].partition("//")[2]
        seen = [url.partition("//")[2][len(start) :].partition("/")[0] for url in examples if start in url]
        if seen:
            return parts[0] + max(seen, key=lambda size: photo_sizes.pixels(f"x://x/{size}")) + parts[1]
    if len(parts) > 1:
        pattern = re.compile(r"[^/?&]{1,40}?".join(re.escape(part.lstrip("htps:")) for part in parts) + "$")
        seen = [url for url in examples if pattern.search(url)]
        if seen:
            return max(seen, key=photo_sizes.pixels)
    return _PLACEHOLDER.sub(lambda match: _size(match, step, width), template)


def _size(match: re.Match[str], step: str, width: str) -> str:
    if step and match[0] == "#":
        return step
    return width if width and "w" in match[0] else _large(match)


def largest_step(table: Mapping[str, Any]) -> str:
    """The number that a table of sizes, {"XS": "14", "XXL": "85"}, has for the largest; empty where it is none."""
    steps = {str(key): str(value) for key, value in table.items()}
    if len(steps) < 3 or not all(_STEP.fullmatch(key) and re.fullmatch(r"\d{1,3}", steps[key]) for key in steps):
        return ""
    return steps[max(steps, key=lambda key: key.count("L") or -key.count("S"))]


def _large(match: re.Match[str]) -> str:
    name = re.sub(r"[^\w#]|7[BD]", "", match[0]).lower()
    sizes = {
        "width": "1024", "w": "1024", "0": "1024", "height": "768", "h": "768", "1": "768", "2": "80",
        "resize": "w1024",
        "quality": "90", "q": "90", "dpr": "1", "format": "jpg", "ext": "jpg", "#": "57", "scale": "1",
        "mode": "fit",
        "type": "large", "variant": "large", "preset": "large", "thumb": "large", "thumbnail": "large",
    }  # fmt: skip
    return sizes.get(name, "1024x768")
