"""Read a recipe from YAML, naming file, line and key of every mistake."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from curate.errors import UsageError
from curate.recipe import Recipe


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


def parse(text: str, name: str) -> Recipe:
    """Read a recipe. Raises UsageError with one line per mistake: file, line, key, what is wrong."""
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
        return Recipe.model_validate(data)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            location = tuple(step for step in problem["loc"] if step != "[key]")
            message = problem["msg"].removeprefix("Value error, ")
            key = ".".join(str(step) for step in location)
            if not key:  # about two sections: the message begins with the key that is wrong
                key, _, message = message.partition(" ")
                location = tuple(key.split("."))
            lines.append(f"{name}:{_line_of(node, location)}: {key}: {message}")
        raise UsageError("\n".join(lines)) from error


def load(path: Path) -> Recipe:
    """Read the recipe at `path`. Raises UsageError."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a recipe with --recipe FILE") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text") from error
