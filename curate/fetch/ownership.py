"""What a folder holds already, so that neither a fetch nor an import deletes it unasked."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from curate.core import manifest
from curate.core.errors import StateError
from curate.core.schemas import FetchRow
from curate.fetch.journal import JOURNAL, read_header
from curate.photos import store


def makers(folder: Path) -> set[str]:
    """What put the photos into `folder`, `fetch` or `import`, as far as journal, sidecar and rows tell."""
    named = manifest.fetch_rows(folder)
    if not (named or store.paths(folder)):
        return set()
    found = {"fetch" if row.page_url else "import" for row in named}
    if (header := read_header(folder / JOURNAL)) is not None:
        found.add("import" if header.get("pages", "").split()[1:2] == ["import"] else "fetch")
    with suppress(StateError):
        imported = manifest.read_sidecar(folder, "fetch")["notes"].get("imported")
        found.add("import" if imported else "fetch")
    return found


def rows(folder: Path) -> tuple[list[FetchRow], str]:
    """Rows of the manifest that is there, by whatever recipe and version, and its sha256 if it can be trusted."""
    try:
        return manifest.read(folder, FetchRow), str(manifest.read_sidecar(folder, "fetch")["sha256"])
    except StateError:
        return manifest.fetch_rows(folder), ""


def photos(folder: Path) -> dict[str, set[str]]:
    """Path of each photo that the manifest keeps, with the names that its rows have for it.

    Where the manifest is damaged or gone, also of the other stored ones, without a name: any may be one that it
    kept, unless a journal stands in place of any manifest: its run stored photos before it had one.
    """
    found: dict[str, set[str]] = {}
    named, trusted = rows(folder)
    for row in named:
        if row.keep:
            found.setdefault(row.path, set()).add(row.image_url)
    if not trusted:
        published = any(path(folder, "fetch").exists() for path in (manifest.csv_path, manifest.sidecar_path))
        if published or not (folder / JOURNAL).exists():
            found |= {path: set() for path in store.paths(folder) - found.keys()}
    return found


def given_up(folder: Path, before: Mapping[str, set[str]], kept: Collection[str]) -> list[str]:
    """Paths of the photos `before` that are still whole and not among the `kept`, sorted."""
    return sorted(path for path in before.keys() - set(kept) if store.is_whole(folder, path))
