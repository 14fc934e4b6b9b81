"""A torch module as an ONNX graph, for networks that run in ONNX Runtime."""

import io
import warnings
from typing import Any


def export(module: Any, side: int, output: str = "embedding") -> bytes:
    """The graph of a module from (n, side, side, 3) uint8 `pixels` to (n, d) float32 `output`, for any n."""
    import torch

    buffer = io.BytesIO()
    fast = torch.backends.mha.get_fastpath_enabled()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter announces its successor, which needs one more package
        torch.backends.mha.set_fastpath_enabled(False)  # fused attention has no ONNX operator
        try:
            torch.onnx.export(
                module,
                (torch.zeros(2, side, side, 3, dtype=torch.uint8),),
                buffer,  # type: ignore[arg-type]
                input_names=["pixels"],
                output_names=[output],
                dynamic_axes={"pixels": {0: "n"}, output: {0: "n"}},
                dynamo=False,
            )
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
    return buffer.getvalue()
