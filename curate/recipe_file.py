"""Read a recipe from YAML, naming file, line and key of every mistake."""

import difflib
from collections.abc import Collection
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from curate.errors import UsageError
from curate.recipe import Recipe, Section


def _line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """1-based line of the deepest key of `location` that the YAML has."""
    line = 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    line, node = key.start_mark.line + 1, value
                    break
            else:
                return line
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _duplicate_key(node: yaml.Node | None) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                return key  # type: ignore[no-any-return]
            seen.add(key.value)
            if found := _duplicate_key(value):
                return found
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if found := _duplicate_key(item):
                return found
    return None


def _section_in(annotation: Any) -> type[Section] | None:
    """The kind of section that a field holds, alone or among other types."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)


def _unknown_key(location: tuple[int | str, ...]) -> str:
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


def parse(text: str, name: str, stages: Collection[str] = ()) -> Recipe:
    """Read a recipe. Raises UsageError with one line per mistake: file, line, key, what is wrong.

    It is a mistake too when what one of `stages` needs is absent; others may do without it.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise UsageError(f"{where}: not valid YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{name}:1: a recipe is a mapping with at least `name` and `classes`")
    if twice := _duplicate_key(node):
        raise UsageError(f"{name}:{twice.start_mark.line + 1}: {twice.value}: this key is there twice")
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            location = tuple(step for step in problem["loc"] if step != "[key]")
            message = problem["msg"].removeprefix("Value error, ")
            if problem["type"] == "extra_forbidden":
                message = _unknown_key(location)
            key = ".".join(str(step) for step in location)
            if not key:  # about two sections: the message begins with the key that is wrong
                key, _, message = message.partition(" ")
                location = tuple(key.split("."))
            lines.append(f"{name}:{_line_of(node, location)}: {key}: {message}")
        raise UsageError("\n".join(lines)) from error
    if "clean" in stages and not recipe.clean.concepts:
        raise UsageError(
            f"{name}:{_line_of(node, ('clean', 'concepts'))}: clean.concepts: is empty, and clean needs it: "
            "name what photos may show, as pipelines/swift_wagonr.yaml does"
        )
    return recipe


def load(path: Path, stages: Collection[str] = ()) -> Recipe:
    """Read the recipe at `path` for `stages`, as `parse` does. Raises UsageError."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path), stages)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a recipe with --recipe FILE") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text") from error
