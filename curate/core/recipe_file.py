"""Read a recipe from YAML, naming file, line and key of every mistake."""

import difflib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic import ValidationError

from curate.core.errors import Run, To, UsageError
from curate.core.recipe import Recipe, Section

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CONCEPTS = (  # the least that tells photos of a car from others, for people to copy into their recipe
    "clean: {scorer: imagenet, concepts: [{name: car, keep: true, imagenet: [beach wagon, cab, convertible, "
    "grille, jeep, limousine, minibus, minivan, Model T, moving van, pickup, police van, racer, sports car]}, "
    "{name: not_car, imagenet: ['*']}]}"
)


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


def _duplicate_keys(node: yaml.Node | None, above: str = "") -> Iterator[tuple[int, str]]:
    """The line of each key that its mapping has twice, and the key with those above it."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, f"{above}{key.value}"
            seen.add(key.value)
            yield from _duplicate_keys(value, f"{above}{key.value}.")
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _duplicate_keys(item, f"{above}{number}.")


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
    """Read a recipe. Raises UsageError with one line per mistake, all of them: file, line, key, what is wrong.

    It is a mistake too when what one of `stages` needs is absent; others may do without it.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
        problems = [(line, f"{key}: this key is there twice") for line, key in _duplicate_keys(node)]
    except RecursionError as error:
        raise UsageError(f"{name}: nested too deeply, or an alias (*) stands inside what it names") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise UsageError(f"{where}: not valid YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{name}:1: a recipe is a mapping with at least `name` and `classes`")
    recipe = None
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        problems += [_told(problem, node) for problem in error.errors()]
    problems += [(_line_of(node, tuple(key.split("."))), f"{key}: {needs}") for key, needs in _lacks(data, stages)]
    if problems or recipe is None:
        bring = [To("use photos that you have", Run("import", ("PATH",)))] if _no_source(data, stages) else []
        raise UsageError("\n".join(f"{name}:{line}: {text}" for line, text in sorted(problems)), *bring)
    return recipe


def _told(problem: "ErrorDetails", node: yaml.Node | None) -> tuple[int, str]:
    """The line of a mistake, and its key with what is wrong."""
    location = tuple(step for step in problem["loc"] if step != "[key]")
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = _unknown_key(location)
    key = ".".join(str(step) for step in location)
    deeper, _, rest = message.partition(" ")
    if deeper.startswith(f"{key}."):  # about two sections: the message begins with the key that is wrong
        key, message, location = deeper, rest, tuple(deeper.split("."))
    return _line_of(node, location), f"{key}: {message}"


def _lacks(data: dict[str, Any], stages: Collection[str]) -> Iterator[tuple[str, str]]:
    """The keys that one of `stages` needs and `data` lacks, with what to do."""
    clean = data.get("clean") or {}
    if "clean" in stages and isinstance(clean, dict) and not clean.get("concepts"):
        yield "clean.concepts", f"is empty, and clean needs it: say what photos may show, e.g. `{CONCEPTS}`"
    if _no_source(data, stages):
        yield "source", "is absent, so nothing can be fetched"


def _no_source(data: dict[str, Any], stages: Collection[str]) -> bool:
    return "fetch" in stages and data.get("source") is None


def load(path: Path, stages: Collection[str] = ()) -> Recipe:
    """Read the recipe at `path` for `stages`, as `parse` does. Raises UsageError."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path), stages)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a recipe with --recipe FILE") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text") from error
