"""Read a recipe from YAML, naming file, line and key of every mistake."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from curate.core.errors import Run, To, UsageError
from curate.core.expressions import mistakes
from curate.core.recipe import Recipe, normalise_class
from curate.core.recipe_words import in_words, unknown_key

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def _find(node: yaml.Node | None, location: tuple[int | str, ...]) -> tuple[int, yaml.Node | None]:
    """1-based line of the deepest key of `location` that the YAML has, and what is there if it is the whole."""
    line = 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                return line, None
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line, None
    return line, node


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
        problems += [_mistake(problem, node) for problem in error.errors() if not _is_handed_down(problem, node)]
    if recipe is not None and recipe.source is not None:
        wrong = [(f"source.{key}", what) for key, what in mistakes(recipe.source)]
        problems += [(_find(node, tuple(key.split(".")))[0], f"{key}: {what}") for key, what in wrong]
    problems += [(_find(node, tuple(key.split(".")))[0], f"{key}: {needs}") for key, needs in _lacks(data, stages)]
    if problems or recipe is None:
        bring = [To("use photos that you have", Run("import", ("PATH",)))] if _no_source(data, stages) else []
        raise UsageError("\n".join(f"{name}:{line}: {text}" for line, text in sorted(problems)), *bring)
    return recipe


def _mistake(problem: "ErrorDetails", node: yaml.Node | None) -> tuple[int, str]:
    """The line of a mistake, and its key with what is wrong."""
    location = tuple(step for step in problem["loc"] if step != "[key]")
    _, there = _find(node, location)
    written = str(there.value) if isinstance(there, yaml.ScalarNode) else ""
    message = unknown_key(location) if problem["type"] == "extra_forbidden" else in_words(problem, written)
    key = ".".join(str(step) for step in location)
    deeper, _, rest = message.partition(" ")
    if deeper.startswith(f"{key}."):  # about two sections: the message begins with the key that is wrong
        key, message, location = deeper, rest, tuple(deeper.split("."))
    return _find(node, location)[0], f"{key}: {message}"


def _is_handed_down(problem: "ErrorDetails", node: yaml.Node | None) -> bool:
    """True for a mistake in `classes` that a section has with them: the recipe says it once."""
    return problem["loc"][1:2] == ("class_names",) and _find(node, problem["loc"][:2])[1] is None


def _lacks(data: dict[str, Any], stages: Collection[str]) -> Iterator[tuple[str, str]]:
    """The keys that one of `stages` needs and `data` lacks, with what to do."""
    if _no_source(data, stages):
        yield "source", "is absent, so nothing can be fetched"
    if "fetch" in stages and (absent := _classes_without_listings(data)):
        where = "name where each class's listings start, or take out of `classes` what is not to be fetched"
        yield "source.listings", f"has no address for {', '.join(absent)}: {where}"


def _no_source(data: dict[str, Any], stages: Collection[str]) -> bool:
    return "fetch" in stages and data.get("source") is None


def _classes_without_listings(data: dict[str, Any]) -> list[str]:
    """The classes that a source names no address for; none where the recipe is wrong in other ways."""
    source, classes = data.get("source"), data.get("classes")
    if isinstance(source, dict) and source.get("path"):
        return []
    listings = source.get("listings") if isinstance(source, dict) else None
    if not isinstance(listings, dict) or not isinstance(classes, list):
        return []
    with suppress(ValueError):
        listed = {normalise_class(name) for name, urls in listings.items() if isinstance(name, str) and urls}
        return [name for name in classes if isinstance(name, str) and normalise_class(name) not in listed]
    return []


def load(path: Path, stages: Collection[str] = ()) -> Recipe:
    """Read the recipe at `path` for `stages`, as `parse` does. Raises UsageError."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path), stages)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a recipe with --recipe FILE") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text") from error
