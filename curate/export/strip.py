"""Remove from a photo file what is not its image: EXIF, GPS, XMP, comments, thumbnails, what follows its end.

Lossless: the compressed image is copied as it is, with its colour profile. An orientation that viewers must know
stays, alone in an EXIF block of 26 bytes.
"""

import struct
import zlib
from collections.abc import Iterator

from curate.core.errors import RejectedError
from curate.photos import headers

_JPEG_COLOUR = {0xE2: b"ICC_PROFILE\x00", 0xEE: b"Adobe"}  # segments that change how the image appears
_PNG_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND"),
    *(b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"cICP", b"mDCV", b"cLLI"),
    *(b"acTL", b"fcTL", b"fdAT"),
}
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04  # flags of VP8X


def strip(data: bytes) -> bytes | None:
    """The same image without metadata, byte for byte the same for the same bytes.

    None where that cannot be done losslessly: another format, or a file built in an unusual way.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
    except (IndexError, struct.error, RejectedError):
        pass
    return None


def _exif(orientation: int) -> bytes:
    """A TIFF structure that says the orientation (1..8) and nothing else: 26 bytes."""
    return b"MM\x00*" + struct.pack(">LHHHLHHL", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def _jpeg(data: bytes) -> bytes:
    orientation = headers.read(data).orientation
    parts = [b"\xff\xd8"]
    if orientation != 1:
        body = b"Exif\x00\x00" + _exif(orientation)
        parts.append(b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    position = 2
    while True:
        if data[position] != 0xFF:
            raise IndexError
        while data[position + 1] == 0xFF:  # fill bytes
            position += 1
        marker = data[position + 1]
        if marker == 0xD9:
            return b"".join([*parts, b"\xff\xd9"])
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            raise IndexError  # outside of a scan these have no place
        size = int.from_bytes(data[position + 2 : position + 4])
        end = position + 2 + size
        if size < 2 or end > len(data):
            raise IndexError
        body = data[position + 4 : end]
        if marker == 0xE0:
            if body.startswith(b"JFIF\x00") and len(body) >= 14:
                parts.append(b"\xff\xe0\x00\x10" + body[:12] + b"\x00\x00")  # its thumbnail has no pixels now
        elif (marker < 0xE0 or body.startswith(_JPEG_COLOUR.get(marker, b"\x00never"))) and marker != 0xFE:
            parts.append(data[position:end])
        position = end
        if marker == 0xDA:
            position = _after_scan(data, end)
            parts.append(data[end:position])


def _after_scan(data: bytes, position: int) -> int:
    """Where the next segment begins: inside a scan 0xFF is followed by 0, or by a restart marker."""
    while True:
        position = data.find(b"\xff", position)
        if position < 0:
            raise IndexError
        following = data[position + 1]
        if following and following != 0xFF and not 0xD0 <= following <= 0xD7:
            return position
        position += 1 if following == 0xFF else 2


def _png(data: bytes) -> bytes:
    parts, exif, xmp, position = [data[:8]], b"", b"", 8
    while True:
        size, kind = struct.unpack_from(">L4s", data, position)
        end = position + 12 + size
        if end > len(data):
            raise IndexError
        body = data[position + 8 : end - 4]
        if kind == b"eXIf":
            exif = body
        elif kind == b"iTXt" and body.startswith(b"XML:com.adobe.xmp\x00"):
            xmp = body
        if kind in _PNG_KEPT:
            parts.append(data[position:end])
        position = end
        if kind == b"IEND":
            break
    if (orientation := headers.orientation(exif, xmp)) != 1:
        chunk = b"eXIf" + _exif(orientation)
        parts.insert(2, struct.pack(">L", len(chunk) - 4) + chunk + struct.pack(">L", zlib.crc32(chunk)))
    return b"".join(parts)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each chunk of a WebP."""
    position, end = 12, 8 + int.from_bytes(data[4:8], "little")
    while position + 8 <= end:
        kind, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        if position + 8 + size > len(data):
            raise IndexError
        yield kind, data[position + 8 : position + 8 + size]
        position += 8 + size + size % 2


def _webp(data: bytes) -> bytes:
    chunks = list(_chunks(data))
    exif, xmp = (b"".join(body for kind, body in chunks if kind == name) for name in (b"EXIF", b"XMP "))
    orientation = headers.orientation(exif, xmp)
    kept = [(kind, body) for kind, body in chunks if kind in _WEBP_KEPT]
    if orientation != 1:
        kept.append((b"EXIF", _exif(orientation)))
    parts = []
    for kind, body in kept:
        if kind == b"VP8X":
            flags = body[0] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if orientation != 1 else 0)
            body = bytes([flags]) + body[1:]
        parts.append(kind + struct.pack("<L", len(body)) + body + b"\x00" * (len(body) % 2))
    whole = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<L", len(whole)) + whole
