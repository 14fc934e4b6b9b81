"""Walking a container: linear in time, bounded by the data, and right about what it reads."""

import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.core.errors import RejectedError
from curate.core.schemas import REASONS
from curate.photos import headers

MAGICS = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\xff\xff\x00\x00WEBP",
    b"\0\0\0\x14ftypavif\0\0\0\0avif",
    b"II*\0",
    b"MM\0*",
    b"BM",
]


@given(st.sampled_from(MAGICS), st.binary(max_size=300))
@settings(deadline=None, max_examples=500)
def test_any_bytes_end_in_a_header_or_a_reason(magic: bytes, rest: bytes) -> None:
    try:
        header = headers.read(magic + rest)
    except RejectedError as error:
        assert error.reason in REASONS["fetch"]
    else:
        assert header.frames >= 1 and 1 <= header.orientation <= 8


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xd8" + b"\xff" * 8_000_000, id="jpeg-of-fill-bytes"),
        pytest.param(b"\xff\xd8\xff\x00" * 2_000_000, id="jpeg-of-stuffed-bytes"),
        pytest.param(b"\xff\xd8\xff" + b"\xe0\x00\x00\xff" * 2_000_000, id="jpeg-of-empty-segments"),
        pytest.param(b"\xff\xd8" + b"\xff\xc4\x00\x02" * 2_000_000, id="jpeg-of-tables"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + (bytes(4) + b"IDAT" + bytes(4)) * 600_000, id="png-of-empty-data"),
        pytest.param(
            b"GIF89a" + bytes(7) + b"\x2c" + bytes(9) + b"\x02" + b"\x01\x00" * 4_000_000, id="gif-of-blocks"
        ),
        pytest.param(b"GIF89a" + bytes(7) + b"\x21\xf9\x00" * 2_000_000, id="gif-of-controls"),
        pytest.param(
            b"RIFF" + struct.pack("<I", 8_000_004) + b"WEBP" + b"ANMF\0\0\0\0" * 1_000_000, id="webp-of-frames"
        ),
        pytest.param(b"\0\0\0\x10ftypavif\0\0\0\0" + b"\0\0\0\x08free" * 1_000_000, id="avif-of-boxes"),
        pytest.param(b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\0" + b"II*\0" * 5_000_000, id="avif-of-directories"),
        pytest.param(b"II*\0\x08\0\0\0\xff\xff" + b"\x01\x00\x07\x00\0\0\0\0\0\0\0\0" * 70_000, id="tiff-of-tags"),
        pytest.param(b"<svg " + b"<!-- -->" * 1_000_000, id="svg"),
        pytest.param(b"<?xml " + b"<!--" * 2_000_000, id="comments-that-never-end"),
    ],
)
def test_no_file_takes_long(data: bytes) -> None:
    began = time.process_time()
    try:
        headers.read(data)
    except RejectedError as error:
        assert error.reason in REASONS["fetch"]
    assert time.process_time() - began < 4


def test_orientation_prefers_exif_over_xmp() -> None:
    def exif(value: int) -> bytes:
        return b"II*\0\x08\0\0\0" + struct.pack("<HHHLHH", 1, 0x0112, 3, 1, value, 0)

    xmp = b"<rdf:Description><tiff:Orientation>8</tiff:Orientation>"
    assert headers.orientation(exif(6), xmp) == 6
    assert headers.orientation(b"Exif\0\0" + exif(6)) == 6
    assert headers.orientation(exif(0), xmp) == 1  # a camera that wrote nonsense is not second-guessed
    assert headers.orientation(b"", xmp) == 8
    assert headers.orientation(b"", b"tiff:Orientation='3'") == 3
    assert headers.orientation(b"", b'tiff:Orientation="12345678901234567890"') == 1
    assert headers.orientation(b"") == 1


def test_directory_reads_both_byte_orders_and_both_widths() -> None:
    little = b"II*\0\x08\0\0\0" + struct.pack("<HHHLHHHHLL", 2, 1, 3, 1, 500, 0, 2, 4, 1, 70_000)
    big = b"MM\0*\0\0\0\x08" + struct.pack(">HHHLHHHHLL", 2, 1, 3, 1, 500, 0, 2, 4, 1, 70_000)
    assert headers.directory(little) == headers.directory(big) == {1: 500, 2: 70_000}
    assert headers.directory(b"XX" + little[2:]) == {}
    assert headers.directory(little[:-1]) == {1: 500}


def test_a_directory_may_not_claim_more_than_a_photo_carries() -> None:
    def overlapping(entries: int) -> bytes:
        return (
            struct.pack("<2sHLH", b"II", 42, 8, entries)
            + b"".join(struct.pack("<HHLL", tag, 7, 50_000, 0) for tag in range(entries))
            + bytes(60_000)
        )

    assert len(headers.directory(overlapping(150))) == 150
    with pytest.raises(RejectedError, match="metadata_bomb"):
        headers.directory(overlapping(200))


def jpeg_of(frame: int, components: int, scans: list[int]) -> bytes:
    """A JPEG without a picture: one frame, and a scan for each number of components."""
    data = b"\xff\xd8\xff" + bytes([frame]) + struct.pack(">HBHHB", 8, 8, 8, 8, components)
    for scanned in scans:
        data += b"\xff\xda\x00\x03" + bytes([scanned]) + b"entropy\xff\x00coded"
    return data + b"\xff\xd9"


def test_scans_are_counted_where_they_repaint() -> None:
    assert headers.read(jpeg_of(0xC0, 3, [3])).scans == 1
    assert headers.read(jpeg_of(0xC0, 3, [1, 1, 1])).scans == 3
    assert headers.read(jpeg_of(0xC2, 3, [3, 1, 1, 1, 3])).scans == 5
    assert headers.read(jpeg_of(0xC2, 3, [3, 1]) + jpeg_of(0xC2, 3, [3] * 9)).scans == 2
