"""What is wrong with a value of the recipe, in words: nothing of the validator's own language reaches a person."""

import difflib
import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from curate.core.recipe import Recipe
from curate.core.section import Section

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_BELONGS = {  # kind of mistake to what would be right; {…} is of the mistake's context
    "bool_parsing": "is not true or false",
    "bool_type": "is not true or false",
    "finite_number": "is not a finite number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "greater_than": "is too small: it must be more than {gt:g}",
    "greater_than_equal": "is too small: it must be {ge:g} or more",
    "int_from_float": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_parsing_size": "is too large",
    "int_type": "is not a whole number",
    "less_than": "is too large: it must be less than {lt:g}",
    "less_than_equal": "is too large: it must be {le:g} or less",
    "string_too_short": "is empty",
}


def in_words(problem: "ErrorDetails", written: str = "") -> str:
    """What is wrong, without the key. `written` is the value as the YAML has it, where it is a plain one."""
    kind, value, context = problem["type"], problem["input"], problem.get("ctx", {})
    shown = written if written and not isinstance(value, str) else _shown(value)
    if kind == "value_error":
        return problem["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return "is absent, and there is no default"
    if kind == "string_type" and isinstance(value, bool):
        return f"{shown} is {_shown(value)} to YAML: write '{shown}'"
    if kind == "string_type" and isinstance(value, int | float | date):
        return f"{shown} is a {'date' if isinstance(value, date) else 'number'} to YAML: write '{shown}'"
    if kind == "string_type":
        return "has no value" if value is None else f"{shown} is not text"
    if kind in ("tuple_type", "list_type"):
        return _list_belongs_here(value, shown)
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return f"{shown} does not belong here, but keys with values, one a line below it"
    if kind == "literal_error":
        return f"{shown} is not one of {context['expected'].replace(' or ', ', ')}"
    if kind == "string_pattern_mismatch":
        example = re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_") or "cars"
        return f"{shown} is no name: write letters, digits and _, starting with a letter, e.g. {example}"
    return f"{shown} {_BELONGS.get(kind, 'does not belong here').format(**context)}"


def _list_belongs_here(value: Any, shown: str) -> str:
    if value is None:
        return "has no value, and a list belongs here"
    if isinstance(value, Mapping):
        return "has keys, and a list belongs here"
    item = str(value) if re.fullmatch(r"[\w -]+", str(value)) else repr(value)
    return f"{shown} is no list: write [{item}]"


def _shown(value: Any) -> str:
    """A value as a recipe has it, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _section_in(annotation: Any) -> type[Section] | None:
    """The kind of section that a field holds, alone or among other types."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)


def unknown_key(location: tuple[int | str, ...]) -> str:
    """What to say of a key that no section has at this place: the one that was probably meant."""
    *path, key = location
    section: type[Section] = Recipe
    for step in path:
        if isinstance(step, str):
            section = _section_in(section.model_fields[step].annotation) or section
    if near := difflib.get_close_matches(str(key), section.model_fields, n=1):
        return f"unknown key; did you mean {near[0]}?"
    for name, field in Recipe.model_fields.items():
        other = _section_in(field.annotation)
        if other and (near := difflib.get_close_matches(str(key), other.model_fields, n=1)):
            return f"unknown key here; did you mean {name}.{near[0]}?"
    return f"unknown key; here may be {', '.join(section.model_fields)}"
