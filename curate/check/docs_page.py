"""What people read of the API: a page made from the OpenAPI document. It has no script and asks no other host."""

import json
from typing import Any

from curate.core import templates

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(document: dict[str, Any], address: str) -> str:
    """The page of an OpenAPI document, whose service answers at `address`."""
    environment = templates.of("curate.check")
    environment.filters |= {"kind": kind, "pretty": pretty}
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return environment.get_template("docs.html.j2").render(
        info=document["info"],
        operations=operations,
        components=document["components"],
        address=address.rstrip("/"),
    )


def pretty(fields: dict[str, Any]) -> str:
    """A JSON object with a line for each field."""
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()
    )
    return f"{{\n{lines}\n}}"


def kind(schema: dict[str, Any]) -> str:
    """A schema in a few words: `text`, `file`, `list of files`, `ok, flag or unsure`."""
    if "anyOf" in schema:
        return " or ".join(map(kind, schema["anyOf"]))
    if "enum" in schema:
        *first, last = schema["enum"]
        return f"{', '.join(first)} or {last}" if first else str(last)
    if "$ref" in schema:
        return "object"
    if schema.get("type") == "array":
        inner = schema.get("items", {})
        return f"list of {kind(inner)}s" if "type" in inner and "prefixItems" not in inner else "list of pairs"
    if schema.get("type") == "object":
        return (
            f"{kind(schema['additionalProperties'])} by name" if schema.get("additionalProperties") else "object"
        )
    if schema.get("format") == "binary":
        return "file"
    return {"string": "text", "boolean": "true or false"}.get(schema.get("type", ""), str(schema.get("type", "")))
