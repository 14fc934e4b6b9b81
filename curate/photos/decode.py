"""The one place that decodes images.

Order of checks (each raises RejectedError with a reason of `schemas.REASONS`): size, format by content, metadata,
pixel and side-ratio ceiling before any decode, full decode, first frame, 16-bit scaling, EXIF orientation,
transparency on white, RGB. What may take long is decoded in a process of its own, with a time limit; in this one
there is a limit to the pixels at once. Colour profiles are ignored; EXIF and all other metadata never leave this
module.
"""

import errno
import io
import json
import os
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFile

from curate.core.errors import RejectedError, ResourceError
from curate.photos import apart, headers, jpeg, libtiff
from curate.photos.pixels import rgb_on_white, upright

MAX_BYTES = 64 * 1024**2
MAX_PIXELS = 250_000_000  # that is the most a recipe can allow, see `recipe.Photos`
MAX_PAINTED_PIXELS = 10 * MAX_PIXELS  # over all scans of a progressive JPEG; encoders write about ten
HEAVY = 64_000_000  # pixels, over all scans, from which a photo is decoded in a process of its own
MAX_SIDE_RATIO = 10
MIN_SIDE = 80  # pixels; smaller than this both ways it is an icon, not a photo
MIN_CONTRAST = 2.0  # standard deviation of the liveliest channel, 0..255; under this it is one colour

_TIFF_COMPRESSIONS = {"raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate"}

# Pillow's other warnings are about metadata that is not used here.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.simplefilter("error", Image.DecompressionBombWarning)
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded image."""

    pixels: NDArray[np.uint8]  # (height, width, 3) RGB, or (height, width, 1) luma; upright
    width: int  # pixels of the original, upright; `pixels` may be smaller
    height: int
    format: str  # jpeg, png, webp, avif, gif, mpo, bmp, tiff
    frames: int


def decode(data: bytes, at_least: int | None = None, grey: bool = False, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Decode `data`; of an animation, its first frame.

    With `at_least`, a JPEG may come at 1/2, 1/4 or 1/8 scale while its shorter side stays >= that; with `grey`, it
    may come as its luma alone. Safe to call from several threads. Raises RejectedError: empty, not_an_image,
    format_not_allowed, heic, heic_failed, metadata_bomb, too_many_pixels, aspect, decode_truncated,
    decode_failed, decode_timeout.
    """
    header, width, height = measure(data, max_pixels)
    heavy = width * height * header.scans >= HEAVY
    with apart.budget(_cost(width, height, header, at_least)):
        return _decode_apart(data, at_least, grey) if heavy else _decode(data, header, at_least, grey)


def measure(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[headers.Header, int, int]:
    """What a file says of itself, with its width and height as stored, before any decode.

    Raises RejectedError as `decode` does for what it refuses unseen.
    """
    header = headers.read(data)
    width, height = header.width, header.height
    if not width:
        with _named_failures(header.format):
            width, height = _size(data, header)
    _check_size(width, height, header, max_pixels)
    return header, width, height


def _decode(data: bytes, header: headers.Header, at_least: int | None, grey: bool) -> Decoded:
    with _named_failures(header.format):
        if header.format in ("jpeg", "mpo"):
            return _decode_jpeg(data, header, at_least, grey)
        return _decode_other(data, header, at_least)


@contextmanager
def _named_failures(format: str) -> Iterator[None]:
    """Whatever the decoder of a format raises becomes the photo's rejection."""
    try:
        yield
    except RejectedError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise RejectedError("too_many_pixels", str(error)) from error
    except MemoryError as error:
        raise ResourceError("not enough memory to decode a photo: try again with fewer workers") from error
    except Exception as error:
        text = str(error)
        if "MAX_TEXT" in text:
            raise RejectedError("metadata_bomb", text) from error
        if format == "heif":
            raise RejectedError("heic_failed", f"HEIC file, read by pillow-heif: {text}") from error
        truncated = any(word in text.lower() for word in ("truncated", "premature end", "unexpected end"))
        raise RejectedError("decode_truncated" if truncated else "decode_failed", text) from error


def check(decoded: Decoded, min_side: int = MIN_SIDE) -> None:
    """Refuse what cannot be a photo of anything. Raises RejectedError: too_small, blank."""
    size = decoded.width, decoded.height
    if max(size) < min_side:
        raise RejectedError("too_small", f"{decoded.width}x{decoded.height} pixels", size)
    step = max(1, min(decoded.pixels.shape[:2]) // 128)
    part = decoded.pixels[:: 4 * step, :: 4 * step, 0]
    if part.std() > 4.01 * MIN_CONTRAST:  # a part of 1/16 or more: the whole deviates by 1/4 of that at least
        return
    contrast = 0.0
    for channel in range(3):  # 6 times as fast as std(axis=0), and the first lively one is enough
        contrast = max(contrast, float(decoded.pixels[::step, ::step, channel].std()))
        if contrast >= MIN_CONTRAST:
            return
    raise RejectedError("blank", f"contrast {contrast:.2f}", size)


def _size(data: bytes, header: headers.Header) -> tuple[int, int]:
    """Width and height as stored, without a decode."""
    if header.format in ("jpeg", "mpo"):
        with suppress(ValueError):  # sound files can be beyond turbojpeg
            height, width, *_ = simplejpeg.decode_jpeg_header(data)
            return int(width), int(height)
    with _open(data, header) as image:
        return image.size


def _check_size(width: int, height: int, header: headers.Header, max_pixels: int) -> None:
    """Refuse what is not worth decoding, or too much."""
    if width < 1 or height < 1:
        raise RejectedError("decode_failed", f"{width}x{height} pixels")
    upright = (height, width) if header.orientation >= 5 else (width, height)
    if width * height > max_pixels or width * height * header.scans > MAX_PAINTED_PIXELS:
        painted = f", painted {header.scans} times" if header.scans > 1 else ""
        raise RejectedError("too_many_pixels", f"{width}x{height} pixels{painted}", upright)
    if max(width, height) > MAX_SIDE_RATIO * min(width, height):
        raise RejectedError("aspect", f"{width}x{height} pixels", upright)


def _cost(width: int, height: int, header: headers.Header, at_least: int | None) -> int:
    """Pixels in memory while it is decoded: a JPEG's at its scale, and a third of all where it has scans."""
    if header.format not in ("jpeg", "mpo"):
        return width * height
    scaled = width * height // jpeg.scale(width, height, at_least) ** 2
    return scaled + (width * height // 3 if header.scans > 1 else 0)


def _decode_apart(data: bytes, at_least: int | None, grey: bool) -> Decoded:
    code = "from curate.photos import decode; decode.answer()"
    said = apart.call(code, [json.dumps([at_least, grey])], data, apart.LIMIT_S)
    line, _, pixels = said.partition(b"\n")
    facts = json.loads(line)
    if "reason" in facts:
        raise RejectedError(facts["reason"], facts["detail"], tuple(facts["size"]))
    shape = facts.pop("shape")
    return Decoded(np.frombuffer(bytearray(pixels), np.uint8).reshape(shape), **facts)


def answer() -> None:
    """The other process of `_decode_apart`: a photo from stdin, a line of JSON and its pixels to stdout."""
    at_least, grey = json.loads(sys.argv[1])
    data = sys.stdin.buffer.read()
    try:
        decoded = _decode(data, headers.read(data), at_least, grey)
    except RejectedError as error:
        facts: dict[str, Any] = {"reason": error.reason, "detail": error.detail, "size": error.size}
        sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n")
        return
    facts = {name: getattr(decoded, name) for name in ("width", "height", "format", "frames")}
    facts["shape"] = decoded.pixels.shape
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + decoded.pixels.tobytes())


def _decode_jpeg(data: bytes, header: headers.Header, at_least: int | None, grey: bool) -> Decoded:
    try:
        pixels, width, height = jpeg.decode(data, at_least, grey)
    except ValueError as error:
        if str(error).startswith(("Premature end", "Corrupt JPEG data")):
            raise
        # Sound files can be beyond turbojpeg: unusual subsampling, a warning about a field nobody uses.
        return _decode_other(data, header, at_least)
    if header.orientation >= 5:
        width, height = height, width
    return Decoded(upright(pixels, header.orientation), width, height, header.format, header.frames)


def _open(data: bytes, header: headers.Header) -> Image.Image:
    """The file as Pillow sees it before it decodes."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # another library may have set it
    name = "JPEG" if header.format == "mpo" else header.format.upper()
    if name == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    return Image.open(io.BytesIO(data), formats=[name])


def _decode_other(data: bytes, header: headers.Header, at_least: int | None = None) -> Decoded:
    with _open(data, header) as image:
        name = image.format
        if name == "TIFF":
            libtiff.silence()
        if name == "TIFF" and image.info.get("compression") not in _TIFF_COMPRESSIONS:
            raise RejectedError("format_not_allowed", f"TIFF with {image.info.get('compression')} compression")
        frames = getattr(image, "n_frames", 1) if name in ("AVIF", "HEIF") else header.frames
        width, height = image.size
        scale = jpeg.scale(width, height, at_least) if width * height >= HEAVY else 1  # they give memory back
        if name == "JPEG" and scale > 1:
            image.draft(None, (width // scale, height // scale))
        image.load()
        turn = header.orientation
        if name in (
            "PNG",
            "WEBP",
            "AVIF",
        ):  # Pillow turns TIFF and HEIF by itself, GIF and BMP know no orientation
            turn = headers.orientation(image.info.get("exif", b""), image.info.get("xmp", b""))
        elif name in ("TIFF", "HEIF"):
            width, height = image.size
        small = image.reduce(scale) if scale > 1 and name != "JPEG" else image
        pixels = upright(rgb_on_white(small), turn)
    if turn >= 5:
        width, height = height, width
    return Decoded(pixels, width, height, header.format, frames)


def encode_thumbnail(
    decoded: Decoded, side: int, kind: Literal["WEBP", "JPEG"] = "WEBP", quality: int = 70, method: int = 4
) -> bytes:
    """At most `side` pixels a side, without any metadata: what reports and web pages may show.

    `method` is the effort of WebP, 0 to 6.
    """
    image = Image.fromarray(decoded.pixels)
    image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality, **({"method": method} if kind == "WEBP" else {}))
    return buffer.getvalue()


def read_file(path: Path, max_bytes: int = MAX_BYTES, first: int | None = None) -> bytes:
    """The bytes of a regular file, or only so many of its `first`; never waits on a FIFO or device.

    Raises RejectedError: unreadable, too_large. Raises ResourceError when the system is out of something.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RejectedError("unreadable", f"{path} is not a regular file")
            if status.st_size > max_bytes:
                raise RejectedError("too_large", f"{path} has {status.st_size} bytes")
            if first is not None:
                return os.read(descriptor, first)
            data = os.read(descriptor, status.st_size + 1)  # a file object costs more than the reading
            while len(data) <= max_bytes and (more := os.read(descriptor, 2**16)):  # it grew
                data += more
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO):
            raise ResourceError(f"cannot read {path}: {error.strerror}") from error
        said = getattr(error, "strerror", None) or error
        raise RejectedError("unreadable", f"{path}: {said}") from error
    if len(data) > max_bytes:
        raise RejectedError("too_large", f"{path} grew over {max_bytes} bytes")
    return data
