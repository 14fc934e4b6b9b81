"""What dedup remembers, and how little it trusts that."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from curate.core import manifest
from curate.core.errors import StateError
from curate.core.schemas import FetchRow
from curate.dedup import fingerprint_cache, fingerprints, phash
from curate.photos import decode
from curate.photos import store as photo_store
from tests.scenes import jpeg, scene, store


@pytest.mark.parametrize("colour", ["white", "black", "grey"])
@pytest.mark.parametrize("width", [8, 20])
def test_a_plain_frame_is_seen_after_jpeg(colour: str, width: int) -> None:
    framed = ImageOps.expand(scene(1), width, fill=colour)
    decoded = np.asarray(decode.decode(jpeg(framed, 60)).pixels)
    top, bottom, left, right = fingerprints.frame(np.asarray(Image.fromarray(decoded).convert("L")))
    assert abs(top - width) <= 2
    assert abs(left - width) <= 2
    assert abs(framed.height - bottom - width) <= 2
    assert abs(framed.width - right - width) <= 2


def test_a_studio_wall_is_no_frame() -> None:
    studio = Image.new("RGB", (300, 200), "white")
    studio.paste(
        Image.effect_noise((160, 90), 80),
        (70, 60),
        Image.radial_gradient("L").resize((160, 90)).point(lambda value: 255 * (value < 120)),
    )
    assert fingerprints.frame(np.asarray(studio.convert("L"))) == (0, 200, 0, 300)


def test_a_frame_is_seen_where_the_image_begins_in_its_colour() -> None:
    image = scene(5)
    ImageDraw.Draw(image).polygon(((0, 0), (320, 0), (0, 220)), fill="white")
    grey = np.asarray(ImageOps.expand(image, 15, fill="white").convert("L"))
    assert fingerprints.frame(grey) == (16, 234, 16, 334)


def test_a_plain_image_has_no_frame() -> None:
    assert fingerprints.frame(np.full((60, 80), 200, np.uint8)) == (0, 60, 0, 80)


@pytest.mark.parametrize("shape", [(8, 80), (80, 8), (15, 150), (16, 160), (17, 90), (1, 1), (3, 3)])
def test_a_thin_image_has_a_fingerprint(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 255, np.uint8)
    middle = shape[0] // 2
    pixels[middle - 1 : middle + 1] = np.random.default_rng(0).integers(
        0, 200, (*pixels[middle - 1 : middle + 1].shape,)
    )
    for turned in (pixels, np.ascontiguousarray(pixels.swapaxes(0, 1))):
        top, bottom, left, right = fingerprints.of_pixels(turned)["box"][0]
        assert 0 <= top < bottom <= 1 and 0 <= left < right <= 1


def test_only_new_files_are_decoded_and_equal_bytes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    read = photo_store.read

    def counting(folder: Path, path: str, sha256: str) -> bytes:
        opened.append(sha256)
        return read(folder, path, sha256)

    monkeypatch.setattr(photo_store, "read", counting)
    rows = store(tmp_path, [(n, jpeg(scene(n % 3)), "hatch") for n in range(5)])
    photos = {row.sha256: row.path for row in rows}
    first, *_ = fingerprint_cache.collect(tmp_path, photos)
    assert sorted(opened) == sorted(photos)
    assert len(opened) == 3
    more = store(tmp_path, [(n, jpeg(scene(n % 4)), "hatch") for n in range(6)])
    opened.clear()
    grown, *_ = fingerprint_cache.collect(tmp_path, {row.sha256: row.path for row in more})
    assert len(opened) == 1
    (tmp_path / fingerprint_cache.NAME).unlink()
    scratch, *_ = fingerprint_cache.collect(tmp_path, {row.sha256: row.path for row in more})
    assert grown.tobytes() == scratch.tobytes()
    assert set(first["sha256"]) < set(grown["sha256"])


def test_a_file_that_is_gone_or_was_cut_is_not_remembered(tmp_path: Path) -> None:
    rows = store(tmp_path, [(n, jpeg(scene(n)), "hatch") for n in range(3)])
    photos = {row.sha256: row.path for row in rows}
    fingerprint_cache.collect(tmp_path, photos)
    (tmp_path / rows[0].path).unlink()
    cut = tmp_path / rows[1].path
    cut.write_bytes(cut.read_bytes()[:-9])
    prints, refused, _ = fingerprint_cache.collect(tmp_path, photos)
    assert refused == {rows[0].sha256: "unreadable", rows[1].sha256: "hash_mismatch"}
    assert prints["sha256"].tolist() == [rows[2].sha256.encode()]
    (tmp_path / fingerprint_cache.NAME).unlink()
    assert fingerprint_cache.collect(tmp_path, photos)[1] == refused


def test_a_file_that_was_written_to_is_not_remembered(tmp_path: Path) -> None:
    rows = store(tmp_path, [(n, jpeg(scene(n)), "hatch") for n in range(3)])
    photos = {row.sha256: row.path for row in rows}
    fingerprint_cache.collect(tmp_path, photos)
    flipped, linked = tmp_path / rows[0].path, tmp_path / rows[1].path
    data = flipped.read_bytes()
    flipped.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))  # of the same size
    outside = tmp_path.parent / f"{tmp_path.name}-outside.jpg"
    outside.write_bytes(linked.read_bytes())
    linked.unlink()
    linked.symlink_to(outside)
    _, refused, _ = fingerprint_cache.collect(tmp_path, photos)
    assert refused == {rows[0].sha256: "hash_mismatch", rows[1].sha256: "unreadable"}
    with pytest.raises(StateError, match="leads out of"):
        fingerprint_cache.collect(tmp_path, {rows[2].sha256: f"../{outside.name}"})


def test_what_is_remembered_but_not_asked_for_is_left_out(tmp_path: Path) -> None:
    rows = store(tmp_path, [(n, jpeg(scene(n)), "hatch") for n in range(3)])
    fingerprint_cache.collect(tmp_path, {row.sha256: row.path for row in rows[:2]})
    (tmp_path / rows[2].path).write_bytes(b"")
    prints, refused, _ = fingerprint_cache.collect(tmp_path, {row.sha256: row.path for row in rows[1:]})
    assert prints["sha256"].tolist() == [rows[1].sha256.encode()]
    assert list(refused) == [rows[2].sha256]


def test_other_packages_make_other_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = store(tmp_path, [(1, jpeg(scene(1)), "hatch")])
    photos = {row.sha256: row.path for row in rows}
    fingerprint_cache.collect(tmp_path, photos)
    monkeypatch.setattr(fingerprint_cache, "version", lambda name: "99" if name == "simplejpeg" else "1")
    before = (tmp_path / fingerprint_cache.NAME).read_bytes()
    fingerprint_cache.collect(tmp_path, photos)
    assert (tmp_path / fingerprint_cache.NAME).read_bytes() != before


def test_a_frame_and_its_inside_stay_together(tmp_path: Path) -> None:
    images = [ImageOps.expand(scene(n), 15 * (n % 2), fill="white") for n in range(40)]
    rows = store(tmp_path, [(n, jpeg(image), "hatch") for n, image in enumerate(images)])
    fingerprint_cache.collect(tmp_path, {row.sha256: row.path for row in rows[:20]})
    prints, *_ = fingerprint_cache.collect(tmp_path, {row.sha256: row.path for row in rows})
    assert len(prints) == 60  # so many that a sort may change the order of equals
    assert prints["sha256"][prints["inner"]].tolist() == prints["sha256"][:-1][prints["inner"][1:]].tolist()
    order = np.array([4, 0, 5, 2])
    taken = fingerprints.take(prints, order)
    names = prints["sha256"][fingerprints.wholes(prints)]
    assert taken["sha256"].tolist() == names[order][fingerprints.owners(taken)].tolist()
    assert not taken["inner"][fingerprints.wholes(taken)].any()
    framed = fingerprints.content(prints[fingerprints.wholes(prints)]) < 1
    assert len(taken) == 4 + framed[order].sum()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut"),
        pytest.param(lambda data: data[:-1] + bytes([data[-1] ^ 1]), id="one-bit"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data.replace(b"fingerprints 8", b"fingerprints 7"), id="other-version"),
        pytest.param(lambda data: b"\x80" * 5000, id="nonsense"),
    ],
)
def test_a_damaged_store_is_made_anew(tmp_path: Path, damage: object) -> None:
    rows = store(tmp_path, [(n, jpeg(scene(n)), "hatch") for n in range(3)])
    photos = {row.sha256: row.path for row in rows}
    prints, *_ = fingerprint_cache.collect(tmp_path, photos)
    path = tmp_path / fingerprint_cache.NAME
    good = path.read_bytes()
    path.write_bytes(damage(good))  # type: ignore[operator]
    again, *_ = fingerprint_cache.collect(tmp_path, photos)
    assert again.tobytes() == prints.tobytes()
    assert path.read_bytes() == good


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_hash_alone_is_that_of_the_record_but_for_the_rounding_of_colours(tmp_path: Path, suffix: str) -> None:
    for seed in range(8):
        target = tmp_path / f"{seed}.{suffix}"
        scene(seed, 640, 440).save(target)
        record = fingerprints.of_pixels(decode.decode(target.read_bytes(), fingerprints.AT_LEAST).pixels)[0]
        alone = np.array(fingerprints.hash_file(target), np.uint64)
        apart = phash.distance(alone, np.array([record["phash"], record["mirror"]]))
        assert apart.max() <= (2 if suffix == "jpg" else 0)


def test_a_hash_alone_needs_no_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene(1, 640, 440).save(tmp_path / "1.jpg")
    monkeypatch.setattr("cv2.cvtColor", None)
    assert all(fingerprints.hash_file(tmp_path / "1.jpg"))


def test_a_plain_road_is_no_frame_that_makes_a_photo_smaller() -> None:
    prints = np.zeros(3, fingerprints.FINGERPRINT)
    prints["box"] = [[0, 0.8, 0, 1], [0.1, 0.9, 0, 1], [0.1, 0.9, 0.1, 0.9]]  # a road, bars, a frame
    assert fingerprints.content(prints).tolist() == pytest.approx([1, 0.8, 0.64])


def test_what_was_hashed_before_ctrl_c_is_not_hashed_again(tmp_path: Path) -> None:
    store(tmp_path, [(number, jpeg(scene(number)), "hatch") for number in range(5)])
    photos = {row.sha256: row.path for row in manifest.read(tmp_path, FetchRow)}
    seen: list[object] = []

    def interrupted(fn: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        for item in items:
            if len(seen) == 3:
                raise KeyboardInterrupt
            seen.append(item)
            yield fn(item)

    with pytest.raises(KeyboardInterrupt):
        fingerprint_cache.collect(tmp_path, photos, interrupted)
    again: list[object] = []
    prints, refused, _ = fingerprint_cache.collect(
        tmp_path, photos, lambda fn, items: map(fn, noted(items, again))
    )
    assert (len(again), len(fingerprints.wholes(prints)), refused) == (2, 5, {})


def noted(items: Iterable[Any], seen: list[Any]) -> Iterator[Any]:
    for item in items:
        seen.append(item)
        yield item


def test_many_images_are_told_to_be_toned_as_each_is_alone() -> None:
    random = np.random.default_rng(7)
    grey = random.integers(0, 256, (600, fingerprints.COLOUR_SIDE, fingerprints.COLOUR_SIDE, 1))
    hues, noise = random.normal(size=(600, 1, 1, 3)), random.normal(size=(*grey.shape[:3], 3))
    prints = np.zeros(600, fingerprints.FINGERPRINT)
    much = np.linspace(0, 8, 600)[:, None, None, None]
    prints["colour"] = np.clip(grey + grey / 255 * 40 * hues + much * noise, 0, 255)
    alone = [fingerprints.is_toned(one.reshape(-1, 3).astype(np.float32)) for one in prints["colour"]]
    assert 100 < sum(alone) < 500
    assert fingerprints.colourless(prints).tolist() == alone
