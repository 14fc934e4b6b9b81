"""Templates of the pages that curate writes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def of(package: str) -> "Environment":
    """The templates of a room such as "curate.report": all is escaped, a value that is not given is an error."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
