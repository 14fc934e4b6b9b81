"""What a photo file says about itself, read without decoding it: format, frames, orientation.

Every walk is linear in the file's size and ends at the end of the data, whatever the file claims. The limits on
metadata hold before any decoder sees the file: a directory of 65,000 tags that all point to the same 60 kB makes
a decoder copy gigabytes.
"""

import re
import struct
from dataclasses import dataclass

from curate.core import extras
from curate.core.errors import RejectedError

MAX_METADATA_BYTES = 8 * 1024**2  # phones store depth maps of some megabytes beside the photo
MAX_METADATA_ITEMS = 1000  # segments, chunks or boxes
MAX_DIRECTORIES = 16  # EXIF blocks in one AVIF; it has one

_ORIENTATION_TAG = 0x0112
_MPF_COUNT_TAG = 0xB001
_TIFF_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xfe])")
# What may stand before the root of an SVG. Possessive and atomic: each byte is looked at once.
_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?+\s*+(?:<\?xml[^>]*+>\s*+)?+(?>(?><!--.*?-->|<!DOCTYPE svg[^>]*+>)\s*+)*+<svg\b",
    re.DOTALL,
)
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*(\d+)")

# First bytes of what is a known kind of file, but not a photo format.
_OTHER_KINDS = {
    b"%!PS": "EPS",
    b"\xc5\xd0\xd3\xc6": "EPS",
    b"%PDF": "PDF",
    b"8BPS": "PSD",
    b"SIMPLE  =": "FITS",
    b"PK\x03\x04": "ZIP",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"\x1a\x45\xdf\xa3": "WebM",
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\x00\x00\x01\x00": "icon",
    b"qoif": "QOI",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What the container says."""

    format: str  # jpeg, mpo, png, webp, gif, avif, heif, bmp, tiff
    frames: int = 1
    orientation: int = 1  # 1..8; only for jpeg and mpo: the others' metadata is found by their decoder
    scans: int = 1  # how many times over a progressive JPEG paints its image
    width: int = 0  # pixels, as stored; only for png and for webp, whose decoder allocates the image on opening
    height: int = 0


def read(data: bytes) -> Header:
    """Walk the container of `data`.

    Raises RejectedError: empty, not_an_image, format_not_allowed, heic, decode_truncated, metadata_bomb.
    """
    if not data:
        raise RejectedError("empty", "0 bytes")
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _gif(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    if data.startswith(b"BM"):
        return Header("bmp")
    if data.startswith((b"II*\x00", b"MM\x00*")):
        return _tiff(data)
    for magic, kind in _OTHER_KINDS.items():
        if data.startswith(magic):
            raise RejectedError("format_not_allowed", f"{kind} file")
    if _SVG.match(data[:4096]):
        raise RejectedError("format_not_allowed", "SVG file")
    raise RejectedError("not_an_image", f"begins with {data[:16]!r}")


def orientation(exif: bytes, xmp: bytes = b"") -> int:
    """EXIF orientation, 1..8; XMP's where EXIF has none; 1 where absent or invalid.

    `exif` is a TIFF structure, with or without its `Exif` prefix. Raises RejectedError(metadata_bomb).
    """
    value = directory(exif.removeprefix(b"Exif\x00\x00")).get(_ORIENTATION_TAG)
    if value is None and (match := _XMP_ORIENTATION.search(xmp)):
        value = int(match[1][:4])
    return value if value is not None and 1 <= value <= 8 else 1


def directory(tiff: bytes, start: int | None = None) -> dict[int, int]:
    """Tag to value of the first directory of a TIFF structure, or of the one at `start`.

    A value that is longer than four bytes is its offset. What cannot be read is left out. Raises
    RejectedError(metadata_bomb) for tags that together claim far more bytes than a photo's do.
    """
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    tags: dict[int, int] = {}
    if order is None:
        return tags
    claimed = 0
    try:
        if start is None:
            (start,) = struct.unpack_from(f"{order}L", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for place in range(start + 2, start + 2 + 12 * entries, 12):
            tag, kind, count, value = struct.unpack_from(f"{order}HHLL", tiff, place)
            size = count * _TIFF_TYPE_BYTES.get(kind, 0)
            if 4 < size <= len(tiff) - value:  # a claim beyond the end is garbage that nobody copies
                claimed += size
            if claimed > max(MAX_METADATA_BYTES, len(tiff)):
                raise RejectedError("metadata_bomb", f"tags claim over {claimed} bytes of {len(tiff)}")
            if kind == 3 and count == 1:
                (value,) = struct.unpack_from(f"{order}H", tiff, place + 8)
            tags[tag] = value
    except struct.error:
        pass
    return tags


class _Metadata:
    """Counts what a file carries beside its image."""

    def __init__(self) -> None:
        self.items = self.bytes = 0

    def add(self, size: int) -> None:
        self.items += 1
        self.bytes += size
        if self.items > MAX_METADATA_ITEMS or self.bytes > MAX_METADATA_BYTES:
            raise RejectedError("metadata_bomb", f"over {self.items - 1} items or {self.bytes} bytes of metadata")


def _jpeg(data: bytes) -> Header:
    metadata, position = _Metadata(), 2
    exif = xmp = components = b""
    frames = 1
    several_scans = False
    while True:
        match = _JPEG_MARKER.search(data, position)  # as libjpeg does: what lies between two segments is skipped
        if match is None or match.end() + 2 > len(data):
            raise RejectedError("decode_truncated", "the JPEG ends inside its header")
        marker, position = match[1][0], match.end()
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without a segment
            metadata.add(0)
            continue
        if marker == 0xD9:
            raise RejectedError("decode_truncated", "the JPEG ends before its image")
        size = int.from_bytes(data[position : position + 2])
        if marker == 0xDA:
            several_scans |= data[position + 2 : position + 3] < components
            break
        metadata.add(size if marker >= 0xE0 else 0)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # the frame
            several_scans, components = marker & 3 == 2, data[position + 7 : position + 8]
        elif marker >= 0xE0:
            body = data[position + 2 : position + size]
            if marker == 0xE1 and body.startswith(b"Exif\x00\x00"):
                exif += body[6:]
            elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xap/1.0/\x00"):
                xmp = xmp or body
            elif marker == 0xE2 and body.startswith(b"MPF\x00"):
                frames = max(1, directory(body[4:]).get(_MPF_COUNT_TAG, 1))
        position += size
    # Inside a scan 0xFF is always followed by 0x00, so two bytes tell the next scan, and the end.
    if data.rfind(b"\xff\xd9") < position:
        raise RejectedError("decode_truncated", "the JPEG has no end marker")
    scans = 1
    if several_scans:  # progressive, or a scan per colour
        scans += data.count(b"\xff\xda", position, data.find(b"\xff\xd9", position))
    return Header("mpo" if frames > 1 else "jpeg", frames, orientation(exif, xmp), scans)


def _tiff(data: bytes) -> Header:
    tags = directory(data)
    if not tags:
        raise RejectedError("decode_truncated", "the TIFF ends before its directory")
    for pointer in (0x8769, 0x8825, 0xA005):  # EXIF, GPS and, inside EXIF, interoperability
        if pointer in tags:
            tags |= directory(data, tags[pointer])
    return Header("tiff")  # its pages are not counted


def _png(data: bytes) -> Header:
    metadata, position, frames = _Metadata(), 8, 1
    while position + 12 <= len(data):
        size, kind = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        if kind == b"IEND":
            width, height = (int.from_bytes(data[start : start + 4]) for start in (16, 20))  # IHDR comes first
            return Header("png", frames, width=width, height=height)
        if kind == b"acTL":
            frames = max(1, int.from_bytes(data[position + 8 : position + 12]))
        elif kind not in (b"IDAT", b"fdAT", b"fcTL"):
            metadata.add(size)
        position += 12 + size
    raise RejectedError("decode_truncated", "the PNG has no end chunk")


def _gif(data: bytes) -> Header:
    metadata, frames = _Metadata(), 0

    def colours(flags: int) -> int:
        return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0

    def after_blocks(position: int) -> int:
        while data[position]:
            position += 1 + data[position]
        return position + 1

    try:
        position = 13 + colours(data[10])
        while (kind := data[position]) != 0x3B:
            if kind == 0x2C:
                position = after_blocks(position + 11 + colours(data[position + 9]))
                frames += 1
            elif kind == 0x21:
                start, label = position, data[position + 1]
                position = after_blocks(position + 2)
                if label != 0xF9:  # the graphic control that goes with each frame
                    metadata.add(position - start)
            else:
                break
    except IndexError:
        pass  # browsers show the frames that are there
    if not frames:
        raise RejectedError("decode_truncated", "the GIF ends inside its first frame")
    return Header("gif", frames)


def _webp(data: bytes) -> Header:
    metadata, position, frames, width, height = _Metadata(), 12, 0, 0, 0
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise RejectedError("decode_truncated", f"the WebP says {end} bytes and has {len(data)}")
    while position + 8 <= end:
        kind, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        body = data[position + 8 : position + 18]
        if kind == b"VP8X":
            width, height = 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
        elif kind == b"VP8 " and not width:
            width, height = (int.from_bytes(body[i : i + 2], "little") & 0x3FFF for i in (6, 8))
        elif kind == b"VP8L" and not width:
            bits = int.from_bytes(body[1:5], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"ANMF":
            frames += 1
        elif kind not in (b"VP8 ", b"VP8L", b"ALPH", b"ANIM"):
            metadata.add(size)
        position += 8 + size + size % 2
    return Header("webp", max(1, frames), width=width, height=height)


def _iso_media(data: bytes) -> Header:
    brands = data[8 : int.from_bytes(data[:4])][:256]
    if b"avif" not in brands and b"avis" not in brands:
        if any(brand in brands for brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")):
            if extras.missing("heif"):
                raise RejectedError("heic", f"HEIC file: run {extras.install('heif')}, or export it as JPEG")
            return Header("heif")
        raise RejectedError("format_not_allowed", "video or other media file")
    position, boxes = 0, _Metadata()
    while position < len(data):
        size = int.from_bytes(data[position : position + 4])
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16])
        if size == 0:  # up to the end of the file
            break
        if size < 8 or position + size > len(data):
            raise RejectedError("decode_truncated", "the AVIF ends inside a box")
        boxes.add(0)
        position += size
    # The decoder parses the EXIF block on opening; it may lie anywhere, so every TIFF structure is looked at.
    for number, found in enumerate(re.finditer(rb"II\*\x00|MM\x00\*", data)):
        if number == MAX_DIRECTORIES:
            raise RejectedError("metadata_bomb", f"over {MAX_DIRECTORIES} EXIF blocks")
        directory(data[found.start() :])
    return Header("avif")
