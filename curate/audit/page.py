"""One self-contained HTML page: sentences, plots, tables, photos. No script, nothing from elsewhere."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.core import templates
from curate.core.errors import RejectedError
from curate.core.files import atomic_write
from curate.photos import decode

SIDE = 220  # pixels, the longer side of a photo on the page


@dataclass(frozen=True, slots=True)
class Plot:
    """A PNG."""

    data: bytes
    alt: str

    @property
    def source(self) -> str:
        """As a data: URI."""
        return f"data:image/png;base64,{base64.b64encode(self.data).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Table:
    """A heading and rows of cells."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Photos side by side, and the lines below."""

    files: Sequence[Path]
    lines: Sequence[str]

    @property
    def sources(self) -> list[str]:
        """Each photo as a data: URI; empty where it cannot be shown."""
        return [_thumbnail(file) for file in self.files]


@dataclass(frozen=True, slots=True)
class Gallery:
    """A heading and what is shown below; without photos, nothing is."""

    title: str
    shown: Sequence[SideBySide]


def _thumbnail(file: Path) -> str:
    try:
        small = decode.encode_thumbnail(decode.decode(decode.read_file(file), at_least=SIDE), SIDE)
    except RejectedError:
        return ""
    return f"data:image/webp;base64,{base64.b64encode(small).decode('ascii')}"


def write(
    path: Path,
    title: str,
    sentences: Sequence[str],
    plots: Sequence[Plot] = (),
    tables: Sequence[Table] = (),
    galleries: Sequence[Gallery] = (),
) -> None:
    """Write the page. Raises ResourceError when the disk refuses."""
    text = (
        templates.of("curate.audit")
        .get_template("page.html.j2")
        .render(title=title, sentences=sentences, plots=plots, tables=tables, galleries=galleries)
    )
    atomic_write(path, text.encode("utf-8", "replace"))
