"""csv-urls: no pixels, only where each photo is: key, URL, hash, class, split."""

from curate.core.errors import Run, To, UsageError
from curate.export.card import card
from curate.export.release import Contents, Release, url_index

LOADING = """\
`curate import photos.csv --keep-split` fetches the photos, under the keys, classes and splits that they have here.
A photo whose bytes have changed since has another sha256. Addresses are without signatures: a site that signs
its addresses may refuse them.
"""


def contents(release: Release) -> Contents:
    """All files of the export. Raises UsageError for photos that have no address."""
    photos = release.dataset.photos
    if local := [p for p in photos if not p.image_url.startswith(("http://", "https://"))]:
        raise UsageError(
            f"{len(local):,} of {len(photos):,} photos came from files, without a URL, e.g. {local[0].image_url}",
            To("export them with their pixels", Run("export", ("folders", "--out", "DIR"))),
        )
    yield "photos.csv", url_index(photos)
    yield "README.md", card(release, LOADING)
