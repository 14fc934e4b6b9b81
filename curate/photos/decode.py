"""The one place that decodes pictures.

Order of checks (each raises RejectedError with a reason of `schemas.REASONS`): size, format by content, metadata,
pixel and side-ratio ceiling before any decode, full decode, first frame, 16-bit scaling, EXIF orientation,
transparency on white, RGB. Colour profiles are ignored, EXIF and all other metadata never leave this module.
"""

import errno
import io
import os
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFile

from curate.core.errors import RejectedError, ResourceError
from curate.photos import headers

MAX_BYTES = 64 * 1024**2
MAX_PIXELS = 50_000_000
MAX_PAINTED_PIXELS = 10 * MAX_PIXELS  # over all scans of a progressive JPEG; encoders write about ten
MAX_SIDE_RATIO = 10
MIN_SIDE = 80  # pixels; smaller than this both ways it is an icon, not a photo
MIN_CONTRAST = 2.0  # standard deviation of the liveliest channel, 0..255; under this it is one colour

_TIFF_COMPRESSIONS = {"raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate"}

# Pillow's other warnings are about metadata that is not used here.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture."""

    pixels: NDArray[np.uint8]  # (height, width, 3) RGB, or (height, width, 1) luma; upright
    width: int  # pixels of the original, upright; `pixels` may be smaller
    height: int
    format: str  # jpeg, png, webp, avif, gif, mpo, bmp, tiff
    frames: int


def decode(data: bytes, at_least: int | None = None, grey: bool = False) -> Picture:
    """Decode `data`; of an animation, its first frame.

    With `at_least`, a JPEG may come at 1/2, 1/4 or 1/8 scale while its shorter side stays >= that; with `grey`, it
    may come as its luma alone. Safe to call from several threads. Raises RejectedError: empty, not_an_image,
    format_not_allowed, metadata_bomb, too_many_pixels, aspect, decode_truncated, decode_failed.
    """
    header = headers.read(data)
    if header.width:
        _check_size(header.width, header.height, header)
    try:
        if header.format in ("jpeg", "mpo"):
            return _decode_jpeg(data, header, at_least, grey)
        return _decode_other(data, header)
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
        truncated = any(word in text.lower() for word in ("truncated", "premature end", "unexpected end"))
        raise RejectedError("decode_truncated" if truncated else "decode_failed", text) from error


def check(picture: Picture) -> None:
    """Refuse what cannot be a photo of anything. Raises RejectedError: too_small, blank."""
    size = picture.width, picture.height
    if max(size) < MIN_SIDE:
        raise RejectedError("too_small", f"{picture.width}x{picture.height} pixels", size)
    step = max(1, min(picture.pixels.shape[:2]) // 128)
    contrast = max(picture.pixels[::step, ::step, channel].std() for channel in range(3))  # 6 times std(axis=0)
    if contrast < MIN_CONTRAST:
        raise RejectedError("blank", f"contrast {contrast:.2f}", size)


def _check_size(width: int, height: int, header: headers.Header) -> None:
    """Refuse what is not worth decoding, or too much."""
    if width < 1 or height < 1:
        raise RejectedError("decode_failed", f"{width}x{height} pixels")
    upright = (height, width) if header.orientation >= 5 else (width, height)
    if width * height > MAX_PIXELS or width * height * header.scans > MAX_PAINTED_PIXELS:
        raise RejectedError("too_many_pixels", f"{width}x{height} pixels, painted {header.scans} times", upright)
    if max(width, height) > MAX_SIDE_RATIO * min(width, height):
        raise RejectedError("aspect", f"{width}x{height} pixels", upright)


def _decode_jpeg(data: bytes, header: headers.Header, at_least: int | None, grey: bool) -> Picture:
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        _check_size(width, height, header)
        scale = _scale(width, height, at_least)
        cmyk = colours in ("CMYK", "YCCK")
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(
            data,
            "CMYK" if cmyk else "GRAY" if grey else "RGB",
            min_width=-(-width // scale),
            min_height=-(-height // scale),
            min_factor=float(scale),
        )
    except ValueError as error:
        if str(error).startswith(("Premature end", "Corrupt JPEG data")):
            raise
        # Sound files can be beyond turbojpeg: unusual subsampling, a warning about a field nobody uses.
        return _decode_other(data, header)
    if cmyk:  # stored inverted, as Adobe does: 255 is no ink
        ink = pixels.astype(np.uint16)
        pixels = ((ink[..., :3] * ink[..., 3:] + 127) // 255).astype(np.uint8)
    if header.orientation >= 5:
        width, height = height, width
    return Picture(_upright(pixels, header.orientation), width, height, header.format, header.frames)


def _decode_other(data: bytes, header: headers.Header) -> Picture:
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # another library may have set it
    name = "JPEG" if header.format == "mpo" else header.format.upper()
    with Image.open(io.BytesIO(data), formats=[name]) as image:
        _check_size(*image.size, header)
        if name == "TIFF" and image.info.get("compression") not in _TIFF_COMPRESSIONS:
            raise RejectedError("format_not_allowed", f"TIFF with {image.info.get('compression')} compression")
        frames = getattr(image, "n_frames", 1) if name == "AVIF" else header.frames
        image.load()
        turn = header.orientation
        if name in ("PNG", "WEBP", "AVIF"):  # Pillow turns a TIFF by itself, GIF and BMP know no orientation
            turn = headers.orientation(image.info.get("exif", b""), image.info.get("xmp", b""))
        pixels = _upright(_rgb_on_white(image), turn)
    height, width = pixels.shape[:2]
    return Picture(pixels, width, height, header.format, frames)


def _scale(width: int, height: int, at_least: int | None) -> int:
    """Which fraction of a JPEG to decode: those that libjpeg-turbo has vector code for. It rounds sides up."""
    if at_least is None:
        return 1
    return next((scale for scale in (8, 4, 2) if -(-min(width, height) // scale) >= at_least), 1)


def _rgb_on_white(image: Image.Image) -> NDArray[np.uint8]:
    """(height, width, 3) RGB of what a person sees on a white page."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = _eight_bit(np.asarray(image))
        if isinstance(hidden := image.info.get("transparency"), int):
            grey = np.where(np.asarray(image) == hidden, np.uint8(255), grey)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("RGB"))


def _eight_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey of more than 8 bits as 8 bits. The full scale is the type's own; I and F carry none, so the smallest
    usual one (1 for F, 8, 16 or 32 bits) that holds all values is taken."""
    if values.dtype == np.uint16:
        high: NDArray[np.uint8] = (values >> 8).astype(np.uint8)
        return high
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    scales = [1.0] if np.issubdtype(values.dtype, np.floating) else []
    scales += [2.0**8 - 1, 2.0**16 - 1, 2.0**32 - 1]
    top = finite.max()
    scale = next((s for s in scales if top <= s), top)
    return (finite * (255 / scale) + 0.5).astype(np.uint8)


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an EXIF orientation (1..8)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def encode_thumbnail(picture: Picture, side: int) -> bytes:
    """A JPEG of at most `side` pixels a side, without any metadata: what reports and web pages may show."""
    image = Image.fromarray(picture.pixels)
    image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def read_file(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file; never waits on a FIFO or device.

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
            data = os.read(descriptor, status.st_size + 1)  # a file object costs more than the reading
            while len(data) <= max_bytes and (more := os.read(descriptor, 2**16)):  # it grew
                data += more
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO):
            raise ResourceError(f"cannot read {path}: {error.strerror}") from error
        raise RejectedError("unreadable", f"{path}: {error}") from error
    if len(data) > max_bytes:
        raise RejectedError("too_large", f"{path} grew over {max_bytes} bytes")
    return data
