"""croissant: metadata after MLCommons Croissant 1.1 beside a tar of photos per split and a table of all.

Every file has its sha256; splits and classes are record sets of their own; how the dataset was made is there as
PROV-O.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

from curate.core.schemas import SPLITS
from curate.export.card import card
from curate.export.photos import File
from curate.export.provenance import CONTEXT as PROV
from curate.export.provenance import activities
from curate.export.release import Contents, Release, Shard, index
from curate.export.webdataset import tar

LOADING = """\
```python
import mlcroissant as mlc
for record in mlc.Dataset("croissant.json").records("photos"):
    print(record["photos/class_name"], record["photos/image"])
```
"""

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    **PROV,
}


def contents(release: Release) -> Contents:
    """All files of the export."""
    paths = [(file, f"photos/{file.name}") for file in release.files]
    table = index(paths)
    archives = {split: partial(_write, release.of(split)) for split in SPLITS if release.of(split)}
    yield "photos.csv", table
    yield from ((f"{split}.tar", Shard(write)) for split, write in archives.items())
    yield "README.md", card(release, LOADING)
    digests = {f"{split}.tar": write for split, write in archives.items()}
    yield "croissant.json", partial(_metadata, release, hashlib.sha256(table).hexdigest(), digests)


def _write(files: Sequence[File], out: BinaryIO) -> None:
    tar(((f"photos/{file.name}", file.source.read_bytes()) for file in files), out)


class _Digest:
    """A file that is only hashed."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return len(data)


def _metadata(
    release: Release, table_sha256: str, archives: Mapping[str, Callable[[Any], None]], out: BinaryIO
) -> None:
    files = [_file("photos.csv", "text/csv", table_sha256, "One row per photo.")]
    for name, write in archives.items():
        digest = _Digest()
        write(digest)
        described = _file(name, "application/x-tar", digest.sha256.hexdigest(), f"The photos of {name[:-4]}.")
        files.append({**described, "contentSize": f"{digest.size} B"})
    formats = sorted({_MIME.get(file.extension, "image/jpeg") for file in release.files})
    photos = {
        "@type": "cr:FileSet",
        "@id": "photo-files",
        "name": "photo-files",
        "description": "The photos in the archives.",
        "containedIn": [{"@id": name} for name in archives],
        "encodingFormat": formats,
        "includes": [f"photos/*.{extension}" for extension in sorted({f.extension for f in release.files})],
    }
    rights = release.rights
    metadata = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": release.title,
        "description": release.description or f"Photos of {', '.join(release.dataset.classes)}.",
        "license": rights.license or "No licence is given.",
        "usageInfo": rights.ground or "No ground is known on which these photos may be given on.",
        "version": "1.0.0",
        "datePublished": release.sidecars["split"]["finished"][:10],
        "creator": {"@type": "sc:Organization", "name": rights.holder or release.owner or release.name},
        "citeAs": f"{release.title}, made with curate",
        "url": rights.contact if rights.contact.startswith("http") else "",
        "distribution": [*files, photos],
        "recordSet": [_splits(), _classes(release), _photos()],
        "prov:wasGeneratedBy": activities(release),
    }
    kept = {name: value for name, value in metadata.items() if value != ""}
    out.write(json.dumps(kept, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


_MIME = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif", "avif": "image/avif"}
_MIME |= {"bmp": "image/bmp", "tif": "image/tiff"}


def _file(name: str, encoding: str, sha256: str, description: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": description,
        "contentUrl": name,
        "encodingFormat": encoding,
        "sha256": sha256,
    }


def _splits() -> dict[str, Any]:
    url = "cr:{}Split"
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [_field("splits/name", "sc:Text"), _field("splits/url", "sc:URL")],
        "data": [
            {
                "splits/name": split,
                "splits/url": url.format({"train": "Training", "val": "Validation", "test": "Test"}[split]),
            }
            for split in SPLITS
        ],
    }


def _classes(release: Release) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "classes",
        "name": "classes",
        "dataType": "sc:Enumeration",
        "key": {"@id": "classes/name"},
        "field": [_field("classes/name", "sc:Text"), _field("classes/label", "cr:Int64")],
        "data": [
            {"classes/name": name, "classes/label": number} for number, name in enumerate(release.dataset.classes)
        ],
    }


def _field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": name, "name": name.partition("/")[2], "dataType": kind, **more}


def _photos() -> dict[str, Any]:
    def column(name: str, kind: Any = "sc:Text", **more: Any) -> dict[str, Any]:
        source = {"fileObject": {"@id": "photos.csv"}, "extract": {"column": name}}
        return _field(f"photos/{name}", kind, source=source, **more)

    files = {"@id": "photo-files"}
    key = {
        "fileSet": files,
        "extract": {"fileProperty": "filename"},
        "transform": {"regex": "^([0-9a-f]{16})"},
    }
    in_table = {"fileObject": {"@id": "photos.csv"}, "extract": {"column": "key"}}
    content = {"fileSet": files, "extract": {"fileProperty": "content"}}
    return {
        "@type": "cr:RecordSet",
        "@id": "photos",
        "name": "photos",
        "description": "One record per photo.",
        "key": {"@id": "photos/key"},
        "field": [
            _field("photos/key", "sc:Text", source=key, references=in_table),
            _field("photos/image", "sc:ImageObject", source=content),
            column("class_name", ["sc:Text", "cr:Label"], references={"field": {"@id": "classes/name"}}),
            column("split", ["sc:Text", "cr:Split"], references={"field": {"@id": "splits/name"}}),
            column("sha256"),
            column("listing_id"),
        ],
    }
