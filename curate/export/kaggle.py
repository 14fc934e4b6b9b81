"""kaggle: folders, and dataset-metadata.json within the lengths that the site takes."""

import json

from curate.core.errors import Edit, UsageError
from curate.export import folders
from curate.export.card import card
from curate.export.release import Contents, IndexRow, Release, slug

TITLE = (6, 50)  # letters, at least and at most
SLUG = (3, 50)
SUBTITLE = (20, 80)
LICENSES = (  # as the site names them; all but `_SPDX` are SPDX identifiers
    *("CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"),
    *("CC-BY-ND-4.0", "CC-BY-NC-ND-4.0", "GPL-2.0", "GPL-3.0", "LGPL-3.0", "AGPL-3.0", "FDL-1.3", "apache-2.0"),
    *("ODbL-1.0", "DbCL-1.0", "ODC-BY-1.0", "PDDL", "CDLA-Permissive-1.0", "CDLA-Sharing-1.0"),
)
_SPDX = {"pddl-1.0": "PDDL", "gfdl-1.3": "FDL-1.3"}
UNKNOWN, OTHER = "unknown", "other"  # no licence is given; one that is not in the list

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
    "year": "of make, as the seller says",
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


def license_name(spdx: str) -> str:
    """The site's name of a licence; `-only` and `-or-later` of SPDX are one to it."""
    if not spdx:
        return UNKNOWN
    name = spdx.lower().removesuffix("-only").removesuffix("-or-later")
    return _SPDX.get(name) or {each.lower(): each for each in LICENSES}.get(name, OTHER)


def contents(release: Release) -> Contents:
    """All files of the export. Raises UsageError when the recipe names no account."""
    if not release.owner:
        raise UsageError(
            "the format kaggle needs the name of your account there", Edit("export.owner", "YOUR-ACCOUNT")
        )
    yield from folders.photos(release)
    readme = card(release, folders.loading(release))
    yield "README.md", readme
    yield "dataset-metadata.json", json.dumps(_metadata(release, readme.decode()), indent=2).encode() + b"\n"


def _metadata(release: Release, readme: str) -> dict[str, object]:
    classes = ", ".join(release.dataset.classes)
    title = fit(release.title, TITLE, "photo dataset")
    return {
        "title": title,
        "subtitle": fit(f"{len(release.dataset.photos):,} photos of {classes}", SUBTITLE, "for classification"),
        "id": f"{release.owner}/{fit(slug(title), SLUG, 'dataset').replace(' ', '-').strip('-')}",
        "description": readme,
        "licenses": [{"name": license_name(release.rights.license)}],
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
