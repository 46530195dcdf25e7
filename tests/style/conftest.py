"""Small networks with the encoder's shape, so that the engine's behaviour is tested in milliseconds."""

from types import SimpleNamespace

import pytest
import torch
from impasto.style import Encoder

CONVENTION = SimpleNamespace(mean=(0.485, 0.456, 0.406), std=(0.2255, 0.2255, 0.2255))
BLOCKS = (2, 2, 3, 3, 3)


def vgg_weights(channels=(6, 8, 10, 12, 12), seed=0):
    generator = torch.Generator().manual_seed(seed)
    weights, before = {}, 3
    for block, (depth, width) in enumerate(zip(BLOCKS, channels, strict=True), 1):
        for index in range(1, depth + 1):
            scale = (2 / (9 * before)) ** 0.5
            weights[f"conv{block}_{index}.weight"] = torch.randn(width, before, 3, 3, generator=generator) * scale
            weights[f"conv{block}_{index}.bias"] = torch.randn(width, generator=generator) * 0.1
            before = width
    return weights


@pytest.fixture(autouse=True)
def _always_one_thread(one_thread):
    """Every test of this folder."""


@pytest.fixture
def encoder():
    return Encoder(vgg_weights(), CONVENTION)


def smooth_noise(height, width, seed):
    """A picture with large and small forms, (1, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 5, 5, generator=generator)
    picture = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False)
    return (picture + 0.1 * torch.randn(1, 3, height, width, generator=generator)).clamp(0, 1)


@pytest.fixture
def content():
    return smooth_noise(48, 64, 1)


@pytest.fixture
def style():
    return smooth_noise(60, 50, 2)
