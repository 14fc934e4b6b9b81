"""Every manifest row, as a frozen dataclass. Read this file first.

A manifest is a CSV with one row per photo. Columns are the fields below, in order. Each stage reads the rows
that the stage before it kept, and writes one row for each of them, sorted by `key`. A rejected row stays in
the manifest of the stage that rejected it, with `keep=false` and a `reason` out of `REASONS`.

Field types are `str`, `int`, `float`, `bool` and `int | None`, `float | None`; an absent value is an empty cell.
A column whose field has a default may be missing in a manifest that an earlier version wrote.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True, slots=True)
class FetchRow:
    """One photo of one listing, as the site offered it."""

    stage: ClassVar[str] = "fetch"

    key: str  # 16 hex digits of a hash, the same every time: see `core.schemas.photo_key`
    listing_id: str  # the site's own, or the folder of an import
    class_name: str  # what the seller says it is
    position: int  # 0-based place in the listing's gallery
    title: str  # as the page says, like region, city, year and price
    region: str
    city: str
    year: int | None
    price: float | None
    page_url: str  # the listing's page
    image_url: str  # canonical; a path for imported folders
    aliases: str  # other URLs of the same photo in this listing, separated by spaces
    path: str  # images/<ab>/<sha256>.<ext>, relative to the manifest's folder; empty when rejected
    sha256: str  # of the file; equal files are exact duplicates
    bytes: int  # size of the file
    width: int  # pixels, after EXIF orientation; of a rejected photo where its size was looked at, else 0
    height: int
    keep: bool  # false: rejected
    reason: str  # one of those below; empty when kept
    gone_since: int | None = None  # number of the fetch that no longer found it; None while the site offers it
    make: str = ""  # what the page says of the listing, like title and the rest
    model: str = ""
    currency: str = ""  # ISO 4217 where it is known
    seller: str = ""  # private, dealer, or what the site calls it
    posted: str = ""  # ISO 8601 where the site's own form is known
    attributes: str = ""  # JSON object: what else the page says of the listing


@dataclass(frozen=True, slots=True)
class DedupRow:
    """Is this photo the one to keep among its duplicates?"""

    stage: ClassVar[str] = "dedup"

    key: str
    path: str
    phash: str  # 16 hex digits, 64-bit DCT hash, bit order of imagehash.phash
    group: str  # key of the keeper of its duplicates; its own key when it has none
    similar_group: str  # smallest key of its group of similar photos: what the split must keep together
    duplicate_of: str  # key of the keeper, empty for the keeper itself
    distance: int | None  # bits between the two hashes (the nearer of plain and mirrored), None for a keeper
    confirmed_by: str  # words of PROOFS, what proved the pair; empty for a keeper
    label_conflict: bool  # its duplicates carry different class names: a person must decide
    keep: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CleanRow:
    """Is this a usable photo of its class?"""

    stage: ClassVar[str] = "clean"

    key: str
    path: str
    class_name: str  # after review; the seller's class otherwise
    score: float  # 0..1, probability mass of the kept concepts
    concept: str  # the most probable concept
    concept_score: float  # 0..1, its probability
    typicality: float  # 0..1, how alike the rest of the collection; small is an outlier
    label_score: float | None  # 0..1, out-of-sample probability of class_name; None where not computed
    likely_class: str  # the class that out-of-sample prediction prefers; empty where not computed
    sharpness: float  # 0..1, small is blurred
    brightness: float  # 0..1, small is dark
    borderline: bool  # a person should look at it
    review_rank: int | None  # 1 = look at this one first; None when not borderline
    keep: bool
    reason: str


@dataclass(frozen=True, slots=True)
class SplitRow:
    """Which split a clean photo went to. `keep=false` rows were surplus to the counts asked for."""

    stage: ClassVar[str] = "split"

    key: str
    path: str
    class_name: str
    group: str  # smallest key of its connected component by listing and by similarity
    split: str  # train, val, test; empty when surplus
    keep: bool
    reason: str


@dataclass(frozen=True, slots=True)
class TrainBaselineRow:
    """What a network said about a photo of the val or test split. A photo has a row per variant and seed."""

    stage: ClassVar[str] = "train_baseline"
    identity: ClassVar[tuple[str, ...]] = ("key", "variant", "seed")

    key: str
    variant: str  # base, augment, dropout, batchnorm, transfer, finetune, ensemble
    seed: int
    split: str
    class_name: str
    predicted: str
    probability: float  # 0..1, of the predicted class, calibrated on val
    keep: bool
    reason: str


def identity(row: "Row") -> tuple[str | int, ...]:
    """What makes a row the only one of its kind: its key, and what else its type names in `identity`."""
    return tuple(getattr(row, name) for name in getattr(type(row), "identity", ("key",)))


Row = FetchRow | DedupRow | CleanRow | SplitRow | TrainBaselineRow

# Every reason a row may carry, per stage, with the sentence `curate explain` shows. Clean's are those of image
# quality and labels; a recipe's concepts bring reasons of their own, in the sidecar (`manifest.reasons`).
REASONS: dict[str, dict[str, str]] = {
    "fetch": {
        "aspect": "one side is more than 10 times the other",
        "bad_encoding": "the body's compression is broken or of an unknown kind",
        "bad_url": "the photo's address is not a usable URL",
        "blank": "the image is one colour: no channel varies by more than 2 levels of 255",
        "body_truncated": "the connection closed before the whole body arrived, at every try",
        "connect_failed": "no connection could be made, at every try",
        "deadline": "the transfer took longer than the recipe's total deadline",
        "decode_truncated": "the image's data ends too early",
        "decode_timeout": "decoding took longer than a minute",
        "decode_failed": "the image's data is damaged",
        "deferred": "it could not be had this time; the next fetch asks for it again",
        "dns": "the host name does not resolve",
        "elsewhere": "the page's address leads to another page, which does not hold this listing",
        "empty": "the file or body holds no bytes",
        "format_not_allowed": "a file format that is not a photo format",
        "forbidden": "the server answered 401, 403 or 451: it does not let us have it",
        "gone": "the server answered 404 or 410, or shows other listings in its place: it is no longer there",
        "hash_mismatch": "the stored file no longer has its sha256",
        "heic": "a HEIC photo, as iPhones take them: `pip install 'curate-photos[heif]'` makes it readable",
        "heic_failed": "a HEIC photo whose data is damaged: pillow-heif, which is installed, cannot read it",
        "http_client_error": "the server answered another 4xx",
        "http_server_error": "the server answered 5xx, at every try",
        "internal_error": "reading it is a mistake in curate itself: please report the page or photo",
        "link": "it is a link, and not to a file inside the folder that is imported",
        "metadata_bomb": "the file carries an unreasonable amount of metadata",
        "missing_field": "the listing has no id, or a field that the recipe requires",
        "noai": "the server's X-Robots-Tag forbids this use",
        "not_an_image": "the bytes are not an image (often an HTML page)",
        "not_gallery": "an icon, tracker or placeholder, not a photo of the listing",
        "offsite": "the address, or a redirect, leads to a host that the recipe does not allow",
        "page_too_complex": "the page has more tags than any page for people",
        "page_truncated": "the page ends before its closing tag, at every try",
        "private_address": "the host is not a public address, and the recipe does not allow it by name",
        "protocol": "the server does not speak proper HTTP",
        "redirect_downgrade": "redirected from https to http",
        "redirect_invalid": "a redirect without a usable target",
        "redirect_loop": "more redirects than allowed",
        "robots": "robots.txt disallows this address",
        "tls": "the server's certificate is not valid",
        "too_large": "more bytes than the recipe's max_photo_bytes; of a file that is imported, than 64 MiB",
        "too_many_pixels": "more pixels than the recipe's photos.max_megapixels, or too many scans of them",
        "too_small": "its longer side is under the recipe's photos.min_side",
        "unreadable": "the file cannot be opened, or is not a regular file inside the folder that is imported",
    },
    "dedup": {
        "exact_duplicate": "byte for byte the same file as the one kept",
        "near_duplicate": (
            "the same image as the one kept: recompressed, resized, marked, framed, mirrored or cropped"
        ),
        "collage": "a collage that contains the photo kept",
        "undecodable": "the stored file is gone, changed, or cannot be decoded any more",
    },
    "clean": {
        "document": "a document, advert or screenshot",
        "too_small": "its longer side is under 79 pixels, or what clean.quality.odd_size says",
        "blank": "one colour or nearly so, as a page with a few words; by clean.quality.low_information and light",
        "blurred": "too blurred to use, by clean.quality.blurry",
        "dark": "too dark to use, by clean.quality.dark",
        "odd_shape": "one side is more than 5 times the other, or what clean.quality.odd_aspect_ratio says",
        "wrong_class": "an object of another class than its listing says",
        "score_nan": "the scorer returned no number for it",
        "reviewed": "a person rejected it in review.csv",
        "undecodable": "the stored file is gone, changed, or cannot be decoded any more",
    },
    "split": {
        "surplus": "more photos of this class than the split asked for",
        "not_given": "the split that was imported with the photos does not name it",
    },
    "train_baseline": {},
}


OF_SIZE = frozenset({"aspect", "odd_shape", "too_many_pixels", "too_small"})  # reasons that width and height give
MECHANICAL = frozenset(REASONS["clean"]) - {"document"}  # of clean; a concept may stand for documents, too

PROOFS = {  # the words of `confirmed_by`
    "sha256": "the files are the same, byte for byte",
    "plain": "both are of one and the same colour",
    "aligned": "laid on each other they agree in detail and colour",
    "mirrored": "one is the mirror image of the other",
    "crop": "it shows a part of the one kept",
    "framed": "it has a plain frame around what the one kept shows",
    "larger": "it shows more than the one kept",
    "turned": "it is turned by 6 to 84 degrees",
    "toned": "it has less contrast than the one kept",
    "marked": "it has text or plates over what the one kept shows",
    "banner": "it has a banner beside what the one kept shows",
    "screenshot": "it is a screenshot of the one kept",
    "collage": "it is a collage that contains the one kept",
    "linked": "a third photo is a duplicate of both, so less similarity was enough",
}


def photo_key(source_id: str, listing_id: str, photo_id: str) -> str:
    """Key of a photo: first 16 hex digits of the sha256 of where it was found.

    The listing is part of it, so that one image in two listings is two rows and dedup can see it.
    `photo_id` is the canonical URL, or the path inside an imported folder.
    """
    import hashlib

    text = "\n".join((source_id, listing_id, photo_id))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
