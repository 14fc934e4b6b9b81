"""What makes a step fast on a CPU changes how long it takes, and nothing else."""

import platform
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import pytest
import torch
from torch import nn

from curate.train import cpu

BFLOAT16 = partial(torch.autocast, "cpu", dtype=torch.bfloat16)


def gradients(
    layer: nn.Module,
    inputs: torch.Tensor,
    mode: Callable[[], AbstractContextManager[object]],
    precision: Callable[[], AbstractContextManager[object]] = BFLOAT16,
    of_inputs: bool = True,
) -> tuple[str, list[torch.Tensor]]:
    """The name of the step that computes gradients; outputs, gradients of inputs and of all weights."""
    layer.zero_grad()
    inputs = inputs.detach().clone().requires_grad_(of_inputs)
    with precision(), mode():
        outputs = layer(inputs)
    weighted = outputs.float() * torch.linspace(-1, 1, outputs[0].numel()).view(outputs[0].shape)
    weighted.sum().backward()
    found = [outputs, inputs.grad, *(weight.grad for weight in layer.parameters())]
    assert outputs.grad_fn is not None
    return outputs.grad_fn.name(), [each.detach().float().clone() for each in found if each is not None]


def images(channels: int, height: int, width: int) -> torch.Tensor:
    torch.manual_seed(7)
    return torch.randn(3, channels, height, width).to(memory_format=torch.channels_last)


@pytest.mark.parametrize("size", [(13, 13), (12, 17)], ids=str)
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        (3, 2, 0),
        (3, 2, 1),
        (5, 1, 2),
        (5, 2, 0),
        (5, 2, 2),
        (7, 1, 3),
        (7, 3, 1),
        ((3, 5), (1, 2), (1, 0)),
        (2, 2, 0),
    ],
)
def test_depthwise_gradients_are_those_of_pytorch(
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: int | tuple[int, int],
    size: tuple[int, int],
) -> None:
    layer = nn.Conv2d(6, 6, kernel, stride, padding, groups=6, bias=False)
    layer.to(memory_format=torch.channels_last)
    inputs = images(6, *size)
    plain, expected = gradients(layer, inputs, nullcontext)
    quick, found = gradients(layer, inputs, cpu.DepthwiseGradients)
    assert plain != quick and "Depthwise" in quick
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert (one - other).norm() <= 0.01 * other.norm()  # bfloat16 keeps eight bits


class ByNumbers(nn.Module):
    """A network that calls the convolution itself, with numbers where layers have pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(6, 1, 5, 5))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv2d(inputs, self.weight, None, 2, 0, 1, 6)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False),  # its gradients are fast
        nn.Conv2d(6, 6, 5, padding=2, groups=6),  # has a bias
        nn.Conv2d(6, 12, 5, groups=6, bias=False),
        nn.Conv2d(6, 6, 5, groups=3, bias=False),
        nn.Conv2d(6, 6, 5, groups=6, bias=False, dilation=2),
        nn.Conv2d(6, 6, 5, groups=6, bias=False, padding="same"),
        nn.Conv2d(6, 6, 5, bias=False),
        ByNumbers(),
    ],
    ids=str,
)
def test_other_convolutions_stay_as_they_are(layer: nn.Module) -> None:
    inputs = images(6, 13, 13)
    plain, expected = gradients(layer, inputs, nullcontext)
    found_by, found = gradients(layer, inputs, cpu.DepthwiseGradients)
    assert found_by == plain and "Depthwise" not in found_by
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_full_precision_stays_as_it_is() -> None:
    layer = nn.Conv2d(6, 6, 5, 2, groups=6, bias=False)
    inputs = images(6, 13, 13)
    _, expected = gradients(layer, inputs, nullcontext, nullcontext)
    found_by, found = gradients(layer, inputs, cpu.DepthwiseGradients, nullcontext)
    assert "Depthwise" not in found_by
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("precision", [nullcontext, BFLOAT16], ids=["without", "within"])
def test_double_precision_stays_as_it_is(precision: Callable[[], AbstractContextManager[object]]) -> None:
    layer = nn.Conv2d(6, 6, 5, 2, groups=6, bias=False).double()
    inputs = images(6, 13, 13).double()
    with precision(), cpu.DepthwiseGradients():
        found = layer(inputs)
    assert found.dtype == torch.float64
    assert torch.equal(found, layer(inputs))


def test_one_image_without_a_batch_stays_as_it_is() -> None:
    layer = nn.Conv2d(6, 6, 5, 2, groups=6, bias=False)
    inputs = images(6, 6, 13)[0].contiguous()  # as high as it has channels
    plain, expected = gradients(layer, inputs, nullcontext)
    found_by, found = gradients(layer, inputs, cpu.DepthwiseGradients)
    assert found_by == plain
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("learns", ["inputs", "weights"])
def test_only_gradients_that_are_wanted_are_computed(learns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = nn.Conv2d(6, 6, 5, 2, groups=6, bias=False).requires_grad_(learns == "weights")
    inputs, of_inputs = images(6, 13, 13), learns == "inputs"
    _, expected = gradients(layer, inputs, nullcontext, of_inputs=of_inputs)
    other = "_weight_gradient" if of_inputs else "_input_gradient"
    monkeypatch.setattr(cpu, other, lambda *_: pytest.fail(f"{other} was computed"))
    quick, found = gradients(layer, inputs, cpu.DepthwiseGradients, of_inputs=of_inputs)
    assert "Depthwise" in quick and len(found) == 2
    for one, two in zip(found, expected, strict=True):
        assert (one - two).norm() <= 0.01 * two.norm()


ARRAYS = """
import resource, torch
from curate.train import cpu

def pages(values):  # that the system hands out for 60 arrays that follow each other
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(60):
        torch.empty(values).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def held():  # kB in memory
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 1024

small, large, start = pages(5_000_000), pages(20_000_000), held()
with cpu.kept_memory():
    within = pages(20_000_000)
kept = held() - start
print(small, large, within, kept, pages(5_000_000), pages(20_000_000))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_memory_is_kept_within_and_given_back_after() -> None:
    run = subprocess.run([sys.executable, "-c", ARRAYS], capture_output=True, text=True, check=True)
    small, large, within, held, small_after, large_after = map(int, run.stdout.split())
    assert 3 * within < large
    assert held < 40_000
    assert large_after > large / 2  # an array of 80 MB is the system's again
    assert small_after < large / 16  # one of 20 MB is not, as before: all 60 would be a quarter of `large`
    assert small < large / 16


def test_without_mallopt_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    with cpu.kept_memory():
        assert torch.zeros(3).sum() == 0
