"""What a folder holds already, so that neither a fetch nor an import deletes it unasked."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from curate import manifest, stored
from curate.errors import StateError
from curate.fetching import downloads
from curate.fetching.journal import read_header
from curate.schemas import FetchRow


def makers(folder: Path) -> set[str]:
    """What put the photos into `folder`, `fetch` or `import`, as far as journal, sidecar and rows tell."""
    found: set[str] = set()
    if not (downloads.stored(folder) or manifest.fetch_rows(folder)):
        return found
    if (header := read_header(folder / "fetch.journal")) is not None:
        found.add("import" if header.get("pages", "").split()[1:2] == ["import"] else "fetch")
    with suppress(StateError):
        imported = manifest.read_sidecar(folder, "fetch")["notes"].get("imported")
        found.add("import" if imported else "fetch")
    return found | {"fetch" if row.page_url else "import" for row in manifest.fetch_rows(folder)}


def photos(folder: Path) -> dict[str, set[str]]:
    """Path of each photo that the manifest keeps, with the names that its rows have for it.

    Where the manifest is damaged or gone, also of the other stored ones, without a name: any may be one that it
    kept, unless a journal stands in place of any manifest: its run stored photos before it had one.
    """
    found: dict[str, set[str]] = {}
    for row in manifest.fetch_rows(folder):
        if row.keep:
            found.setdefault(row.path, set()).add(row.image_url)
    try:
        manifest.read(folder, FetchRow)
    except StateError:
        published = any(path(folder, "fetch").exists() for path in (manifest.csv_path, manifest.sidecar_path))
        if published or not (folder / "fetch.journal").exists():
            found |= {path: set() for path in downloads.stored(folder) - found.keys()}
    return found


def given_up(folder: Path, before: Mapping[str, set[str]], kept: Collection[str]) -> list[str]:
    """Paths of the photos `before` that are still whole and not among the `kept`, sorted."""
    return sorted(path for path in before.keys() - set(kept) if stored.is_whole(folder, path))
