"""Expressions of a recipe that name a value in a page: a CSS selector, a JSON path or a regular expression.

`.price`, `a.title@href`        the text of the first match, or an attribute of it; `::attr(href)` and `::text` too
`json:offer.price.amount`       a path into JSON: `.name`, `[0]`, `[*]`, `..name` at any depth, `['odd name']`
`re:Price: ([\\d.]+)`           the first group, or all of the match where there is none
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import soupsieve

from curate.core.errors import UsageError
from curate.core.recipe import Selectors, Source

JSON, REGEX = "json:", "re:"
_SCRAPY = re.compile(r"::attr\(\s*['\"]?([\w:-]+)['\"]?\s*\)\s*$")
_STEP = re.compile(r"(\.\.)?\.?([\w$@-]+|\*)|\[(\d+|\*)\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")
_MOST = 10_000  # values that one path finds

Step = tuple[str, str | int]  # ("key", name), ("any", name) at any depth, ("at", number), ("all", "")


def css_and_attribute(expression: str) -> tuple[str, str]:
    """The CSS selector, and the attribute to read in place of the text; "" where none is named."""
    if match := _SCRAPY.search(expression):
        return expression[: match.start()].strip(), match[1]
    expression = expression.removesuffix("::text")
    if "@" not in expression.rsplit("]", 1)[-1]:
        return expression.strip(), ""
    css, _, attribute = expression.rpartition("@")
    return css.strip(), attribute.strip()


def is_css(expression: str) -> bool:
    """Is it neither a JSON path nor a regular expression?"""
    return bool(expression) and not expression.startswith((JSON, REGEX))


@lru_cache(maxsize=256)
def steps(path: str) -> tuple[Step, ...]:
    """A JSON path taken apart. Raises ValueError."""
    text = path.removeprefix(JSON).strip().removeprefix("$")
    found: list[Step] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if not match or match.end() == position:
            raise ValueError(f"not a JSON path at {text[position:][:20]!r}")
        deep, name, number, single, double = match.groups()
        quoted = single if single is not None else double
        if number is not None:
            found.append(("all", "") if number == "*" else ("at", int(number)))
        elif name == "*":
            found.append(("all", ""))
        else:
            found.append(("any" if deep else "key", name if name is not None else quoted))
        position = match.end()
    if not found and text:
        raise ValueError("not a JSON path")
    return tuple(found)


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


def as_paths(named: Selectors) -> Selectors:
    """The expressions of an API: all of them JSON paths, with or without `json:`; a template of a link stays."""
    paths = {name: text if not is_css(text) or "{" in text else f"{JSON}{text}" for name, text in named}
    return named.model_copy(update=paths)


def check(config: Source) -> None:
    """Raise UsageError that names the expression which is none, and what it may be."""
    selectors = as_paths(config.selectors) if config.adapter == "json_api" else config.selectors
    named = {f"selectors.{name}": value for name, value in selectors if "{listing_id}" not in value}
    named |= {"pagination.next_selector": config.pagination.next_selector}
    named |= {"pagination.cursor": config.pagination.cursor}
    for name, expression in named.items():
        try:
            if expression.startswith(JSON):
                steps(expression)
            elif expression.startswith(REGEX):
                re.compile(expression.removeprefix(REGEX))
            elif expression.startswith(("/", "./", "(/", "xpath:")):
                raise UsageError(f"source.{name}: {expression!r} is XPath; write CSS, e.g. a.title@href")
            elif css := css_and_attribute(expression)[0]:
                soupsieve.compile(css)
        except soupsieve.SelectorSyntaxError as error:
            reason = str(error).splitlines()[0]
            raise UsageError(f"source.{name}: {expression!r} is not a CSS selector: {reason}") from error
        except ValueError as error:
            raise UsageError(f"source.{name}: {expression!r}: {error}") from error
        except re.error as error:
            raise UsageError(f"source.{name}: {expression!r} is not a regular expression: {error}") from error
