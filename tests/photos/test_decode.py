"""What every decoder of this kind gets wrong somewhere: the I cases of the fault catalogue."""

import hashlib
import io
import math
import os
import re
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from curate.core import extras
from curate.core.errors import RejectedError, ResourceError, StateError
from curate.core.recipe import Photos, QualityThresholds
from curate.core.schemas import REASONS
from curate.photos import apart, decode, store

Pixels = NDArray[np.uint8]


def scene(width: int = 384, height: int = 256) -> Image.Image:
    """A smooth picture without any symmetry."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 40 + 180 * x / width
    green = 30 + 200 * y / height
    blue = 128 + 100 * np.sin(x / 37) * np.cos(y / 29)
    return Image.fromarray(np.stack([red, green, blue], axis=2).clip(0, 255).astype(np.uint8))


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


SCENE = scene()
JPEG = encode(SCENE, "JPEG", quality=92)
PROGRESSIVE = encode(SCENE, "JPEG", quality=92, progressive=True)


def reason(data: bytes, at_least: int | None = None) -> str:
    with pytest.raises(RejectedError) as caught:
        decode.decode(data, at_least)
    return caught.value.reason


def difference(a: Pixels, b: Pixels) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes) -> bytes:
    """The scene as PNG, with more chunks after its header."""
    plain = encode(SCENE, "PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def jpeg_with(marker: int, body: bytes) -> bytes:
    """The scene as JPEG, with one more segment."""
    return JPEG[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + JPEG[2:]


def tags(entries: list[tuple[int, int, int, int]], order: str = "<") -> bytes:
    """A TIFF structure with one directory of (tag, type, count, value)."""
    start = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}LH", 8, len(entries))
    body = b""
    for tag, kind, count, value in entries:
        short = kind == 3 and count == 1
        body += struct.pack(f"{order}HHL", tag, kind, count)
        body += struct.pack(f"{order}HH", value, 0) if short else struct.pack(f"{order}L", value)
    return start + body + bytes(4)


# --- I01, I02: nothing, or not all of it --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "empty", id="I01-0-bytes"),
        pytest.param(b"\xff", "not_an_image", id="I01-1-byte"),
        pytest.param(b"\xff\xd8", "not_an_image", id="I01-only-SOI"),
        pytest.param(b"\xff\xd8\xff", "decode_truncated", id="I01-SOI-and-a-half"),
        pytest.param(b"<!DOCTYPE html><title>404</title>", "not_an_image", id="I01-html"),
        pytest.param(b"\xff\xd8\xff<html>404</html>", "decode_truncated", id="I01-html-behind-SOI"),
    ],
)
def test_i01_nothing_to_decode(data: bytes, expected: str) -> None:
    assert reason(data) == expected


@pytest.mark.parametrize("at_least", [None, 32])
@pytest.mark.parametrize("whole", [pytest.param(JPEG, id="baseline"), pytest.param(PROGRESSIVE, id="progressive")])
@pytest.mark.parametrize("left", [4, 0.5, -2, -1])
def test_i02_cut_jpeg(whole: bytes, left: float, at_least: int | None) -> None:
    cut = whole[: int(len(whole) * left)] if left == 0.5 else whole[: int(left)]
    assert reason(cut, at_least) == "decode_truncated"


@pytest.mark.parametrize("at_least", [None, 32])
def test_i02_cut_jpeg_with_an_end_marker_put_back(at_least: int | None) -> None:
    assert reason(JPEG[: len(JPEG) // 2] + b"\xff\xd9", at_least) == "decode_truncated"


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
def test_i02_cut_files_of_other_formats(format: str) -> None:
    whole = encode(SCENE, format)
    assert reason(whole[: len(whole) // 2]) == "decode_truncated"
    assert reason(whole[:-2]) == "decode_truncated"


# --- I04, I05: too much of it -------------------------------------------------------------------------------


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        pytest.param(20_000, 20_000, "too_many_pixels", id="I04-20000"),
        pytest.param(16_000, 16_000, "too_many_pixels", id="I04-16000"),
        # 65,535 pixels in all: the ratio of its sides is what is wrong with it.
        pytest.param(65_535, 1, "aspect", id="I04-65535x1"),
        pytest.param(10_000, 3, "aspect", id="I16-10000x3"),
    ],
)
def test_i04_ceiling_before_any_decode(width: int, height: int, expected: str) -> None:
    assert reason(png_header(width, height)) == expected


def test_i04_ceiling_of_webp_before_its_decoder_allocates() -> None:
    canvas = (16_382).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas + canvas
    body = b"WEBP" + extended + encode(SCENE, "WEBP")[12:]
    assert reason(b"RIFF" + struct.pack("<I", len(body)) + body) == "too_many_pixels"


def test_i04_progressive_jpeg_that_paints_without_end() -> None:
    start = PROGRESSIVE.rfind(b"\xff\xda")
    last_scan = PROGRESSIVE[start:-2]
    bomb = PROGRESSIVE[:start] + last_scan * 40_000 + b"\xff\xd9"
    began = time.perf_counter()
    assert reason(bomb) == "too_many_pixels"
    assert time.perf_counter() - began < 1


def test_i04_a_recipe_may_want_fewer_pixels() -> None:
    assert decode.decode(JPEG, max_pixels=384 * 256).width == 384
    with pytest.raises(RejectedError, match="too_many_pixels") as caught:
        decode.decode(JPEG, max_pixels=384 * 256 - 1)
    assert caught.value.size == (384, 256)
    assert Photos().max_megapixels * 10**6 >= 16320 * 12240  # the largest of phones
    with pytest.raises(ValueError, match="less than or equal to"):
        Photos(max_megapixels=decode.MAX_PIXELS // 10**6 + 1)
    assert Photos(max_megapixels=decode.MAX_PIXELS // 10**6)
    assert Photos().min_side == decode.MIN_SIDE


def peak_mb(path: Path) -> int:
    """Of a new process, and of those it starts, that decodes a file as `fetch` does."""
    script = """if True:
        import resource, sys
        from curate.photos import decode
        picture = decode.decode(open(sys.argv[1], "rb").read(), at_least=160)
        assert min(picture.pixels.shape[:2]) >= 160
        processes = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
        print(max(resource.getrusage(who).ru_maxrss for who in processes) // 1024)
        """
    run = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    return int(run.stdout)


def test_i04_memory_stays_flat_over_large_jpegs(tmp_path: Path) -> None:
    """12 and 108 megapixels, the latter 9 times as many."""
    sizes = {"small": (4_032, 3_024), "large": (12_000, 9_000)}
    for name, size in sizes.items():
        Image.new("RGB", size, "red").save(tmp_path / name, "JPEG")
    small, more = (peak_mb(tmp_path / name) for name in sizes)
    assert more < small + 60, f"{small} and {more} MB"


def test_i17_what_may_take_long_is_decoded_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"JPEG": JPEG, "cut": JPEG[: len(JPEG) // 2] + b"\xff\xd9"}  # a process each
    here = {name: decode.decode(each, at_least=100) for name, each in data.items() if name != "cut"}
    monkeypatch.setattr(decode, "HEAVY", 1)
    for name, expected in here.items():
        there = decode.decode(data[name], at_least=100)
        assert np.array_equal(there.pixels, expected.pixels)
        assert there.pixels.flags.writeable
        assert (there.width, there.height, there.format) == (384, 256, expected.format)
    assert reason(data["cut"]) == "decode_truncated"
    monkeypatch.setattr(apart, "LIMIT_S", 0.01)
    assert reason(JPEG) == "decode_timeout"
    assert "decode_timeout" in REASONS["fetch"]


def test_i17_a_decoder_that_crashes_costs_its_photo_and_one_that_lacks_memory_ends_the_run() -> None:
    die = "import os, signal; os.kill(os.getpid(), signal.{})"
    with pytest.raises(RejectedError, match="decode_failed: the decoder crashed on it: SIGSEGV"):
        apart.call(die.format("SIGSEGV"), [], b"", 60)
    with pytest.raises(ResourceError, match=r"was ended, probably for lack of memory$"):
        apart.call(die.format("SIGKILL"), [], b"", 60)
    told = "import os; os.write(2, b'{}\\n'); os.abort()"
    with pytest.raises(RejectedError, match="decode_failed: the decoder crashed on it: SIGABRT"):
        apart.call(told.format("free(): invalid pointer"), [], b"", 60)
    with pytest.raises(ResourceError, match="was ended, probably for lack of memory: terminate called"):
        apart.call(told.format("terminate called after throwing std::bad_alloc"), [], b"", 60)
    with pytest.raises(ResourceError, match="failed: MemoryError: no room"):
        apart.call("raise MemoryError('no room')", [], b"", 60)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate"])
def test_libtiff_writes_nothing_to_stderr(compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    whole = encode(SCENE, "TIFF", compression=compression)
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(20):
        data = np.frombuffer(whole, np.uint8).copy()
        data[random.integers(8, len(data), 20)] = random.integers(0, 256, 20)
        try:
            decode.decode(data.tobytes())
        except RejectedError:
            refused += 1
    assert refused
    assert capfd.readouterr().err == ""


def test_i04_so_many_pixels_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PIXELS_AT_ONCE", 250_000)
    under_way, most, lock = [0], [0], threading.Lock()

    def watched(pixels: int) -> None:
        with apart.budget(pixels):
            with lock:
                under_way[0] += pixels
                most[0] = max(most[0], under_way[0])
            time.sleep(0.02)
            with lock:
                under_way[0] -= pixels

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(watched, [100_000] * 16))
        assert 100_000 < most[0] <= 250_000
        most[0] = 0
        list(pool.map(watched, [900_000] * 3))
        assert most[0] == 900_000, "more than all of it: alone"


def small_but_large() -> bytes:
    """50 MB of zeros, compressed."""
    return zlib.compress(bytes(50_000_000), 1)


OVERLAPPING = [(tag, 7, 50_000, 0) for tag in range(5_000)]  # 250 MB out of 60 kB


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda: png_with(*[chunk(b"tEXt", b"k\0v")] * 10_000), id="I05-10000-text-chunks"),
        pytest.param(lambda: png_with(chunk(b"zTXt", b"k\0\0" + small_but_large())), id="I05-zTXt"),
        pytest.param(lambda: png_with(chunk(b"iCCP", b"k\0\0" + small_but_large())), id="I05-iCCP"),
        pytest.param(lambda: png_with(chunk(b"tEXt", b"k\0" + b"v" * 9_000_000)), id="I05-9MB-text"),
        pytest.param(lambda: png_with(chunk(b"eXIf", tags(OVERLAPPING))), id="I05-png-exif"),
        pytest.param(lambda: jpeg_with(0xE1, b"Exif\0\0" + tags(OVERLAPPING)), id="I05-jpeg-exif"),
        pytest.param(lambda: jpeg_with(0xE2, b"MPF\0" + tags(OVERLAPPING)), id="I05-jpeg-mpf"),
        pytest.param(lambda: encode(SCENE, "WEBP", exif=b"Exif\0\0" + tags(OVERLAPPING)), id="I05-webp-exif"),
        pytest.param(lambda: tags(OVERLAPPING) + bytes(100_000), id="I05-tiff-tags"),
        pytest.param(
            lambda: tags([(0x8769, 4, 1, 26)]) + tags([(t, 7, 50_000, 0) for t in range(5_000)])[8:],
            id="I05-tiff-exif-tags",
        ),
        pytest.param(lambda: JPEG[:2] + b"\xff\xfe\x00\x02" * 10_000 + JPEG[2:], id="I05-10000-comments"),
        pytest.param(lambda: JPEG[:2] + b"\xff\x01" * 10_000 + JPEG[2:], id="I05-10000-empty-markers"),
    ],
)
def test_i05_metadata_bomb(data: Callable[[], bytes]) -> None:
    assert reason(data()) == "metadata_bomb"


def test_i05_avif_exif_bomb() -> None:
    exif = tags([(tag, 7, 50_000, 0) for tag in range(5_000)])
    plain = encode(SCENE, "AVIF", exif=tags([(0x0112, 3, 1, 1)]))
    assert decode.decode(plain).format == "avif"
    box = struct.pack(">I", len(exif) + 8) + b"free" + exif
    assert reason(plain + box) == "metadata_bomb"


def test_i05_ordinary_metadata_is_welcome() -> None:
    data = encode(
        SCENE, "JPEG", exif=tags([(0x010F, 2, 4, 0x41424300)]), icc_profile=b"p" * 600_000, comment=b"hi"
    )
    assert decode.decode(data).width == 384


# --- I06, I07: other kinds of file --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="I06-EPS"),
        pytest.param(b"8BPS\0\1" + bytes(40), id="I06-PSD"),
        pytest.param(b"SIMPLE  =                    T" + bytes(2880), id="I06-FITS"),
        pytest.param(
            b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', id="I06-SVG"
        ),
        pytest.param(b"%PDF-1.7\n", id="I06-PDF"),
        pytest.param(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(99), id="I06-MP4"),
        pytest.param(b"PK\3\4" + bytes(40), id="I06-ZIP"),
        pytest.param(b"\x89HDF\r\n\x1a\n" + bytes(40), id="I06-HDF5"),
        pytest.param(encode(SCENE, "JPEG2000"), id="I06-JPEG2000"),
        pytest.param(encode(SCENE, "ICO"), id="I06-ICO"),
        pytest.param(encode(SCENE, "TIFF", compression="jpeg"), id="I06-TIFF-with-a-rare-codec"),
    ],
)
def test_i06_not_a_photo_format(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "gs"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n")
    trap.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert reason(data) == "format_not_allowed"
    assert not (tmp_path / "called").exists()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99)


def test_i07_heic_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras.MODULES, "heif", ("no_such_package",))
    with pytest.raises(RejectedError, match=r"pip install 'curate-photos\[heif\]'.*export it as JPEG") as caught:
        decode.decode(HEIC)
    assert caught.value.reason == "heic"
    assert extras.install("heif") in REASONS["fetch"]["heic"]


def test_i07_heic_is_read_where_pillow_heif_is_installed() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="reads HEIC")
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    try:
        data = encode(SCENE, "HEIF", quality=90, exif=exif.tobytes())
    except (OSError, RuntimeError):
        pytest.skip("this pillow_heif cannot write HEIC")
    picture = decode.decode(data)
    assert (picture.width, picture.height, picture.format) == (256, 384, "heif")
    assert difference(picture.pixels, np.asarray(SCENE.transpose(Image.Transpose.ROTATE_270))) < 4
    for damaged in (HEIC, data[: len(data) // 2]):
        with pytest.raises(RejectedError, match="heic_failed: HEIC file, read by pillow-heif: "):
            decode.decode(damaged)
    assert "pillow-heif, which is installed" in REASONS["fetch"]["heic_failed"]


# --- I08: everything a phone or site may send ---------------------------------------------------------------


def ycck() -> bytes:
    data = bytearray(encode(SCENE.convert("CMYK"), "JPEG", quality=92))
    adobe = data.index(b"Adobe")
    data[adobe + 11] = 2  # colour transform: the same four planes now mean YCCK
    return bytes(data)


def rgb_jpeg() -> bytes:
    return encode(SCENE, "JPEG", quality=92, keep_rgb=True)


@pytest.mark.parametrize(
    ("make", "format"),
    [
        pytest.param(lambda: JPEG, "jpeg", id="I08-baseline"),
        pytest.param(lambda: PROGRESSIVE, "jpeg", id="I08-progressive"),
        pytest.param(lambda: encode(SCENE.convert("L"), "JPEG"), "jpeg", id="I08-grey"),
        pytest.param(lambda: encode(SCENE.convert("CMYK"), "JPEG"), "jpeg", id="I08-CMYK"),
        pytest.param(lambda: ycck(), "jpeg", id="I08-YCCK"),
        pytest.param(lambda: rgb_jpeg(), "jpeg", id="I08-Adobe-RGB-marker"),
        pytest.param(lambda: encode(SCENE, "JPEG", subsampling="4:1:1"), "jpeg", id="I08-4:1:1"),
        pytest.param(lambda: encode(SCENE, "MPO", save_all=True, append_images=[SCENE]), "mpo", id="I08-MPO"),
        pytest.param(lambda: encode(SCENE, "PNG"), "png", id="I08-PNG"),
        pytest.param(lambda: encode(SCENE, "WEBP"), "webp", id="I08-WebP"),
        pytest.param(lambda: encode(SCENE, "WEBP", lossless=True), "webp", id="I08-WebP-lossless"),
        pytest.param(lambda: encode(SCENE, "AVIF"), "avif", id="I08-AVIF"),
        pytest.param(lambda: encode(SCENE, "GIF"), "gif", id="I08-GIF"),
        pytest.param(lambda: encode(SCENE, "BMP"), "bmp", id="I08-BMP"),
        pytest.param(lambda: encode(SCENE, "TIFF", compression="tiff_lzw"), "tiff", id="I08-TIFF"),
    ],
)
def test_i08_equals_pillow(make: Callable[[], bytes], format: str) -> None:
    data = make()
    picture = decode.decode(data)
    reference = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert (picture.width, picture.height, picture.format) == (384, 256, format)
    assert picture.pixels.shape == (256, 384, 3) and picture.pixels.flags.c_contiguous
    assert difference(picture.pixels, reference) < 0.1
    if format != "gif" and b"Adobe" not in data[:2000] and data != encode(SCENE.convert("L"), "JPEG"):
        assert difference(picture.pixels, np.asarray(SCENE)) < 4


@pytest.mark.parametrize(
    "data", [JPEG, PROGRESSIVE, ycck(), rgb_jpeg()], ids=["baseline", "progressive", "YCCK", "RGB"]
)
@pytest.mark.parametrize(
    ("at_least", "size"), [(32, (48, 32)), (33, (96, 64)), (100, (192, 128)), (129, (384, 256))]
)
def test_i08_reduced_scale_is_the_same_picture(data: bytes, at_least: int, size: tuple[int, int]) -> None:
    picture = decode.decode(data, at_least)
    full = Image.fromarray(decode.decode(data).pixels)
    assert (picture.width, picture.height) == (384, 256)
    assert picture.pixels.shape == (size[1], size[0], 3)
    assert difference(picture.pixels, np.asarray(full.resize(size, Image.Resampling.BOX))) < 2


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 200))
@settings(deadline=None, max_examples=60)
def test_i08_reduced_scale_keeps_what_was_asked_for(width: int, height: int, at_least: int) -> None:
    if max(width, height) > 10 * min(width, height):
        return
    picture = decode.decode(encode(SCENE.resize((width, height)), "JPEG"), at_least)
    assert (picture.width, picture.height) == (width, height)
    shorter = min(picture.pixels.shape[:2])
    assert shorter >= min(at_least, width, height)
    assert shorter < 2 * at_least + 2 or shorter <= -(-min(width, height) // 8)


def unusual_subsampling() -> bytes:
    """16x8 grey pixels in colour, the two chroma planes sampled differently: legal, but turbojpeg refuses."""
    data = encode(Image.new("RGB", (16, 8), (128, 128, 128)), "JPEG", subsampling="4:4:4")
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    head = bytearray(data[: scan + 14])
    for component in range(2):
        head[frame + 11 + 3 * component] = 0x21
    bits = "001010" * 2 + "0000" * 3  # blocks without any coefficient, in the standard Huffman tables
    return bytes(head) + int(bits.ljust(32, "1"), 2).to_bytes(4) + b"\xff\xd9"


def test_i08_jpegs_beyond_turbojpeg_go_to_pillow() -> None:
    picture = decode.decode(unusual_subsampling(), at_least=1)
    assert (
        picture.pixels.shape == (8, 16, 3) and difference(picture.pixels, np.full((8, 16, 3), 128, np.uint8)) < 1
    )
    zeroed = bytearray(JPEG)  # some cameras leave the spectral selection of a baseline scan empty
    scan = JPEG.index(b"\xff\xda")
    zeroed[scan + 12] = 0
    assert difference(decode.decode(bytes(zeroed)).pixels, decode.decode(JPEG).pixels) == 0


def with_restarts() -> bytes:
    return encode(SCENE, "JPEG", quality=92, restart_marker_rows=1)


def before(data: bytes, marker: bytes, stray: bytes, start: bytes = b"") -> bytes:
    """`data` with stray bytes before a marker, the first behind `start`."""
    place = data.index(marker, data.index(start) + len(start))
    return data[:place] + stray + data[place:]


EOI, SOS, DHT = b"\xff\xd9", b"\xff\xda", b"\xff\xc4"


@pytest.mark.parametrize("at_least", [None, 32])
@pytest.mark.parametrize(
    ("data", "clean"),
    [
        pytest.param(before(JPEG, EOI, bytes(99)), JPEG, id="zeros-before-the-end"),
        pytest.param(before(JPEG, EOI, bytes(range(1, 200))), JPEG, id="others-before-the-end"),
        pytest.param(before(PROGRESSIVE, EOI, b"abc" * 9), PROGRESSIVE, id="progressive"),
        pytest.param(before(PROGRESSIVE, DHT, b"abc" * 9, SOS), PROGRESSIVE, id="between-two-scans"),
        pytest.param(before(JPEG, b"\xff\xdb", b"abc"), JPEG, id="in-the-header"),
        pytest.param(before(with_restarts(), b"\xff\xd3", b"abc" * 9), with_restarts(), id="before-a-restart"),
        pytest.param(
            before(before(with_restarts(), b"\xff\xd3", b"abcdefghijkl"), EOI, bytes(50)),
            with_restarts(),
            id="twice",
        ),
        pytest.param(
            before(JPEG, EOI, bytes(99)) + b"\0\0\0\x18ftypmp42" + b"\1" * 9_000, JPEG, id="a-clip-behind"
        ),
    ],
)
def test_i08_stray_bytes_before_a_marker_are_no_damage(data: bytes, clean: bytes, at_least: int | None) -> None:
    assert np.array_equal(decode.decode(data, at_least).pixels, decode.decode(clean, at_least).pixels)
    by_pillow = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(by_pillow, np.asarray(Image.open(io.BytesIO(clean)))), "nor does Pillow see a difference"


def test_i08_stray_bytes_hide_no_damage() -> None:
    damaged = bytearray(JPEG)
    scan = JPEG.index(SOS) + 14
    damaged[scan + 500 : scan + 1500] = bytes(range(1, 251)) * 4
    assert reason(before(bytes(damaged), EOI, bytes(99))) in ("decode_failed", "decode_truncated")
    assert reason(before(JPEG[: len(JPEG) // 2], b"", b"", b"") + bytes(99) + EOI) in (
        "decode_failed",
        "decode_truncated",
    )


def test_i08_stray_bytes_everywhere_end_the_search() -> None:
    rows = encode(scene(256, 2_000), "JPEG", restart_marker_rows=1)
    stray = re.sub(rb"(\xff[\xd0-\xd7])", rb"strayed\1", rows)
    began = time.process_time()
    assert reason(stray) in ("decode_failed", "decode_truncated")
    assert time.process_time() - began < 2


def test_i08_damage_inside_the_scan_is_found() -> None:
    damaged = bytearray(JPEG)
    scan = JPEG.index(b"\xff\xda") + 14
    damaged[scan + 500 : scan + 1500] = bytes(range(1, 251)) * 4
    assert reason(bytes(damaged)) in ("decode_failed", "decode_truncated")


# --- I09: animations ----------------------------------------------------------------------------------------


def long_gif(frames: int) -> bytes:
    one = encode(scene(96, 96), "GIF")
    start = one.index(b"\x2c", 13 + 768)
    return one[:start] + one[start:-1] * frames + b";"


FRAMES = [scene(100, 100), scene(100, 100).rotate(90), scene(100, 100).rotate(180)]


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        pytest.param(lambda: encode(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]), 3, id="I09-GIF"),
        pytest.param(
            lambda: encode(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:], lossless=True),
            3,
            id="I09-WebP",
        ),
        pytest.param(lambda: encode(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]), 3, id="I09-APNG"),
        pytest.param(lambda: encode(FRAMES[0], "AVIF", save_all=True, append_images=FRAMES[1:]), 3, id="I09-AVIF"),
        pytest.param(lambda: encode(FRAMES[0], "MPO", save_all=True, append_images=FRAMES[1:]), 3, id="I09-MPO"),
        pytest.param(lambda: long_gif(10_000), 10_000, id="I09-GIF-10000"),
    ],
)
def test_i09_first_frame_and_count(data: Callable[[], bytes], frames: int) -> None:
    file = data()
    began = time.perf_counter()
    picture = decode.decode(file)
    assert picture.frames == frames
    assert difference(picture.pixels, np.asarray(scene(*picture.pixels.shape[1::-1]))) < 8
    assert time.perf_counter() - began < 5


# --- I10, I11: the same visible picture ---------------------------------------------------------------------


def png16(samples: NDArray[np.uint16], colour_type: int) -> bytes:
    height, width = samples.shape[:2]
    rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    )


def test_i10_sixteen_bits_are_scaled() -> None:
    colour = np.asarray(SCENE).astype(np.uint16)
    grey = np.asarray(SCENE.convert("L")).astype(np.uint16)
    assert difference(decode.decode(png16(colour * 257, 2)).pixels, np.asarray(SCENE)) == 0
    assert (
        difference(decode.decode(png16(grey * 257, 0)).pixels, np.asarray(SCENE.convert("L").convert("RGB"))) == 0
    )
    wobbly = grey * 257 - np.minimum(grey * 257, 100)  # not a multiple of 257
    assert difference(decode.decode(png16(wobbly, 0)).pixels, np.asarray(SCENE.convert("L").convert("RGB"))) < 1


LEFT = np.arange(128) < 64
RAMP = np.where(LEFT, 255, np.arange(128)).astype(np.uint8)[None].repeat(96, 0)  # (96, 128), left half white
HIDDEN = np.where(LEFT, 7, RAMP).astype(np.uint8)  # the left half has another colour, and no opacity
ALPHA = Image.fromarray(np.where(LEFT, 0, 255).astype(np.uint8)[None].repeat(96, 0))


def visible_variants() -> dict[str, bytes]:
    """One visible picture in every mode that can hold it."""
    grey, hidden = Image.fromarray(RAMP), Image.fromarray(HIDDEN)
    rgba = Image.merge("RGBA", (hidden, hidden, hidden, ALPHA))
    grey16 = png16(HIDDEN.astype(np.uint16) * 257, 0)
    return {
        "L": encode(grey, "PNG"),
        "LA": encode(Image.merge("LA", (hidden, ALPHA)), "PNG"),
        "RGBA": encode(rgba, "PNG"),
        "RGBA-other-hidden": encode(Image.merge("RGBA", (grey, hidden, grey, ALPHA)), "PNG"),
        "RGBA-webp": encode(rgba, "WEBP", lossless=True),
        "RGBA-tiff": encode(rgba, "TIFF"),
        "P-transparency": encode(hidden.convert("P"), "PNG", transparency=7),
        "P-partial-alpha": encode(hidden.convert("P"), "PNG", transparency=bytes(7) + b"\0" + b"\xff" * 248),
        "P-gif": encode(hidden.convert("P"), "GIF", transparency=7),
        "L-tRNS": encode(hidden, "PNG", transparency=7),
        "RGB-tRNS": encode(hidden.convert("RGB"), "PNG", transparency=(7, 7, 7)),
        "I;16": png16(RAMP.astype(np.uint16) * 257, 0),
        "I;16-tRNS": grey16[:33] + chunk(b"tRNS", struct.pack(">H", 7 * 257)) + grey16[33:],
        "I;16-tiff": encode(Image.fromarray(RAMP.astype(np.uint16) * 257), "TIFF"),
        "I": encode(Image.fromarray(RAMP.astype(np.int32)), "TIFF"),
        "I-32-bits": encode(Image.fromarray(RAMP.astype(np.int32) * 257), "TIFF"),
        "F": encode(Image.fromarray(RAMP.astype(np.float32)), "TIFF"),
        "F-up-to-1": encode(Image.fromarray(RAMP.astype(np.float32) / 255), "TIFF"),
    }


@pytest.mark.parametrize("data", [pytest.param(d, id=f"I11-{name}") for name, d in visible_variants().items()])
def test_i11_same_visible_picture_same_pixels(data: bytes) -> None:
    assert np.array_equal(decode.decode(data).pixels, RAMP[..., None].repeat(3, 2))


def test_i11_one_bit_and_half_transparent() -> None:
    checks = Image.fromarray(((np.indices((96, 96)).sum(0) // 8 % 2) * 255).astype(np.uint8))
    bits = decode.decode(encode(checks.convert("1"), "PNG")).pixels
    assert np.array_equal(bits, decode.decode(encode(checks, "PNG")).pixels)
    glass = decode.decode(encode(Image.new("RGBA", (96, 96), (0, 0, 0, 128)), "PNG")).pixels
    assert 126 <= glass.min() <= glass.max() <= 128


def test_i11_numbers_that_are_no_colour() -> None:
    odd = np.tile(np.array([np.nan, np.inf, -np.inf, -5.0, 0.0, 100.0], np.float32), (90, 20))
    pixels = decode.decode(encode(Image.fromarray(odd), "TIFF")).pixels
    assert pixels[0, :6, 0].tolist() == [0, 0, 0, 0, 0, 100]


# --- I12 to I15: metadata -----------------------------------------------------------------------------------

# What a camera did to the upright scene, per EXIF orientation; decoding undoes it.
TURNED: dict[int, Callable[[Image.Image], Image.Image]] = {
    1: lambda image: image,
    2: ImageOps.mirror,
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: ImageOps.flip,
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}


def oriented(value: int, order: str = "<") -> bytes:
    return tags([(0x0112, 3, 1, value)], order)


def xmp(value: int) -> bytes:
    return f'<x:xmpmeta><rdf:Description tiff:Orientation="{value}"/></x:xmpmeta>'.encode()


@pytest.mark.parametrize("turn", TURNED, ids=[f"I12-{turn}" for turn in TURNED])
@pytest.mark.parametrize("order", ["<", ">"])
def test_i12_orientation_is_undone_once(turn: int, order: str) -> None:
    exif, turned = b"Exif\0\0" + oriented(turn, order), TURNED[turn](SCENE)
    files = {
        "PNG": encode(turned, "PNG", exif=exif),
        "WEBP": encode(turned, "WEBP", lossless=True, exif=exif),
        "JPEG": encode(turned, "JPEG", quality=95, exif=exif),
        "both": encode(turned, "JPEG", quality=95, exif=exif, xmp=xmp(turn)),
        "XMP": encode(turned, "JPEG", quality=95, xmp=xmp(turn)),
        "AVIF": encode(turned, "AVIF", quality=95, exif=exif),
    }
    for name, data in files.items():
        picture = decode.decode(data)
        assert (picture.width, picture.height) == (384, 256), name
        assert difference(picture.pixels, np.asarray(SCENE)) < 3, name
        assert np.array_equal(picture.pixels, reference_upright(data)), name
    small = decode.decode(files["JPEG"], at_least=32)
    assert small.pixels.shape == (32, 48, 3)
    assert difference(small.pixels, np.asarray(SCENE.resize((48, 32), Image.Resampling.BOX))) < 3


def reference_upright(data: bytes) -> Pixels:
    """Pillow's own answer."""
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


def test_i12_orientation_in_tiff() -> None:
    for turn, camera in TURNED.items():
        picture = decode.decode(encode(camera(SCENE), "TIFF", tiffinfo={0x0112: turn}))
        assert (picture.width, picture.height) == (384, 256)
        assert np.array_equal(picture.pixels, np.asarray(SCENE))


@pytest.mark.parametrize(
    "exif",
    [
        pytest.param(oriented(0), id="I12-0"),
        pytest.param(oriented(9), id="I12-9"),
        pytest.param(oriented(65_535), id="I12-65535"),
        pytest.param(tags([(0x0112, 2, 400_000_000, 3)]), id="I12-text-of-400-MB"),
        pytest.param(b"garbage", id="I12-garbage"),
        pytest.param(b"II*\0\xff\xff\xff\xff", id="I13-directory-beyond-the-end"),
        pytest.param(b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01", id="I13-truncated"),
        pytest.param(oriented(1)[:-4] + b"\x08\0\0\0", id="I13-next-directory-is-itself"),
        pytest.param(tags([(0x8769, 4, 1, 8)]), id="I13-sub-directory-is-itself"),
        pytest.param(b"", id="I13-empty"),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_i13_broken_exif_is_no_exif(exif: bytes, format: str) -> None:
    picture = decode.decode(encode(SCENE, format, exif=b"Exif\0\0" + exif))
    assert (picture.width, picture.height) == (384, 256)


def test_i13_nothing_personal_is_served() -> None:
    exif = b"Exif\0\0" + tags([(0x8825, 4, 1, 26), (0x0112, 3, 1, 6)]) + b"GPS-SECRET"
    data = encode(SCENE, "JPEG", exif=exif, icc_profile=b"ICC-SECRET", comment=b"SECRET", xmp=b"SECRET")
    thumbnail = decode.encode_thumbnail(decode.decode(data), 100)
    assert b"SECRET" in data and b"SECRET" not in thumbnail and b"Exif" not in thumbnail
    with Image.open(io.BytesIO(thumbnail)) as image:
        assert image.format == "WEBP" and image.size == (67, 100)  # turned
        assert set(image.info) <= {"loop", "background"}


def test_i13_thumbnail_never_enlarges() -> None:
    with Image.open(io.BytesIO(decode.encode_thumbnail(decode.decode(JPEG), 1000))) as image:
        assert image.size == (384, 256)


@pytest.mark.parametrize("profile", [b"garbage", b"\0" * 128], ids=["I14-garbage", "I14-zeros"])
def test_i14_colour_profiles_are_ignored(profile: bytes) -> None:
    for format in ("JPEG", "PNG", "WEBP"):
        with_profile, plain = encode(SCENE, format, icc_profile=profile), encode(SCENE, format)
        assert np.array_equal(decode.decode(with_profile).pixels, decode.decode(plain).pixels)


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\3\4" + bytes(99), JPEG[: len(JPEG) // 2]])
def test_i15_polyglot_is_a_picture_and_nothing_else(tail: bytes) -> None:
    for at_least in (None, 32):
        picture = decode.decode(JPEG + tail, at_least)
        assert np.array_equal(picture.pixels, decode.decode(JPEG, at_least).pixels)
        assert tail not in decode.encode_thumbnail(picture, 200)


# --- I16, I18 and threads -----------------------------------------------------------------------------------


def gate(data: bytes) -> str:
    try:
        decode.check(decode.decode(data, at_least=32))
    except RejectedError as error:
        return error.reason
    return ""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(lambda: encode(scene(1, 1), "PNG"), "too_small", id="I16-1x1"),
        pytest.param(lambda: encode(scene(79, 79), "JPEG"), "too_small", id="I16-79x79"),
        pytest.param(lambda: encode(scene(10_000, 3), "JPEG"), "aspect", id="I16-10000x3"),
        pytest.param(lambda: encode(Image.new("RGB", (640, 480), "black"), "JPEG"), "blank", id="I16-black"),
        pytest.param(lambda: encode(Image.new("L", (640, 480), 255), "PNG"), "blank", id="I16-white"),
        pytest.param(
            lambda: encode(Image.new("RGBA", (640, 480), (9, 9, 9, 0)), "PNG"), "blank", id="I16-transparent"
        ),
        pytest.param(lambda: encode(scene(80, 79), "JPEG"), "", id="I16-80x79"),
        pytest.param(lambda: JPEG, "", id="I16-a-photo"),
    ],
)
def test_i16_what_cannot_be_a_photo(data: Callable[[], bytes], expected: str) -> None:
    assert gate(data()) == expected


def test_i16_the_limits_are_named_where_the_reasons_are_told() -> None:
    said = REASONS["fetch"]
    assert said["too_small"].endswith("photos.min_side")
    assert f"than {decode.MAX_SIDE_RATIO} times" in said["aspect"]
    assert f"than {decode.MIN_CONTRAST:g} levels" in said["blank"]
    assert "photos.max_megapixels" in said["too_many_pixels"]
    assert said["too_large"].endswith(f" {decode.MAX_BYTES // 2**20} MiB")
    assert f"under {math.ceil(224 * QualityThresholds().odd_size)} pixels" in REASONS["clean"]["too_small"]
    assert f"than {1 / QualityThresholds().odd_aspect_ratio:g} times" in REASONS["clean"]["odd_shape"]


def test_i16_a_dark_photo_is_not_blank() -> None:
    night = Image.fromarray((np.asarray(SCENE) // 16).astype(np.uint8))
    assert gate(encode(night, "JPEG")) == ""


@pytest.mark.parametrize("strength", [1.5, 1.9, 1.99, 2.01, 2.1, 7.9, 8.1, 30])
def test_i16_contrast_is_that_of_all_pixels_wherever_they_vary(strength: float) -> None:
    random = np.random.default_rng(3)
    pixels = np.full((240, 320, 3), 90, np.uint8)
    pixels[::4, ::4, 0] = np.clip(90 + 4 * strength * random.choice([-1, 1], (60, 80)), 0, 255)  # one of 16 alone
    lively = max(pixels[..., channel].std() for channel in range(3)) >= decode.MIN_CONTRAST
    picture = decode.Decoded(pixels, 320, 240, "jpeg", 1)
    if lively:
        decode.check(picture)
    else:
        with pytest.raises(RejectedError, match="blank"):
            decode.check(picture)


def test_i18_another_library_tolerates_truncation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    bmp = encode(SCENE, "BMP")
    assert reason(bmp[: len(bmp) // 2]) == "decode_truncated"
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_i18_pillows_own_ceiling_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60_000)  # the scene is between one and two times that
    assert reason(encode(SCENE, "PNG")) == "too_many_pixels"


def test_threads_decode_the_same() -> None:
    files = [
        JPEG,
        PROGRESSIVE,
        JPEG[:-2],
        encode(SCENE, "PNG"),
        encode(SCENE, "WEBP"),
        png_header(16_000, 16_000),
    ] * 8

    def digest(data: bytes) -> str:
        try:
            return hashlib.sha256(decode.decode(data, 64).pixels.tobytes()).hexdigest()
        except RejectedError as error:
            return error.reason

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(digest, files)) == [digest(data) for data in files]


def test_out_of_memory_is_not_the_photos_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("simplejpeg.decode_jpeg", fail)
    with pytest.raises(ResourceError, match="fewer workers"):
        decode.decode(JPEG)


SMALL = scene(96, 80)
SEEDS = [
    *[encode(SMALL, format, exif=b"Exif\0\0" + oriented(6)) for format in ("JPEG", "PNG", "WEBP", "AVIF")],
    *[encode(SMALL, format) for format in ("GIF", "BMP", "TIFF")],
    encode(SMALL, "JPEG", progressive=True),
    encode(SMALL, "TIFF", compression="tiff_lzw"),
]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    st.integers(0, 10_000),
    st.sampled_from([None, 16]),
)
@settings(deadline=None, max_examples=600)
def test_any_damage_ends_in_a_picture_or_a_reason(
    seed: bytes, edits: list[tuple[int, int]], cut: int, at_least: int | None
) -> None:
    data = bytearray(seed)
    for place, value in edits:
        data[place % len(data)] = value
    if cut % 3 == 0:
        del data[cut % len(data) :]
    try:
        picture = decode.decode(bytes(data), at_least)
    except RejectedError as error:
        assert error.reason in REASONS["fetch"]
    else:
        assert picture.pixels.dtype == np.uint8 and picture.pixels.shape[2] == 3


# --- I03, I19, I20, M13: files ------------------------------------------------------------------------------


def test_stored_under_its_content(tmp_path: Path) -> None:
    path, sha256 = store.put(tmp_path, JPEG, "jpeg")
    assert sha256 == hashlib.sha256(JPEG).hexdigest()
    assert path == f"images/{sha256[:2]}/{sha256}.jpg"
    assert (tmp_path / path).read_bytes() == JPEG
    written = (tmp_path / path).stat().st_mtime_ns
    assert store.put(tmp_path, JPEG, "jpeg") == (path, sha256)
    assert (tmp_path / path).stat().st_mtime_ns == written
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [f"{sha256}.jpg"]
    picture = store.load(tmp_path, path, sha256, at_least=32)
    assert (picture.width, picture.pixels.shape) == (384, (32, 48, 3))


def test_a_damaged_file_is_stored_again(tmp_path: Path) -> None:
    path, sha256 = store.put(tmp_path, JPEG, "jpeg")
    (tmp_path / path).write_bytes(JPEG[:-1] + b"?")
    store.put(tmp_path, JPEG, "jpeg")
    assert store.load(tmp_path, path, sha256).width == 384


@pytest.mark.parametrize("format", ["jpeg", "mpo", "png", "webp", "avif", "gif", "bmp", "tiff"])
def test_i20_names_come_from_content_alone(tmp_path: Path, format: str) -> None:
    path, sha256 = store.put(tmp_path, JPEG, format)
    assert re.fullmatch(r"images/[0-9a-f]{2}/[0-9a-f]{64}\.(jpg|png|webp|avif|gif|bmp|tif)", path)
    assert sha256 in path


def load_reason(folder: Path, path: str, sha256: str) -> str:
    with pytest.raises(RejectedError) as caught:
        store.load(folder, path, sha256)
    return caught.value.reason


def test_i03_forty_flipped_bits(tmp_path: Path) -> None:
    path, sha256 = store.put(tmp_path, JPEG, "jpeg")
    data = bytearray(JPEG)
    for place in np.random.default_rng(3).integers(len(data) // 2, len(data) - 2, 40):
        data[place] ^= 1 << (int(place) % 8)
    (tmp_path / path).write_bytes(data)
    assert load_reason(tmp_path, path, sha256) == "hash_mismatch"


def test_i19_what_is_not_a_readable_regular_file(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "directory").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(JPEG)
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "linked_folder").symlink_to(tmp_path)
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "fifo")
    sha256 = hashlib.sha256(JPEG).hexdigest()
    began = time.perf_counter()
    for name in (
        "directory",
        "link",
        "linked_folder/secret",
        "zero",
        "loop",
        "fifo",
        "absent",
        "nul\0",
        "a" * 300,
    ):
        assert load_reason(folder, name, sha256) == "unreadable", name
    assert time.perf_counter() - began < 1


def test_i19_devices_never_block() -> None:
    with pytest.raises(RejectedError, match="not a regular file"):
        decode.read_file(Path("/dev/zero"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_i19_no_permission(tmp_path: Path) -> None:
    path, sha256 = store.put(tmp_path, JPEG, "jpeg")
    (tmp_path / path).chmod(0)
    assert load_reason(tmp_path, path, sha256) == "unreadable"


@pytest.mark.parametrize(
    ("code", "error"), [(13, RejectedError), (2, RejectedError), (24, ResourceError), (5, ResourceError)]
)
def test_i19_whose_fault_it_is(
    code: int, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("os.open", fail)
    with pytest.raises(error, match=os.strerror(code)):
        decode.read_file(tmp_path / "photo.jpg")


def test_i19_file_over_the_limit(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(101))
    with pytest.raises(RejectedError) as caught:
        decode.read_file(tmp_path / "big", max_bytes=100)
    assert caught.value.reason == "too_large"
    assert decode.read_file(tmp_path / "big", max_bytes=101) == bytes(101)


@pytest.mark.parametrize("path", ["", "../secret", "/etc/passwd", "images/../../secret"])
def test_m13_a_row_that_leads_out_of_the_folder(path: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="leads out of"):
        store.load(tmp_path, path, "0" * 64)


def test_a_file_that_comes_in_pieces_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photo.jpg").write_bytes(bytes(range(250)) * 40)
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, count: read(descriptor, min(count, 999)))
    assert decode.read_file(tmp_path / "photo.jpg") == bytes(range(250)) * 40
