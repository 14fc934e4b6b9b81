"""The reference network, and what of it is written to disk."""

import numpy as np
import pytest
import torch

from curate.train import networks

SMALL = {"classes": ["a", "b"], "image_size": 46, "dropout": 0.0, "batch_norm": False}


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("classes", "batch_norm", "count"),
    [(2, False, 3_453_121), (3, False, 3_454_147), (2, True, 3_453_121 + 2 * (32 + 64 + 128 + 128))],
)
def test_it_has_as_many_parameters_as_the_original(classes: int, batch_norm: bool, count: int) -> None:
    network = networks.reference_cnn([str(n) for n in range(classes)], batch_norm=batch_norm)
    assert parameters(network) == count
    assert network(torch.zeros(2, 3, 150, 150)).shape == (2, 1 if classes == 2 else classes)


def test_dropout_adds_no_parameter_and_is_off_when_predicting() -> None:
    network = networks.reference_cnn(["a", "b"], 46, dropout=0.5)
    assert parameters(network) == parameters(networks.reference_cnn(["a", "b"], 46))
    pixels = np.random.default_rng(1).integers(0, 256, (3, 46, 46, 3), dtype=np.uint8)
    assert np.array_equal(networks.predict(network, pixels), networks.predict(network, pixels))


def test_the_seed_decides_the_weights_and_nothing_else_does() -> None:
    torch.manual_seed(1)
    first = networks.weights_sha256(networks.reference_cnn(["a", "b"], 46, seed=3).state_dict())
    torch.manual_seed(2)
    drawn = torch.rand(1)
    torch.manual_seed(2)
    assert networks.weights_sha256(networks.reference_cnn(["a", "b"], 46, seed=3).state_dict()) == first
    assert torch.equal(torch.rand(1), drawn)
    assert networks.weights_sha256(networks.reference_cnn(["a", "b"], 46, seed=4).state_dict()) != first


def test_pixels_become_minus_one_to_one() -> None:
    pixels = np.array([0, 51, 255], np.uint8).reshape(1, 1, 1, 3)
    assert networks.to_input(pixels).flatten().tolist() == pytest.approx([-1.0, -0.6, 1.0])
    assert networks.to_input(np.zeros((2, 5, 4, 3), np.uint8)).shape == (2, 3, 5, 4)


def test_probabilities_of_one_logit_and_of_many() -> None:
    one = networks.probabilities(torch.tensor([[0.0], [np.log(3)]]))
    assert one == pytest.approx(np.array([[0.5, 0.5], [0.25, 0.75]]))
    many = networks.probabilities(torch.log(torch.tensor([[1.0, 2.0, 5.0]])))
    assert many == pytest.approx(np.array([[0.125, 0.25, 0.625]]))


def test_d10_batch_size_does_not_change_a_prediction() -> None:
    network = networks.reference_cnn(["a", "b"], 46)
    pixels = np.random.default_rng(2).integers(0, 256, (9, 46, 46, 3), dtype=np.uint8)
    assert (
        np.abs(
            networks.predict(network, pixels, batch_size=1) - networks.predict(network, pixels, batch_size=9)
        ).max()
        < 1e-5
    )
    assert networks.predict(network, pixels[:0]).shape[0] == 0
