"""kaggle: folders, and dataset-metadata.json within the lengths that the site takes."""

import json

from curate.core.errors import Edit, UsageError
from curate.export import folders
from curate.export.card import card
from curate.export.release import Contents, IndexRow, Release, slug

TITLE = (6, 50)  # letters, at least and at most
SLUG = (3, 50)
SUBTITLE = (20, 80)
LICENSES = {  # SPDX identifier to the site's own name
    "cc0-1.0": "CC0-1.0",
    "cc-by-sa-4.0": "CC-BY-SA-4.0",
    "cc-by-sa-3.0": "CC-BY-SA-3.0",
    "cc-by-4.0": "Attribution 4.0 International (CC BY 4.0)",
    "cc-by-nc-4.0": "Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)",
    "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0",
    "odbl-1.0": "ODbL-1.0",
    "gpl-2.0-only": "GPL-2.0",
}

COLUMNS = {
    "key": "names the photo everywhere",
    "path": "the file",
    "class_name": "the class",
    "split": "train, val or test",
    "sha256": "of the file",
    "listing_id": "photos of one listing have the same",
    "title": "of the listing",
    "region": "of the listing",
    "city": "of the listing",
    "year": "the car's year of make, as its seller says",
    "price": "in the site's currency",
}


def fit(text: str, limits: tuple[int, int], filler: str) -> str:
    """`text` made longer by `filler`, or cut behind a word, until its length is within `limits`."""
    least, most = limits
    if len(text) < least:
        text = f"{text} {filler}".strip()
    if len(text) > most:
        text = text[: most + 1].rpartition(" ")[0].rstrip(" ,.;:-") or text[:most]
    return text


def contents(release: Release) -> Contents:
    """All files of the export. Raises UsageError when the recipe names no account."""
    if not release.owner:
        raise UsageError(
            "the format kaggle needs the name of your account there", Edit("export.owner", "YOUR-ACCOUNT")
        )
    yield from folders.photos(release)
    readme = card(release, folders.LOADING)
    yield "README.md", readme
    yield "dataset-metadata.json", json.dumps(_metadata(release, readme.decode()), indent=2).encode() + b"\n"


def _metadata(release: Release, readme: str) -> dict[str, object]:
    classes = ", ".join(release.dataset.classes)
    title = fit(release.title, TITLE, "photo dataset")
    license = release.rights.license
    return {
        "title": title,
        "subtitle": fit(f"{len(release.dataset.photos):,} photos of {classes}", SUBTITLE, "for classification"),
        "id": f"{release.owner}/{fit(slug(title), SLUG, 'dataset').replace(' ', '-')}",
        "description": readme,
        "licenses": [{"name": LICENSES.get(license.lower(), "other") if license else "unknown"}],
        "keywords": ["image classification"],
        "resources": [
            {
                "path": "photos.csv",
                "description": "one row per photo",
                "schema": {
                    "fields": [
                        {"name": name, "description": COLUMNS[name], "type": _kind(name)}
                        for name in IndexRow.__dataclass_fields__
                    ]
                },
            }
        ],
    }


def _kind(column: str) -> str:
    return {"year": "integer", "price": "numeric"}.get(column, "string")
