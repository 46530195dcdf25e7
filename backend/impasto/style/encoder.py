"""The encoder: the convolutional part of a VGG network, seen through its named layers.

Simonyan & Zisserman 2014 (arXiv 1409.1556). Depth and widths come from the weights themselves, so VGG-16 and VGG-19 are
the same code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .convolution import convolve_frozen

_CONV = re.compile(r"conv([1-5])_([1-4])\.weight")

# Average and L2 pooling give smaller activations than max pooling on natural pictures; these factors, measured by
# Katherine Crowson for her public implementation, bring them back so that layer weights keep their meaning.
_POOL_GAIN = {"max": 1.0, "average": 2.0, "l2": 0.78}

UNIT_STD = 0.2255
"""Mean standard deviation of natural pictures' channels (0..1), the input scale that features are given in."""


class Convention(Protocol):
    """How a network wants its input: ``(rgb - mean) / std`` on sRGB values 0..1."""

    @property
    def mean(self) -> Sequence[float]:
        """Red, green, blue."""

    @property
    def std(self) -> Sequence[float]:
        """The same."""


class Encoder(nn.Module):
    """Frozen VGG features by layer name (``relu4_2`` after, ``conv4_2`` before the rectifier).

    ``weights``: ``conv1_1.weight`` (64, 3, 3, 3), ``conv1_1.bias`` (64,), ... in float32.

    Networks trained on 0..255 inputs have activations some sixty times those of networks trained on unit-variance
    inputs. Rectified convolutions are homogeneous, so dividing the input and every bias by one number divides every
    feature by it: all conventions end up in the same range, where bf16 is safe and one set of defaults serves.
    """

    mean: Tensor
    std: Tensor
    conv1_1_weight: Tensor

    def __init__(
        self, weights: Mapping[str, Tensor], convention: Convention, pooling: str = "max", dtype: torch.dtype = torch.float32
    ) -> None:
        """``dtype`` (float32 or bfloat16) is what the convolutions compute in; statistics are float32 in any case."""
        super().__init__()
        names = sorted((int(m[1]), int(m[2])) for key in weights if (m := _CONV.fullmatch(key)))
        self.layers = tuple(f"conv{block}_{index}" for block, index in names)
        self.pooling = pooling
        gain = UNIT_STD / (sum(convention.std) / 3)
        self.register_buffer("mean", torch.tensor(list(convention.mean)).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(list(convention.std)).view(1, 3, 1, 1) * gain)
        for name in self.layers:
            self.register_buffer(f"{name}_weight", weights[f"{name}.weight"].detach().to(dtype, copy=True))
            self.register_buffer(f"{name}_bias", (weights[f"{name}.bias"].detach() / gain).to(dtype))

    def forward(self, picture: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Features (1, C, H / stride, W / stride) of ``picture`` (1, 3, H, W), sRGB 0..1, for each of ``layers``.

        Nothing deeper than the deepest wanted layer is computed. Raises ``KeyError`` for a layer the network lacks.
        """
        wanted = set(layers)
        missing = wanted - self.available()
        if missing:
            raise KeyError(f"this encoder has no layer {sorted(missing)[0]}")
        features: dict[str, Tensor] = {}
        x = ((picture - self.mean) / self.std).to(self.conv1_1_weight.dtype)
        block = "1"
        for name in self.layers:
            if len(features) == len(wanted):
                break
            if name[4] != block:
                block = name[4]
                x = self._pool(x)
            x = self._convolve(x, name)
            if name in wanted:
                features[name] = x
            x = F.relu(x, inplace=name not in wanted)
            rectified = name.replace("conv", "relu")
            if rectified in wanted:
                features[rectified] = x
        return features

    @property
    def dtype(self) -> torch.dtype:
        """What the convolutions compute in."""
        return self.conv1_1_weight.dtype

    def available(self) -> set[str]:
        """Every layer name that :meth:`forward` can give."""
        return set(self.layers) | {name.replace("conv", "relu") for name in self.layers}

    def _convolve(self, x: Tensor, name: str) -> Tensor:
        weight, bias = getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias")
        if name == "conv1_1":
            # Zeros outside the picture read as a strong dark edge that the optimiser then paints along the border.
            return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias)
        return convolve_frozen(x, weight, bias)

    def _pool(self, x: Tensor) -> Tensor:
        if self.pooling == "max":
            return F.max_pool2d(x, 2)
        if self.pooling == "average":
            return F.avg_pool2d(x, 2) * _POOL_GAIN["average"]
        return F.lp_pool2d(x, 2.0, 2) * _POOL_GAIN["l2"]
