"""What makes a step of training fast on a CPU: memory that is kept, and gradients by fast kernels.

Import it inside a function: it needs torch.
"""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch  # noqa: TID253  (this module is itself imported inside a function)
from torch.autograd.function import once_differentiable  # noqa: TID253
from torch.nn import functional  # noqa: TID253
from torch.overrides import TorchFunctionMode  # noqa: TID253

# Options of mallopt(3). Once one is set, glibc no longer moves its thresholds by itself, so after training they
# stay at the most that it would have moved them to.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_WITHIN = {_MMAP_MAX: 0, _TRIM_THRESHOLD: 2**31 - 1}
_AFTER = {_MMAP_MAX: 65536, _MMAP_THRESHOLD: 2**25, _TRIM_THRESHOLD: 2**26}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Within it the process keeps the memory that it frees, up to 2 GiB at the end of its heap.

    A step asks for the same large arrays as the step before. By default glibc takes each of them from the system
    anew, which must fill it with zeros. Elsewhere than on glibc nothing changes.
    """
    _set_options(_WITHIN)
    try:
        yield
    finally:
        _set_options(_AFTER)


def _set_options(options: dict[int, int]) -> None:
    """Set options of glibc's malloc, and give back what is free."""
    try:
        libc = ctypes.CDLL(None)
        set_option, trim = libc.mallopt, libc.malloc_trim
    except (AttributeError, OSError, TypeError):
        return
    for option, value in options.items():
        set_option(option, value)
    trim(0)


class DepthwiseGradients(TorchFunctionMode):
    """Within it depthwise convolutions in bfloat16 on a CPU compute the same, but their gradients faster.

    oneDNN takes 30 to 90 times as long as for the convolution itself for the gradient of the inputs where it
    strides, and for that of the weights where its kernel is wider than 3×3. They are put together from
    convolutions that it has fast kernels for.
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
        inputs.dim() == 4
        and 1 < groups == inputs.shape[1] == weights.shape[0]
        and bias is None
        and all(isinstance(each, tuple) for each in (strides, padding, dilation))
        and set(dilation) == {1}
        and (max(strides) > 1 or max(weights.shape[2:]) > 3)
        and inputs.device.type == "cpu"
        and torch.float64 not in (inputs.dtype, weights.dtype)  # autocast leaves it as it is
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
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        inputs, weights = ctx.saved_tensors
        return (
            _input_gradient(gradient, inputs, weights, ctx.strides) if ctx.needs_input_grad[0] else None,
            _weight_gradient(gradient, inputs, weights, ctx.strides) if ctx.needs_input_grad[1] else None,
            None,
        )


def _input_gradient(
    gradient: torch.Tensor, inputs: torch.Tensor, weights: torch.Tensor, strides: tuple[int, int]
) -> torch.Tensor:
    """The gradient of the inputs, from that of the outputs: zeros stand where a stride left an output out."""
    sides = [side - kernel + 1 for side, kernel in zip(inputs.shape[2:], weights.shape[2:], strict=True)]
    apart = torch.empty(
        (*gradient.shape[:2], *sides), dtype=gradient.dtype, memory_format=torch.channels_last
    ).zero_()
    apart[:, :, :: strides[0], :: strides[1]] = gradient
    return _backward(apart, inputs, weights, (1, 1), (True, False))[0]


def _weight_gradient(
    gradient: torch.Tensor, inputs: torch.Tensor, weights: torch.Tensor, strides: tuple[int, int]
) -> torch.Tensor:
    """The gradient of the weights, from that of the outputs: each part of the kernel, 3×3 at most, by itself."""
    found = torch.empty_like(weights)
    last = [(side - 1) * stride for side, stride in zip(gradient.shape[2:], strides, strict=True)]
    for top in range(0, weights.shape[2], 3):
        for left in range(0, weights.shape[3], 3):
            part = weights[:, :, top : top + 3, left : left + 3].contiguous()
            bottom, right = top + last[0] + part.shape[2], left + last[1] + part.shape[3]
            seen = inputs[:, :, top:bottom, left:right].contiguous(memory_format=torch.channels_last)
            of_part = _backward(gradient, seen, part, strides, (False, True))[1]
            found[:, :, top : top + 3, left : left + 3] = of_part
    return found


def _backward(
    gradient: torch.Tensor,
    inputs: torch.Tensor,
    weights: torch.Tensor,
    strides: tuple[int, int],
    wanted: tuple[bool, bool],
) -> tuple[torch.Tensor, torch.Tensor]:
    """PyTorch's own gradients without padding: of inputs, of weights, where they are wanted."""
    gradient = gradient.contiguous(memory_format=torch.channels_last)
    found = torch.ops.aten.convolution_backward(
        gradient, inputs, weights, None, strides, (0, 0), (1, 1), False, (0, 0), inputs.shape[1], (*wanted, False)
    )
    return cast(tuple[torch.Tensor, torch.Tensor], found[:2])
