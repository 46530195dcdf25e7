"""The encoder against a plain torch network with the same weights, and what it does differently on purpose."""

from types import SimpleNamespace

import pytest
import torch
from impasto.style import Encoder
from torch import nn

from .conftest import BLOCKS, CONVENTION, smooth_noise, vgg_weights


def plain_network(weights):
    modules, names = [], []
    for block, depth in enumerate(BLOCKS, 1):
        for index in range(1, depth + 1):
            weight = weights[f"conv{block}_{index}.weight"]
            mode = "replicate" if block == index == 1 else "zeros"
            conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1, padding_mode=mode)
            conv.weight.data, conv.bias.data = weight, weights[f"conv{block}_{index}.bias"]
            modules += [conv, nn.ReLU()]
            names += [f"conv{block}_{index}", f"relu{block}_{index}"]
        modules.append(nn.MaxPool2d(2))
        names.append(f"pool{block}")
    return modules, names


def test_features_equal_those_of_a_plain_network(encoder):
    picture = smooth_noise(40, 52, 0)
    x = (picture - torch.tensor(CONVENTION.mean).view(1, 3, 1, 1)) / torch.tensor(CONVENTION.std).view(1, 3, 1, 1)
    wanted = ["relu1_1", "conv2_2", "relu2_2", "relu3_1", "relu4_2", "conv4_2", "relu5_1"]
    features = encoder(picture, wanted)
    assert set(features) == set(wanted)
    for module, name in zip(*plain_network(vgg_weights()), strict=True):
        x = module(x)
        if name in wanted:
            torch.testing.assert_close(features[name], x, rtol=1e-4, atol=1e-5)


def test_networks_for_0_to_255_and_for_unit_variance_give_features_in_one_range():
    weights = vgg_weights()
    loud = {name: value * 57.5025 if name.endswith("bias") else value for name, value in weights.items()}
    picture = smooth_noise(32, 32, 0)
    unit = Encoder(weights, CONVENTION)(picture, ["relu4_2"])["relu4_2"]
    caffe = Encoder(loud, SimpleNamespace(mean=CONVENTION.mean, std=(1 / 255,) * 3))(picture, ["relu4_2"])["relu4_2"]
    torch.testing.assert_close(caffe, unit, rtol=1e-3, atol=1e-4)


def test_a_flat_picture_has_no_border_in_the_first_layer(encoder):
    features = encoder(torch.full((1, 3, 24, 24), 0.7), ["conv1_1"])["conv1_1"]
    assert (features - features[..., :1, :1]).abs().max() < 1e-5


def test_nothing_deeper_than_asked_is_computed():
    weights = {name: value for name, value in vgg_weights().items() if name[4] in "12"}
    shallow = Encoder(weights, CONVENTION)
    assert set(shallow(torch.rand(1, 3, 16, 16), ["relu2_1"])) == {"relu2_1"}
    with pytest.raises(KeyError, match="relu3_1"):
        shallow(torch.rand(1, 3, 16, 16), ["relu3_1"])


@pytest.mark.parametrize("pooling", ["max", "average", "l2"])
def test_pooling_keeps_the_size_of_activations(pooling):
    features = Encoder(vgg_weights(), CONVENTION, pooling)(smooth_noise(64, 64, 0), ["relu3_1"])["relu3_1"]
    reference = Encoder(vgg_weights(), CONVENTION, "max")(smooth_noise(64, 64, 0), ["relu3_1"])["relu3_1"]
    assert torch.isfinite(features).all()
    assert 0.2 < (features.mean() / reference.mean()).item() < 5


def test_bf16_features_are_close_to_fp32(encoder):
    picture = smooth_noise(48, 48, 0)
    full = encoder(picture, ["relu4_2"])["relu4_2"]
    half = Encoder(vgg_weights(), CONVENTION, dtype=torch.bfloat16)(picture, ["relu4_2"])["relu4_2"]
    assert half.dtype == torch.bfloat16
    assert ((half.float() - full).norm() / full.norm()).item() < 0.03
