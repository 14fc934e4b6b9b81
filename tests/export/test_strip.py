"""What is removed is gone, and the image stays as it is, whatever the file."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curate.core.errors import RejectedError
from curate.export.strip import strip
from curate.photos import decode
from tests import folders
from tests.export.painted_dataset import COMMENT, GPS, with_metadata

PLAIN = folders.paint("sedan", 1)


def saved(format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(PLAIN)) as image:
        image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_exif_and_comments_go_and_the_picture_stays(format: str, orientation: int) -> None:
    data = with_metadata(PLAIN, format, orientation)
    assert GPS in data
    stripped = strip(data)
    assert stripped is not None
    assert GPS not in stripped and COMMENT not in stripped
    assert len(stripped) < len(data)
    before, after = decode.decode(data), decode.decode(stripped)
    assert (after.width, after.height) == (before.width, before.height)
    assert np.array_equal(before.pixels, after.pixels)
    with Image.open(io.BytesIO(stripped)) as image:
        image.load()
        assert image.getexif().get(0x0112, 1) == orientation
        assert set(image.getexif()) <= {0x0112}


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 4}])
def test_every_kind_of_jpeg_keeps_its_compressed_picture(options: dict[str, object]) -> None:
    data = saved("JPEG", quality=80, **options)
    stripped = strip(data)
    assert stripped is not None
    assert np.array_equal(decode.decode(data).pixels, decode.decode(stripped).pixels)
    assert strip(stripped) == stripped


def test_what_follows_the_end_of_a_jpeg_goes() -> None:
    stripped = strip(PLAIN + b"a film, another image, an unblurred thumbnail")
    assert stripped == strip(PLAIN)


def test_a_colour_profile_and_the_colour_transform_of_a_jpeg_stay() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    stripped = strip(saved("JPEG", icc_profile=profile))
    assert stripped is not None
    with Image.open(io.BytesIO(stripped)) as image:
        assert image.info["icc_profile"] == profile
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(PLAIN)) as image:
        image.convert("CMYK").save(buffer, "JPEG")
    cmyk = strip(buffer.getvalue())
    assert cmyk is not None
    assert np.array_equal(decode.decode(buffer.getvalue()).pixels, decode.decode(cmyk).pixels)


def test_text_and_time_of_a_png_go_and_transparency_stays() -> None:
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_text("Author", "somebody")
    about.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6"/>')
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(PLAIN)) as image:
        image.convert("P").save(buffer, "PNG", pnginfo=about, transparency=3)
    stripped = strip(buffer.getvalue() + b"trailing")
    assert stripped is not None
    assert b"somebody" not in stripped and b"trailing" not in stripped and b"tRNS" in stripped
    assert np.array_equal(decode.decode(buffer.getvalue()).pixels, decode.decode(stripped).pixels)
    assert decode.decode(stripped).height == 160  # the orientation that XMP told is in EXIF now


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF"])
def test_other_formats_cannot_be_stripped_losslessly(format: str) -> None:
    assert strip(saved(format)) is None


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP"]),
    st.integers(0, 2**16),
    st.binary(min_size=1, max_size=4),
    st.booleans(),
)
def test_a_damaged_file_never_ends_in_another_error(format: str, place: int, noise: bytes, cut: bool) -> None:
    data = with_metadata(PLAIN, format)
    place %= len(data)
    damaged = data[:place] if cut else data[:place] + noise + data[place + len(noise) :]
    stripped = strip(damaged)
    if stripped is not None:
        assert GPS not in stripped or place < data.find(GPS) + 64


def test_an_endless_segment_is_no_endless_loop() -> None:
    assert strip(b"\xff\xd8\xff\xe1" + struct.pack(">H", 0) + b"\x00" * 100) is None
    with pytest.raises(RejectedError):
        decode.decode(b"\xff\xd8\xff\xe1" + struct.pack(">H", 0) + b"\x00" * 100)
