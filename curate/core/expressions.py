"""Expressions of a recipe that name a value in a page: a CSS selector, a JSON path or a regular expression.

`.price`, `a.title@href`        the text of the first match, or an attribute of it; `::attr(href)` and `::text` too
`json:offer.price.amount`       a path into JSON: `.name`, `[0]`, `[*]`, `..name` at any depth, `['odd name']`
`re:Price: ([\\d.]+)`           the first group, or all of the match where there is none
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from curate.core.recipe_source import Selectors, Source

JSON, REGEX = "json:", "re:"
_SCRAPY = re.compile(r"::attr\(\s*['\"]?([\w:-]+)['\"]?\s*\)\s*$")
_STEP = re.compile(r"(\.\.)?\.?([\w$@-]+|\*)|\[(\d+|\*)\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")
_XPATH = ("/", "./", "(/", "xpath:")

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


def as_paths(named: Selectors) -> Selectors:
    """The expressions of an API: all of them JSON paths, with or without `json:`; a template of a link stays."""
    paths = {name: text if not is_css(text) or "{" in text else f"{JSON}{text}" for name, text in named}
    return named.model_copy(update=paths)


def mistakes(source: Source) -> Iterator[tuple[str, str]]:
    """The key of each expression that is none, as `selectors.price`, and what is wrong with it."""
    if source.adapter == "selectors" and not any(text for _, text in source.selectors):
        yield "adapter", "selectors reads only what source.selectors names, and that is empty"
    is_api = source.adapter == "json_api"
    selectors = as_paths(source.selectors) if is_api else source.selectors
    named = {f"selectors.{name}": text for name, text in selectors if "{listing_id}" not in text}
    named["pagination.next_selector"] = source.pagination.next_selector
    cursor = source.pagination.cursor
    named["pagination.cursor"] = f"{JSON}{cursor}" if is_api and is_css(cursor) else cursor
    for key, expression in named.items():
        if why := _mistake(expression):
            yield key, f"{expression!r} {why}"


def _mistake(expression: str) -> str:
    if expression.startswith(JSON):
        try:
            steps(expression)
        except ValueError as error:
            return f"is {error}"
    elif expression.startswith(REGEX):
        try:
            re.compile(expression.removeprefix(REGEX))
        except re.error as error:
            return f"is not a regular expression: {error}"
    elif expression.startswith(_XPATH):
        return "is XPath; write CSS, e.g. a.title@href"
    elif css := css_and_attribute(expression)[0]:
        import soupsieve

        try:
            soupsieve.compile(css)
        except soupsieve.SelectorSyntaxError as error:
            return f"is not a CSS selector: {str(error).splitlines()[0]}"
    return ""
