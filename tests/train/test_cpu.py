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
) -> tuple[str, list[torch.Tensor]]:
    """The name of the step that computes gradients; outputs, gradients of inputs and of all weights."""
    layer.zero_grad()
    inputs = inputs.detach().clone().requires_grad_()
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


def test_a_frozen_layer_gets_no_gradient() -> None:
    layer = nn.Conv2d(6, 6, 5, 2, groups=6, bias=False).requires_grad_(False)
    quick, found = gradients(layer, images(6, 13, 13), cpu.DepthwiseGradients)
    assert "Depthwise" in quick
    assert len(found) == 2 and layer.weight.grad is None


ARRAYS = """
import resource, torch
from curate.train import cpu

def pages():  # that the system hands out for 60 arrays of 80 MB that follow each other
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(60):
        torch.empty(20_000_000).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def held():  # kB in memory
    return int(open("/proc/self/statm").read().split()[1]) * 4

without, start = pages(), held()
with cpu.kept_memory():
    within = pages()
print(without, within, held() - start)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_memory_is_kept_within_and_given_back_after() -> None:
    run = subprocess.run([sys.executable, "-c", ARRAYS], capture_output=True, text=True, check=True)
    without, within, held = map(int, run.stdout.split())
    assert 3 * within < without
    assert held < 40_000


def test_without_mallopt_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    with cpu.kept_memory():
        assert torch.zeros(3).sum() == 0
