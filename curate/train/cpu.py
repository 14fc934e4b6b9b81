"""What makes a step of training fast on a CPU: short numbers, memory that is kept, gradients by fast kernels.

Import it inside a function: it needs torch.
"""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

import torch  # noqa: TID253  (this module is itself imported inside a function)
from torch.autograd.function import once_differentiable  # noqa: TID253
from torch.nn import functional  # noqa: TID253
from torch.overrides import TorchFunctionMode  # noqa: TID253

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # options of mallopt(3), with the values that glibc starts with
_GLIBC_STARTS_WITH = {_TRIM_THRESHOLD: 128 * 1024, _MMAP_MAX: 65536}


def reduced_precision(device: str) -> AbstractContextManager[Any]:
    """bfloat16 where the processor has instructions for it, else nothing: emulation would be slower."""
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if device == "cuda" or capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
        return torch.autocast(device, dtype=torch.bfloat16)
    return nullcontext()


@contextmanager
def kept_memory() -> Iterator[None]:
    """Within it the process keeps the memory that it frees, and gives it back at the end.

    A step asks for the same large arrays as the step before. By default glibc takes each of them from the system
    anew, which must fill it with zeros. Elsewhere than on glibc nothing changes.
    """
    try:
        libc = ctypes.CDLL(None)
        set_option, trim = libc.mallopt, libc.malloc_trim
    except (AttributeError, OSError, TypeError):
        yield
        return
    set_option(_MMAP_MAX, 0)
    set_option(_TRIM_THRESHOLD, 2**31 - 1)
    try:
        yield
    finally:
        for option, value in _GLIBC_STARTS_WITH.items():
            set_option(option, value)
        trim(0)


class DepthwiseGradients(TorchFunctionMode):
    """Within it depthwise convolutions in bfloat16 on a CPU compute the same, but their gradients faster.

    oneDNN takes 12 to 90 times as long for these gradients as for the convolution itself where it strides or its
    kernel is wider than 3×3. Such gradients are put together from convolutions that it has fast kernels for.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func is functional.conv2d and not kwargs and len(args) == 7 and _is_slow(*args):
            inputs, weights, _, strides, (rows, columns), _, _ = args
            padded = functional.pad(inputs.bfloat16(), (columns, columns, rows, rows))
            return _Depthwise.apply(padded, weights.bfloat16(), strides)
        return func(*args, **(kwargs or {}))


def _is_slow(
    inputs: torch.Tensor, weights: torch.Tensor, bias: Any, strides: Any, padding: Any, dilation: Any, groups: int
) -> bool:
    """Is it a depthwise convolution in bfloat16 whose gradients are slow?"""
    return (
        1 < groups == inputs.shape[1] == weights.shape[0]
        and bias is None
        and all(isinstance(each, tuple) for each in (strides, padding, dilation))
        and set(dilation) == {1}
        and (max(strides) > 1 or max(weights.shape[2:]) > 3)
        and inputs.device.type == "cpu"
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == torch.bfloat16
    )


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution of padded (n, channels, h, w) with kernels of (channels, 1, rows, columns)."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, weights: torch.Tensor, strides: tuple[int, int]) -> torch.Tensor:
        ctx.save_for_backward(inputs, weights)
        ctx.strides = strides
        return torch.conv2d(inputs, weights, None, strides, 0, 1, inputs.shape[1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        inputs, weights = ctx.saved_tensors
        return (
            _of_inputs(outputs, inputs, weights, ctx.strides) if ctx.needs_input_grad[0] else None,
            _of_weights(outputs, inputs, weights, ctx.strides) if ctx.needs_input_grad[1] else None,
            None,
        )


def _of_inputs(
    outputs: torch.Tensor, inputs: torch.Tensor, weights: torch.Tensor, strides: tuple[int, int]
) -> torch.Tensor:
    """The gradient of the inputs, as if without strides: zeros stand where a stride left an output out."""
    sides = [side - kernel + 1 for side, kernel in zip(inputs.shape[2:], weights.shape[2:], strict=True)]
    apart = torch.empty(
        (*outputs.shape[:2], *sides), dtype=outputs.dtype, memory_format=torch.channels_last
    ).zero_()
    apart[:, :, :: strides[0], :: strides[1]] = outputs
    return _backward(apart, inputs, weights, (1, 1), (True, False))[0]


def _of_weights(
    outputs: torch.Tensor, inputs: torch.Tensor, weights: torch.Tensor, strides: tuple[int, int]
) -> torch.Tensor:
    """The gradient of the weights: each part of the kernel, 3×3 at most, is a convolution of its own."""
    found = torch.empty_like(weights)
    last = [(side - 1) * stride for side, stride in zip(outputs.shape[2:], strides, strict=True)]
    for top in range(0, weights.shape[2], 3):
        for left in range(0, weights.shape[3], 3):
            part = weights[:, :, top : top + 3, left : left + 3].contiguous()
            bottom, right = top + last[0] + part.shape[2], left + last[1] + part.shape[3]
            seen = inputs[:, :, top:bottom, left:right].contiguous(memory_format=torch.channels_last)
            of_part = _backward(outputs, seen, part, strides, (False, True))[1]
            found[:, :, top : top + 3, left : left + 3] = of_part
    return found


def _backward(
    outputs: torch.Tensor,
    inputs: torch.Tensor,
    weights: torch.Tensor,
    strides: tuple[int, int],
    wanted: tuple[bool, bool],
) -> tuple[torch.Tensor, torch.Tensor]:
    """PyTorch's own gradients without padding: of inputs, of weights, where they are wanted."""
    outputs = outputs.contiguous(memory_format=torch.channels_last)
    found = torch.ops.aten.convolution_backward(
        outputs, inputs, weights, None, strides, (0, 0), (1, 1), False, (0, 0), inputs.shape[1], (*wanted, False)
    )
    return cast(tuple[torch.Tensor, torch.Tensor], found[:2])
