"""The pages of docs/reference, made from the code: commands, recipe, columns, exit codes, modules.

    python -m tests.reference_docs      write them; a test fails when they are stale

Fields and columns are read from the source, so that the comment behind each is its description.
"""

import ast
import inspect
import io
import tokenize
from collections.abc import Collection, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import typer

import curate
from curate.cli.app import app
from curate.core import recipe, schemas
from curate.core.errors import EXIT_CODES
from curate.core.stages import STAGES

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
NOTE = "<!-- Made by `python -m tests.reference_docs`: edit the code, not this page. -->\n"


def cell(text: str) -> str:
    """Text as the cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def comments(source: str) -> dict[int, str]:
    """Comment behind each line of code, by line number; a comment alone on the next lines goes on with it."""
    found = {
        token.start[0]: token.string.removeprefix("#").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    lines = source.splitlines()
    for number in sorted(found, reverse=True):
        if lines[number - 1].lstrip().startswith("#") and number - 1 in found:
            found[number - 1] += " " + found.pop(number)
    return found


def classes(module: ModuleType) -> Iterator[tuple[ast.ClassDef, list[tuple[ast.AnnAssign, str]]]]:
    """Each class of a module, with its annotated fields and the comment behind each."""
    source = inspect.getsource(module)
    behind = comments(source)
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
            yield node, [(item, behind.get(item.end_lineno or 0, "")) for item in fields]


# --- commands -----------------------------------------------------------------------------------------------


def option_rows(command: Any, shared: Collection[str] = ()) -> Iterator[str]:
    """One table row per argument and option; those named in `shared` are told once, for all commands."""
    context = typer.Context(command)
    for parameter in command.params:
        if not getattr(parameter, "hidden", False) and not {"--help", *shared}.intersection(parameter.opts):
            name, text = parameter.get_help_record(context) or (parameter.human_readable_name, "")
            yield f"| `{cell(name)}` | {cell(text)} |"


def commands_page() -> str:
    """docs/reference/commands.md."""
    group: Any = typer.main.get_command(app)  # of typer's own click, which has no public name
    context = typer.Context(group, info_name="curate")
    lines = [NOTE, "# Commands", "", inspect.cleandoc(group.help or ""), ""]
    lines += ["| option of every command | |", "|---|---|", *option_rows(group), ""]
    lines += ["`--recipe` and those below it may stand before or after the command.", ""]
    shared = [option for parameter in group.params for option in parameter.opts]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command.hidden:
            continue
        usage = " ".join(command.collect_usage_pieces(typer.Context(command, info_name=name)))
        lines += [
            f"## `curate {name}`",
            "",
            f"`curate {name} {usage}`",
            "",
            inspect.cleandoc(command.help or ""),
            "",
        ]
        if rows := list(option_rows(command, shared)):
            lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


# --- recipe -------------------------------------------------------------------------------------------------


PLAIN = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "None": "nothing",
    "Fraction": "0 to 1",
    "ClassName": "class name",
    "Any": "any value",
}


def in_plain_words(kind: ast.expr) -> str:
    """A Python annotation as a person reads it: `tuple[str, ...]` is `list of text`."""
    if isinstance(kind, ast.BinOp) and ast.unparse(kind.right) == "None":
        return in_plain_words(kind.left)
    if isinstance(kind, ast.BinOp):
        return f"{in_plain_words(kind.left)} or {in_plain_words(kind.right)}"
    if isinstance(kind, ast.Subscript):
        outer, inner = ast.unparse(kind.value), kind.slice
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer == "Literal":
            return " or ".join(f"`{ast.literal_eval(part)}`" for part in parts)
        if outer == "dict":
            return f"{in_plain_words(parts[0])}: {in_plain_words(parts[1])}"
        if outer == "Annotated":
            return in_plain_words(parts[0])
        return f"list of {in_plain_words(parts[0])}"
    name = ast.unparse(kind)
    if name in {section.__name__ for section in recipe.Section.__subclasses__()}:
        return "see below"
    return PLAIN.get(name, "text")


def default_of(field: ast.AnnAssign) -> str:
    """The default of a field as it is written in a recipe; `required` where there is none."""
    value = field.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Field":
        if any(word.arg == "default_factory" for word in value.keywords):  # an empty one
            return ""
        value = value.args[0] if value.args else None
    if value is None:
        return "required"
    if isinstance(value, ast.Call):  # another section
        return ""
    if isinstance(value, ast.BinOp) and ast.unparse(value).endswith(" * 1024 ** 2"):
        return f"{ast.unparse(value).partition(' ')[0]} MiB"
    try:
        found = ast.literal_eval(value)
    except ValueError:
        return f"`{ast.unparse(value)}`"
    if found is None or found in ("", (), {}):
        return ""
    shown = str(found).lower() if isinstance(found, bool) else list(found) if isinstance(found, tuple) else found
    return f"`{shown}`"


def paths(
    by_name: dict[str, list[tuple[ast.AnnAssign, str]]], section: str, path: str = ""
) -> Iterator[tuple[str, str]]:
    """Each section's class with the keys that lead to it, the recipe itself first."""
    yield section, path
    for field, _ in by_name[section]:
        assert isinstance(field.target, ast.Name)
        for node in ast.walk(field.annotation):
            if isinstance(node, ast.Name) and node.id in by_name:
                yield from paths(by_name, node.id, f"{path}.{field.target.id}".lstrip("."))


def recipe_page() -> str:
    """docs/reference/recipe.md."""
    modules = {inspect.getmodule(section) for section in [recipe.Recipe, *recipe.Section.__subclasses__()]}
    found = {
        node.name: (node, fields)
        for module in modules
        if module is not None and module.__name__.startswith("curate.")
        for node, fields in classes(module)
        if fields
    }
    lines = [NOTE, "# Recipe", "", inspect.cleandoc(recipe.__doc__ or ""), ""]
    lines += ["A key without a default may be left out, except where it says *required*.", ""]
    for name, path in paths({name: fields for name, (_, fields) in found.items()}, "Recipe"):
        node, fields = found[name]
        lines += [f"## `{path}`" if path else "## The recipe", "", ast.get_docstring(node) or "", ""]
        lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
        for field, comment in fields:
            assert isinstance(field.target, ast.Name)
            if field.target.id != "class_names":  # handed down from `classes`
                anchor = f"{path}{field.target.id}".replace(".", "")
                kind = cell(in_plain_words(field.annotation)).replace("see below", f"[see below](#{anchor})")
                default = cell(default_of(field))
                lines.append(f"| `{field.target.id}` | {kind} | {default} | {cell(comment)} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


# --- columns and exit codes ---------------------------------------------------------------------------------


def columns_page() -> str:
    """docs/reference/columns.md."""
    lines = [NOTE, "# Columns and reasons", "", *inspect.cleandoc(schemas.__doc__ or "").splitlines()[1:], ""]
    by_name = {node.name: (node, fields) for node, fields in classes(schemas)}
    for stage, declared in STAGES.items():
        node, fields = by_name[declared.row_type.__name__]
        reads = ", ".join(f"`{name if '.' in name else name + '.csv'}`" for name in declared.inputs)
        lines += [f"## `{stage}.csv`", "", ast.get_docstring(node) or "", ""]
        lines += [f"Version {declared.version} of its results." + (f" Made from {reads}." if reads else ""), ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        for field, comment in fields:
            assert isinstance(field.target, ast.Name)
            if "ClassVar" not in ast.unparse(field.annotation):
                kind = cell(ast.unparse(field.annotation))
                lines.append(f"| `{field.target.id}` | `{kind}` | {cell(comment)} |")
        lines.append("")
        if reasons := schemas.REASONS.get(stage):
            lines += ["| reason | meaning |", "|---|---|"]
            lines += [f"| `{reason}` | {cell(text)} |" for reason, text in reasons.items()] + [""]
    lines += ["## Words of `confirmed_by`", "", "| word | meaning |", "|---|---|"]
    lines += [f"| `{word}` | {cell(text)} |" for word, text in schemas.PROOFS.items()]
    return "\n".join(lines).rstrip() + "\n"


def exit_codes_page() -> str:
    """docs/reference/exit-codes.md."""
    lines = [NOTE, "# Exit codes", "", "| code | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| {code} | {cell(text)} |" for code, text in EXIT_CODES.items())]) + "\n"


# --- modules ------------------------------------------------------------------------------------------------


def first_paragraph(path: Path) -> str:
    """The first paragraph of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]


def modules_page() -> str:
    """docs/reference/modules.md."""
    package = Path(curate.__file__).parent
    lines = [NOTE, "# Modules", "", "Which module does what, room by room. `curate/ARCHITECTURE.md` says why.", ""]
    for room in sorted(path.parent for path in package.rglob("__init__.py")):
        place = room.relative_to(package).as_posix()
        lines += [f"## {'curate' if room == package else place}", "", first_paragraph(room / "__init__.py"), ""]
        modules = [path for path in sorted(room.glob("*.py")) if not path.stem.startswith("__")]
        rows = [f"| `{path.stem}` | {cell(first_paragraph(path))} |" for path in modules]
        lines += ["| module | |", "|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


PAGES = {
    "modules.md": modules_page,
    "commands.md": commands_page,
    "recipe.md": recipe_page,
    "columns.md": columns_page,
    "exit-codes.md": exit_codes_page,
}


def main() -> None:
    """Write all pages."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
